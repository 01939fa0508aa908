import { ActionIcon, Code, CopyButton, Group, Tooltip } from '@mantine/core';

/** A shell command that can be copied. */
export function Command({ text }: { readonly text: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Code block className="command" flex={1}>
        {text}
      </Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'} withArrow>
            <ActionIcon
              variant="default"
              size="lg"
              aria-label={copied ? 'Copied' : 'Copy the command'}
              onClick={copy}
            >
              <CopyMark done={copied} />
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

function CopyMark({ done }: { readonly done: boolean }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      {done ? (
        <path d="M3 8.5 6.5 12 13 4.5" />
      ) : (
        <>
          <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
          <path d="M10.5 3.5a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1" />
        </>
      )}
    </svg>
  );
}
