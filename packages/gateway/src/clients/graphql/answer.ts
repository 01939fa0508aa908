import { HangarError } from '@hangar/http';
import type { Answer } from '../../answer/respond.ts';
import type { Exchange } from '../../upstream/exchange.ts';
import { Asking } from '../asking.ts';
import type { Clients } from '../clients.ts';

/** `POST /graphql`. No document goes upstream: each field that is asked for is asked of the gateway itself. */
export async function answerGraphql(exchange: Exchange, { own, graphql }: Clients): Promise<Answer> {
  const executor = await graphql();
  const answer = await executor.answer(exchange.whole.json(), new Asking(exchange, own));
  if (!answer) throw new HangarError('bad_request', { public: 'the body is not {"query": …}' });
  return { status: 200, json: answer };
}
