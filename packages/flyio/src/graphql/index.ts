/** GraphQL as api.fly.io speaks it: documents of strangers over a schema, within bounds. */
export { createGraphqlExecutor, type GraphqlExecutor, type GraphqlExecutorOptions } from './executor.ts';
export { questionOf, type Question } from './question.ts';
export { GraphQLError, type ExecutionResult } from 'graphql';
