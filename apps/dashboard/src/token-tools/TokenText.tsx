import { Button, Code, CopyButton, Group, Text } from '@mantine/core';

interface TokenTextProps {
  readonly text: string;
  readonly label: string;
}

/** A token to take away. Its length and its end tell whether all of it arrived. */
export function TokenText({ text, label }: TokenTextProps) {
  return (
    <div>
      <Code block className="token-text" aria-label={label} tabIndex={0}>
        {text}
      </Code>
      <Group justify="space-between" mt="xs" gap="sm">
        <Text size="xs" c="dimmed">
          {text.length} characters, ends with …{text.replaceAll('=', '').slice(-4)}
        </Text>
        <CopyButton value={text} timeout={3000}>
          {({ copied, copy }) => (
            <Button size="xs" onClick={copy} color={copied ? 'teal.9' : 'indigo'} aria-live="polite">
              {copied ? 'Copied' : 'Copy the token'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </div>
  );
}
