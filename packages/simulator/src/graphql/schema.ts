import { buildSchema } from 'graphql';

/**
 * Fly.io's published schema, reduced: what tokens are made, listed and revoked with, and what flyctl reads before it does that, or before
 * it calls the Machines API. Anything else is an error of validation, as an unknown field is at the real one.
 */
export const schema = buildSchema(`
  scalar JSON
  scalar ISO8601DateTime
  "A number that travels as text: flyctl cannot read it otherwise."
  scalar BigInt

  type Query {
    viewer: Principal!
    organizations(admin: Boolean): OrganizationConnection!
    organization(slug: String, id: ID): Organization
    apps(type: String, first: Int, after: String, organizationId: ID, role: String): AppConnection!
    app(name: String): App
    appNameAvailable(name: String!): Boolean
    canPerformBluegreenDeployment(name: String!): Boolean!
    platform: PlatformInformation!
    nearestRegion(wireguardGateway: Boolean): Region
  }
  type Mutation {
    createLimitedAccessToken(input: CreateLimitedAccessTokenInput!): CreateLimitedAccessTokenPayload
    deleteLimitedAccessToken(input: DeleteLimitedAccessTokenInput!): DeleteLimitedAccessTokenPayload
    logOut(input: LogOutInput!): LogOutPayload
  }

  interface Principal { id: ID, email: String! }
  type User implements Principal {
    id: ID
    email: String!
    name: String
    enablePaidHobby: Boolean!
    agreedToProviderTos(providerName: String!): Boolean!
  }
  type Macaroon implements Principal { id: ID, email: String! }

  type OrganizationConnection { nodes: [Organization!]!, totalCount: Int! }
  type Organization {
    id: ID!
    slug: String!
    "As others than the viewer name it: the viewer's own organization may be called personal."
    rawSlug: String!
    name: String!
    type: String!
    paidPlan: Boolean!
    billable: Boolean!
    billingStatus: String!
    viewerRole: String!
    internalNumericId: BigInt!
    addOnSsoLink: String
    provisionsBetaExtensions: Boolean!
    remoteBuilderImage: String!
    remoteBuilderApp: App
    members: OrganizationMembershipConnection!
    limitedAccessTokens(first: Int): LimitedAccessTokenConnection!
  }
  type OrganizationMembershipConnection { edges: [OrganizationMembershipEdge!]! }
  type OrganizationMembershipEdge { cursor: String!, node: User!, joinedAt: ISO8601DateTime!, role: String! }

  type AppConnection { nodes: [App!]!, pageInfo: PageInfo!, totalCount: Int! }
  type PageInfo { hasNextPage: Boolean!, endCursor: String }
  type App {
    id: ID!
    name: String!
    internalNumericId: Int!
    hostname: String
    cnameTarget: String
    appUrl: String
    deployed: Boolean!
    status: String!
    network: String
    platformVersion: String
    "Releases are kept by another API, which is not simulated."
    currentRelease: Release
    currentReleaseUnprocessed: Release
    releasesUnprocessed(first: Int): ReleaseConnection!
    hostIssues: IssueConnection!
    role: AppRole
    secrets: [Secret!]!
    ipAddresses: IPAddressConnection!
    sharedIpAddress: String
    organization: Organization!
    limitedAccessTokens(first: Int): LimitedAccessTokenConnection!
  }
  type AppRole { name: String! }
  type Release {
    id: ID!
    version: Int!
    status: String!
    imageRef: String
    configDefinition: JSON
    createdAt: ISO8601DateTime!
  }
  type ReleaseConnection { nodes: [Release!]! }
  type IssueConnection { nodes: [Issue!]! }
  type Issue { internalId: String!, message: String!, createdAt: ISO8601DateTime!, updatedAt: ISO8601DateTime! }
  type Secret { name: String!, digest: String!, createdAt: ISO8601DateTime! }
  type IPAddressConnection { nodes: [IPAddress!]! }
  type IPAddress {
    id: ID!
    address: String!
    type: String!
    region: String
    serviceName: String
    createdAt: ISO8601DateTime!
    network: Network
  }
  type Network { name: String!, organization: Organization }

  type PlatformInformation { requestRegion: String, regions: [Region!]! }
  type Region {
    name: String!
    code: String!
    latitude: Float
    longitude: Float
    gatewayAvailable: Boolean!
    requiresPaidPlan: Boolean!
    deprecated: Boolean!
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
  input LogOutInput { clientMutationId: String }
  type LogOutPayload { clientMutationId: String, ok: Boolean! }
`);
