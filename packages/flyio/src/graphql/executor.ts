import {
  buildSchema,
  execute,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type ValidationRule,
} from 'graphql';
import { fieldsIn } from './fields.ts';
import { nestingOf } from './nesting.ts';
import type { Question } from './question.ts';

/** flyctl has some sixty documents; a stranger's thousandth must not stay. */
const REMEMBERED_DOCUMENTS = 200;

/** No client nests or repeats itself that far. Below the first the library stays within its stack, whose end would be a defect here. */
const MAX_NESTING = 50;
const MAX_TOKENS = 5_000;
/** Fields of a document with its fragments in place; the longest of flyctl's has a tenth of them. */
const MAX_FIELDS = 1_000;

/** Options of {@link createGraphqlExecutor}. */
export interface GraphqlExecutorOptions {
  /** The schema in its own language. */
  readonly schemaText: string;
  /** What to say of a field that the schema does not have; default the library's words. */
  readonly unknownField?: ((type: string, field: string) => string) | undefined;
  /** Whether documents may ask about the schema itself; default true. */
  readonly introspection?: boolean | undefined;
}

/** Answers documents over one schema. */
export interface GraphqlExecutor {
  /**
   * Answers a question. Members of `root` that are functions are asked with their arguments. It is made for a document of so many
   * fields: each is answered once, and once more for each entry of the lists that it lies in.
   */
  answer(question: Question, root: (fields: number) => object): Promise<ExecutionResult>;
}

/** A document that may be answered, and what it selects. */
interface ReadDocument {
  readonly document: DocumentNode;
  readonly fields: number;
}

/**
 * Creates an executor. Whatever is wrong with a document is part of the answer, as GraphQL has it: none throws, and none costs
 * more than the bounds allow.
 */
export function createGraphqlExecutor({
  schemaText,
  unknownField,
  introspection = true,
}: GraphqlExecutorOptions): GraphqlExecutor {
  const schema = buildSchema(schemaText);
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const documents = new Map<string, ReadDocument | readonly GraphQLError[]>();

  const documentOf = (query: string): ReadDocument | readonly GraphQLError[] => {
    const known = documents.get(query);
    if (known !== undefined) return known;
    const read = readDocument(query);
    documents.set(query, read);
    const oldest = documents.keys().next();
    if (documents.size > REMEMBERED_DOCUMENTS && !oldest.done) documents.delete(oldest.value);
    return read;
  };
  const readDocument = (query: string): ReadDocument | readonly GraphQLError[] => {
    if (nestingOf(query) > MAX_NESTING)
      return [new GraphQLError(`the document is nested more than ${MAX_NESTING} times`)];
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      const fields = fieldsIn(document);
      // Before the validation, which compares all fields of one name with one another.
      if (fields > MAX_FIELDS)
        return [new GraphQLError(`the document selects more than ${MAX_FIELDS} fields`)];
      const unknown = unknownField ? validate(schema, document, [fieldsExist(unknownField)]) : [];
      const faults = unknown.length > 0 ? unknown : validate(schema, document, rules);
      return faults.length > 0 ? faults : { document, fields };
    } catch (error) {
      if (error instanceof GraphQLError) return [error];
      throw error;
    }
  };

  return {
    async answer({ query, variables, operationName }, root) {
      const read = documentOf(query);
      if (!('document' in read)) return { errors: read };
      return await execute({
        schema,
        document: read.document,
        rootValue: root(read.fields),
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
