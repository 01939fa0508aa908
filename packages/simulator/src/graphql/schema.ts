import { buildSchema } from 'graphql';

/**
 * Fly.io's published schema, reduced to what tokens are made, listed and revoked with. Anything else is an error of
 * validation, as an unknown field is at the real one.
 */
export const schema = buildSchema(`
  scalar JSON
  scalar ISO8601DateTime

  type Query {
    viewer: Principal!
    organization(slug: String, id: ID): Organization
    app(name: String): App
  }
  type Mutation {
    createLimitedAccessToken(input: CreateLimitedAccessTokenInput!): CreateLimitedAccessTokenPayload
    deleteLimitedAccessToken(input: DeleteLimitedAccessTokenInput!): DeleteLimitedAccessTokenPayload
  }

  interface Principal { id: ID, email: String! }
  type User implements Principal { id: ID, email: String!, name: String }
  type Macaroon implements Principal { id: ID, email: String! }

  type Organization {
    id: ID!
    slug: String!
    name: String!
    internalNumericId: String!
    limitedAccessTokens(first: Int): LimitedAccessTokenConnection!
  }
  type App {
    id: ID!
    name: String!
    internalNumericId: Int!
    organization: Organization!
    limitedAccessTokens(first: Int): LimitedAccessTokenConnection!
  }
  type LimitedAccessTokenConnection { nodes: [LimitedAccessToken!]!, totalCount: Int! }
  type LimitedAccessToken {
    id: ID!
    name: String!
    profile: String!
    "Shown by the mutation that made it, and never again."
    token: String
    tokenHeader: String
    createdAt: ISO8601DateTime!
    expiresAt: ISO8601DateTime
    revokedAt: ISO8601DateTime
    revokedBy: String
    organization: Organization
    user: TokenUser!
  }
  type TokenUser { email: String! }

  input CreateLimitedAccessTokenInput {
    clientMutationId: String
    name: String!
    organizationId: ID!
    profile: String!
    profileParams: JSON
    expiry: String
    optInThirdParties: [String!]
    optOutThirdParties: [String!]
  }
  type CreateLimitedAccessTokenPayload { clientMutationId: String, limitedAccessToken: LimitedAccessToken! }
  input DeleteLimitedAccessTokenInput { clientMutationId: String, id: ID, token: String, revokedBy: String }
  type DeleteLimitedAccessTokenPayload { clientMutationId: String, token: String }
`);
