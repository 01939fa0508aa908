import { encodeToken } from '@hangar/macaroon';
import { Alert, Button, Code, Group, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { LeakView, LeakWish } from '../../wire.d.ts';
import { change } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { Failure } from '../parts/Failure.tsx';
import { readPasted } from '../tokens/paste.ts';
import { PasteBox } from './PasteBox.tsx';

/** A text that was found where it does not belong: its branch ends, whoever reports it. */
export function ReportLeak() {
  const viewer = useViewer();
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const read = text.trim() === '' ? undefined : readPasted(text);
  // What is sent is what was understood: no quotes, no name of a variable, no discharges.
  const token = read?.ok === true && read.value.permits ? read.value.tokens.map(encodeToken).join(',') : '';
  const report = useMutation({
    mutationFn: async () => {
      const wish: LeakWish = {
        token,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      };
      return await change<LeakView>('/api/tokens/report', viewer.csrfToken, wish);
    },
    onSuccess: () => setText(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    report.mutate();
  };
  return (
    <Paper component="section" className="panel" withBorder p="lg" aria-label="Report a leak">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            Found a token of this Hangar in a log, a chat or a repository? Paste it. That text stops working,
            and so does everything narrowed from it. If it was itself narrowed from another token, that one
            and its other children go on working; to end those too, revoke the token in the list.
          </Text>
          <PasteBox
            label="The text you found"
            description="Unlike on the other tab, this text is sent to this Hangar: that is what ends it."
            value={text}
            onChange={(next) => {
              setText(next);
              if (next !== '') report.reset();
            }}
          />
          {read?.ok === false && (
            <Alert color="orange" title="This is not a whole token">
              <Text size="sm">{read.reason.sentence}</Text>
              <Code mt="xs">{read.reason.code}</Code>
            </Alert>
          )}
          <TextInput
            label="Where it was"
            description="Kept with the revocation; may be left empty"
            placeholder="public build log of 12 May"
            maxLength={500}
            autoComplete="off"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {report.isError && <Failure error={report.error} what="It was not revoked" />}
          {report.data !== undefined && (
            <Alert color="teal" title="It works no more" role="status">
              <Text size="sm">
                That copy of token <Code>{report.data.id}</Code> is refused from now on.
              </Text>
            </Alert>
          )}
          <Group justify="flex-end">
            <Button type="submit" color="red.8" loading={report.isPending} disabled={token === ''}>
              Send it and end this copy
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
