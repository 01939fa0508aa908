import { createGraphqlExecutor, GraphQLError, questionOf, type ExecutionResult } from '@hangar/flyio/graphql';
import { asHangarError, HangarError } from '@hangar/http';
import type { Asking } from '../asking.ts';
import { mutations } from './operations/mutations.ts';
import { queries } from './operations/queries.ts';
import { isLonger } from './length.ts';
import { SCHEMA_TEXT } from './schema.ts';

/** Longest answer, as of the Machines API: 16 MiB. What a document asks for by many names is told as often. */
const MOST_CHARACTERS = 16_777_216;

/** Answers the documents that clients of api.fly.io send. */
export interface Executor {
  /** Undefined for a body that holds no document. */
  answer(body: unknown, asking: Asking): Promise<ExecutionResult | undefined>;
}

/** Creates the executor. A refusal is a part of the answer, in the gateway's own words, as GraphQL has it. */
export function createExecutor(): Executor {
  const executor = createGraphqlExecutor({
    schemaText: SCHEMA_TEXT,
    introspection: false,
    unknownField: (type, field) => `${type}.${field} is not offered through the gateway`,
  });
  return {
    async answer(body, asking) {
      const question = questionOf(body);
      if (!question) return undefined;
      const answer = await executor.answer(question, (fields) => {
        asking.expect(fields);
        return { ...queries(asking), ...mutations(asking) };
      });
      const { data, errors } = answer;
      if (isLonger({ data, errors: errors?.map(({ message }) => message) }, MOST_CHARACTERS))
        throw new HangarError('invalid', {
          public: `the answer would be longer than ${MOST_CHARACTERS} characters`,
        });
      return errors ? { ...answer, errors: errors.map((error) => spoken(error, asking)) } : answer;
    },
  };
}

/** Clients know an app that is not there by these words (docs/specs/platform.md#words-that-clients-look-for). */
const NO_APP = 'Could not find App';

function spoken(error: GraphQLError, asking: Asking): GraphQLError {
  const { originalError, path, nodes } = error;
  if (!originalError || originalError instanceof GraphQLError) return error;
  const failure = asHangarError(originalError);
  // A refusal was told where it was made.
  if (!(originalError instanceof HangarError)) asking.exchange.whole.door.onError?.(failure);
  const message = failure.sentence === 'app not found' ? NO_APP : failure.sentence;
  return new GraphQLError(message, {
    ...(path ? { path } : {}),
    ...(nodes ? { nodes } : {}),
    extensions: { code: failure.code },
  });
}
