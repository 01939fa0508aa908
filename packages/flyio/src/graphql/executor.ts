import {
  buildSchema,
  execute,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type ValidationRule,
} from 'graphql';
import { nestingOf } from './nesting.ts';
import type { Question } from './question.ts';

/** flyctl has some sixty documents; a stranger's thousandth must not stay. */
const REMEMBERED_DOCUMENTS = 200;

/** No client nests or repeats itself that far. Below the first the library stays within its stack, whose end would be a defect here. */
const MAX_NESTING = 50;
const MAX_TOKENS = 5_000;

/** Options of {@link createGraphqlExecutor}. */
export interface GraphqlExecutorOptions {
  /** The schema in its own language. */
  readonly schemaText: string;
  /** What to say of a field that the schema does not have; default the library's words. */
  readonly unknownField?: ((type: string, field: string) => string) | undefined;
}

/** Answers documents over one schema. */
export interface GraphqlExecutor {
  /** Answers a question. Members of `root` that are functions are asked with their arguments. */
  answer(question: Question, root: object): Promise<ExecutionResult>;
}

/**
 * Creates an executor. Whatever is wrong with a document is part of the answer, as GraphQL has it: none throws, and none costs
 * more than the bounds allow.
 */
export function createGraphqlExecutor({ schemaText, unknownField }: GraphqlExecutorOptions): GraphqlExecutor {
  const schema = buildSchema(schemaText);
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
      const unknown = unknownField ? validate(schema, document, [fieldsExist(unknownField)]) : [];
      const faults = unknown.length > 0 ? unknown : validate(schema, document);
      return faults.length > 0 ? faults : document;
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };

  return {
    async answer({ query, variables, operationName }, root) {
      const document = documentOf(query);
      if (!('kind' in document)) return { errors: document };
      return await execute({
        schema,
        document,
        rootValue: root,
        variableValues: variables,
        operationName,
      });
    },
  };
}

/** Says of each field that is not there that it is not, in words of one's own, and before the types of its arguments are missed. */
function fieldsExist(words: (type: string, field: string) => string): ValidationRule {
  return (context) => ({
    Field(node) {
      const type = context.getParentType();
      if (!type || context.getFieldDef()) return;
      context.reportError(new GraphQLError(words(type.name, node.name.value), { nodes: node }));
    },
  });
}
