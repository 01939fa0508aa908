import { createGraphqlExecutor, questionOf, type ExecutionResult } from '@hangar/flyio/graphql';
import { GraphQLError } from 'graphql';
import { Refusal } from '../machines/request/refusal.ts';
import { addOnOperations } from './operations/add-ons.ts';
import { addressOperations } from './operations/addresses.ts';
import { appOperations } from './operations/apps.ts';
import { peopleOperations } from './operations/people.ts';
import { platformOperations } from './operations/platform.ts';
import { secretOperations } from './operations/secrets.ts';
import { tokenOperations } from './operations/tokens.ts';
import { wireGuardOperations } from './operations/wireguard.ts';
import type { Asked } from './asked.ts';
import { createNodes } from './nodes/nodes.ts';
import { SCHEMA_TEXT } from './schema.ts';

/** Answers documents. It is made at the first one: parsing the schema is most of what a start would cost. */
export interface Executor {
  /** Undefined for a body that holds no document. */
  answer(asked: Asked, body: unknown): Promise<ExecutionResult | undefined>;
}

/** Creates the executor. A failure inside is a part of the answer, as GraphQL has it. */
export function createExecutor(): Executor {
  const executor = createGraphqlExecutor({ schemaText: SCHEMA_TEXT });
  return {
    async answer(asked, body) {
      const question = questionOf(body);
      if (!question) return undefined;
      const answer = await executor.answer(question, () => operationsOf(asked));
      if (!answer.errors) return answer;
      return { ...answer, errors: answer.errors.map((error) => spoken(asked, error)) };
    },
  };
}

/** The resolvers of one request: a member that is a function is asked with its arguments. */
function operationsOf(asked: Asked) {
  const nodes = createNodes(asked);
  return {
    ...peopleOperations(asked, nodes),
    ...appOperations(asked, nodes),
    ...addressOperations(asked, nodes),
    ...secretOperations(asked, nodes),
    ...tokenOperations(asked, nodes),
    ...platformOperations(asked),
    ...addOnOperations(asked, nodes),
    ...wireGuardOperations(),
  };
}

/** A refusal is for the client. Anything else that was thrown is a defect of the simulator, and nobody's business there. */
function spoken({ simulation }: Asked, error: GraphQLError): GraphQLError {
  const { originalError } = error;
  if (!originalError || originalError instanceof GraphQLError || originalError instanceof Refusal)
    return error;
  simulation.settings.onError(originalError);
  return new GraphQLError('Internal server error', { path: error.path });
}
