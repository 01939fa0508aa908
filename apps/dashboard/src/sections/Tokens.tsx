import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { tokensQuestion } from '../api/questions.ts';
import { Panel } from '../parts/Panel.tsx';
import { TokenTable } from '../parts/TokenTable.tsx';

interface TokensProps {
  readonly extensionId: string;
  readonly mayAct: boolean;
}

/** The newest tokens that were minted for one extension. Their text is never here: it was shown once. */
export function Tokens({ extensionId, mayAct }: TokensProps) {
  return (
    <>
      <Panel
        title="Tokens"
        question={tokensQuestion(extensionId)}
        isEmpty={({ items }) => items.length === 0}
        empty="No token was minted for this extension."
      >
        {({ items, next }) => (
          <>
            <TokenTable extensionId={extensionId} mayAct={mayAct} items={items} />
            <Text size="sm" px="lg" py="sm" className="more">
              <Anchor
                size="sm"
                renderRoot={(props) => <Link to="/tokens" search={{ extension: extensionId }} {...props} />}
              >
                {next === null ? 'Mint, narrow or report a token' : 'Older ones, and to mint or narrow one'} →
              </Anchor>
            </Text>
          </>
        )}
      </Panel>
    </>
  );
}
