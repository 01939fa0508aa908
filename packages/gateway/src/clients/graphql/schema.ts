/**
 * What flyctl's commands read of api.fly.io's schema, as far as a workspace of the gateway has it, in the order of their needs: who is
 * asking, organizations, apps, releases and images, addresses, secrets, tokens, the platform. Nothing leads from a list back to what it is
 * a list of, so that no document grows by nesting. Whatever else is asked for is refused by its name.
 */
export const SCHEMA_TEXT = `
  schema { query: Queries, mutation: Mutations }

  scalar JSON
  scalar ISO8601DateTime
  "A number that travels as text: flyctl cannot read it otherwise."
  scalar BigInt

  type PageInfo { hasNextPage: Boolean!, endCursor: String }

  type Queries {
    viewer: Principal!
    organizations(admin: Boolean): OrganizationConnection!
    organization(slug: String, id: ID): Organization
    apps(type: String, first: Int, after: String, organizationId: ID, role: String): AppConnection!
    app(name: String): App
    canPerformBluegreenDeployment(name: String!): Boolean!
    latestImageDetails(image: String!, flyVersion: String): ImageVersion
    platform: PlatformInformation!
    nearestRegion(wireguardGateway: Boolean): Region
    addOns(type: AddOnType): AddOnConnection!
  }
  type Mutations {
    allocateIpAddress(input: AllocateIPAddressInput!): AllocateIPAddressPayload
    releaseIpAddress(input: ReleaseIPAddressInput!): ReleaseIPAddressPayload
    setSecrets(input: SetSecretsInput!): SecretsPayload
    unsetSecrets(input: UnsetSecretsInput!): SecretsPayload
    createLimitedAccessToken(input: CreateLimitedAccessTokenInput!): CreateLimitedAccessTokenPayload
    deleteLimitedAccessToken(input: DeleteLimitedAccessTokenInput!): DeleteLimitedAccessTokenPayload
  }

  interface Principal { id: ID, email: String! }
  "Nobody here is one: a workspace knows tokens, not people."
  type User implements Principal { id: ID, email: String!, name: String, enablePaidHobby: Boolean! }
  type Macaroon implements Principal { id: ID, email: String! }

  type OrganizationConnection { nodes: [Organization!]! }
  type Organization {
    id: ID!
    slug: String!
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
    addOns(type: AddOnType): AddOnConnection!
    wireGuardPeers: WireGuardPeerConnection!
  }
  type OrganizationMembershipConnection { edges: [OrganizationMembershipEdge!]! }
  type OrganizationMembershipEdge { cursor: String!, node: User!, joinedAt: ISO8601DateTime!, role: String! }
  type WireGuardPeerConnection { nodes: [WireGuardPeer!]! }
  type WireGuardPeer { id: ID!, name: String!, pubkey: String!, region: String!, peerip: String! }

  type AppConnection { nodes: [App!]!, pageInfo: PageInfo!, totalCount: Int! }
  type App {
    id: ID!
    name: String!
    internalNumericId: Int
    hostname: String
    cnameTarget: String
    appUrl: String
    deployed: Boolean!
    status: String!
    version: Int!
    network: String
    platformVersion: String
    role: AppRole
    organization: Organization!
    config: AppConfig!
    services: [Service!]!
    machines: MachineConnection!
    currentRelease: Release
    currentReleaseUnprocessed: Release
    releases(first: Int): ReleaseConnection!
    releasesUnprocessed(first: Int): ReleaseConnection!
    image(ref: String!): Image
    imageDetails: ImageVersion
    hostIssues: IssueConnection!
    secrets: [Secret!]!
    ipAddresses: IPAddressConnection!
    sharedIpAddress: String
    egressIpAddresses: EgressIPAddressConnection!
    limitedAccessTokens(first: Int): LimitedAccessTokenConnection!
    addOns(type: AddOnType): AddOnConnection!
  }
  type AppRole { name: String! }
  type AppConfig { definition: JSON! }
  type Service { description: String!, protocol: String!, internalPort: Int!, ports: [ServicePort!]! }
  type ServicePort { port: Int!, handlers: [String!]! }
  type MachineConnection { nodes: [Machine!]! }
  type Machine {
    id: ID!
    name: String!
    state: String!
    region: String!
    config: JSON!
    createdAt: ISO8601DateTime
    app: MachineApp!
    ips: MachineIPConnection!
    host: Host!
    egressIpAddresses: EgressIPAddressConnection!
  }
  type MachineApp { name: String! }
  type MachineIPConnection { nodes: [MachineIP!]! }
  type MachineIP { family: String!, kind: String!, ip: String!, maskSize: Int! }
  type Host { id: ID! }
  type IssueConnection { nodes: [Issue!]! }
  type Issue { internalId: String!, message: String!, createdAt: ISO8601DateTime!, updatedAt: ISO8601DateTime! }

  type ReleaseConnection { nodes: [Release!]! }
  type Release {
    id: ID!
    version: Int!
    status: String!
    stable: Boolean!
    inProgress: Boolean!
    description: String!
    reason: String!
    imageRef: String
    configDefinition: JSON
    deploymentStrategy: String!
    evaluationId: String
    user: User
    createdAt: ISO8601DateTime!
  }
  type Image { id: ID!, ref: String!, digest: String!, compressedSizeFull: BigInt!, manifest: JSON! }
  type ImageVersion { registry: String!, repository: String!, tag: String!, digest: String!, version: String }

  type IPAddressConnection { nodes: [IPAddress!]! }
  type IPAddress {
    id: ID!
    address: String!
    type: String!
    region: String
    serviceName: String
    createdAt: ISO8601DateTime
    network: Network
  }
  type Network { name: String!, organization: Organization }
  type EgressIPAddressConnection { nodes: [EgressIPAddress!]! }
  type EgressIPAddress { id: ID!, ip: String!, version: Int!, region: String!, updatedAt: ISO8601DateTime! }
  input AllocateIPAddressInput {
    clientMutationId: String
    appId: ID!
    type: String!
    region: String
    organizationId: ID
    network: String
    serviceName: String
  }
  type AllocateIPAddressPayload { clientMutationId: String, app: App!, ipAddress: IPAddress }
  input ReleaseIPAddressInput { clientMutationId: String, appId: ID!, ipAddressId: ID, ip: String }
  type ReleaseIPAddressPayload { clientMutationId: String, app: App! }

  type Secret { name: String!, digest: String!, createdAt: ISO8601DateTime }
  input SecretInput { key: String!, value: String! }
  input SetSecretsInput { clientMutationId: String, appId: ID!, replaceAll: Boolean, secrets: [SecretInput!]! }
  input UnsetSecretsInput { clientMutationId: String, appId: ID!, keys: [String!]! }
  "What is set here waits for the next start of a machine: no release is made of it."
  type SecretsPayload { clientMutationId: String, app: App!, release: Release }

  type LimitedAccessTokenConnection { nodes: [LimitedAccessToken!]! }
  type LimitedAccessToken {
    id: ID!
    name: String!
    "Shown by the mutation that made it, and never again."
    token: String
    tokenHeader: String
    createdAt: ISO8601DateTime!
    expiresAt: ISO8601DateTime
    revokedAt: ISO8601DateTime
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
  }
  type CreateLimitedAccessTokenPayload { clientMutationId: String, limitedAccessToken: LimitedAccessToken! }
  input DeleteLimitedAccessTokenInput { clientMutationId: String, id: ID! }
  type DeleteLimitedAccessTokenPayload { clientMutationId: String, token: String }

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

  "Extensions are bought from Fly.io, not through the gateway: a workspace has none."
  enum AddOnType {
    arcjet enveloop fly_mysql kubernetes redis sentry supabase tigris upstash_kafka upstash_redis upstash_vector wafris
  }
  type AddOnConnection { nodes: [AddOn!]! }
  type AddOn {
    id: ID!
    name: String
    status: String
    errorMessage: String
    primaryRegion: String
    readRegions: [String!]
    options: JSON
    metadata: JSON
    privateIp: String
    organization: Organization!
    addOnPlan: AddOnPlan
  }
  type AddOnPlan { id: ID!, name: String, displayName: String, description: String }
`;
