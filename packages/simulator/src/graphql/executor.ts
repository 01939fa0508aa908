import {
  buildSchema,
  execute,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
} from 'graphql';
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

/** flyctl has some sixty documents; a stranger's thousandth must not stay. */
const REMEMBERED_DOCUMENTS = 200;

/** No client nests or repeats itself that far. Below the first the library stays within its stack, whose end would be a defect here. */
const MAX_NESTING = 50;
const MAX_TOKENS = 5_000;

/** A document as a client sent it. */
export interface Question {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

/** Answers documents. It is made at the first one: parsing the schema is most of what a start would cost. */
export interface Executor {
  answer(asked: Asked, question: Question): Promise<ExecutionResult>;
}

/** Creates the executor. A failure inside is a part of the answer, as GraphQL has it. */
export function createExecutor(): Executor {
  const schema = buildSchema(SCHEMA_TEXT);
  const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();

  const documentOf = (query: string): DocumentNode | readonly GraphQLError[] => {
    const known = documents.get(query);
    if (known !== undefined) return known;
    const read = readDocument(query);
    documents.set(query, read);
    const oldest = documents.keys().next();
    if (documents.size > REMEMBERED_DOCUMENTS && !oldest.done) documents.delete(oldest.value);
    return read;
  };
  const readDocument = (query: string): DocumentNode | readonly GraphQLError[] => {
    if (nestingOf(query) > MAX_NESTING)
      return [new GraphQLError(`the document is nested more than ${MAX_NESTING} times`)];
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      const faults = validate(schema, document);
      return faults.length > 0 ? faults : document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };

  return {
    async answer(asked, { query, variables, operationName }) {
      const document = documentOf(query);
      if (!('kind' in document)) return { errors: document };
      const answer = await execute({
        schema,
        document,
        rootValue: operationsOf(asked),
        variableValues: variables,
        operationName,
      });
      if (!answer.errors) return answer;
      return { ...answer, errors: answer.errors.map((error) => spoken(asked, error)) };
    },
  };
}

/** How deep selections, arguments, lists and objects lie in one another; what stands in strings and comments does not count. */
function nestingOf(query: string): number {
  let [depth, deepest] = [0, 0];
  for (const [mark] of query.matchAll(/"""(?:\\"""|[^])*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|#.*|[{[(]|[\])}]/g)) {
    if (/^[{[(]/.test(mark)) deepest = Math.max(deepest, (depth += 1));
    else if (/^[\])}]/.test(mark)) depth -= 1;
  }
  return deepest;
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
