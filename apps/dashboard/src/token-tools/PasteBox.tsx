import { Textarea } from '@mantine/core';

interface PasteBoxProps {
  readonly label: string;
  readonly description: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

/** Where a token is pasted. Nothing that a browser would remember, correct or send to a spelling service. */
export function PasteBox({ label, description, value, onChange }: PasteBoxProps) {
  return (
    <Textarea
      label={label}
      description={description}
      placeholder="fm2_lJPE…  or  FlyV1 fm2_…,fm2_…"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      minRows={3}
      maxRows={8}
      autosize
      spellCheck={false}
      autoComplete="off"
      autoCorrect="off"
      autoCapitalize="off"
      data-gramm="false"
      data-1p-ignore
      data-lpignore="true"
      classNames={{ input: 'token-input' }}
    />
  );
}
