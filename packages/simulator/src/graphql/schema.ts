/**
 * Fly.io's published schema, reduced to what its clients ask for, in the order of their needs: who is asking, organizations, apps,
 * releases and images, addresses, secrets, tokens, the platform, extensions, and WireGuard, which is refused in words. Anything else is
 * an error of validation that names the field, as an unknown field is at the real one.
 */
const PAGE = 'first: Int, last: Int, after: String, before: String';

export const SCHEMA_TEXT = `
  schema { query: Queries, mutation: Mutations }

  scalar JSON
  scalar ISO8601DateTime
  "A number that travels as text: flyctl cannot read it otherwise."
  scalar BigInt

  type PageInfo { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }

  type Queries {
    viewer: Principal!
    organizations(${PAGE}, admin: Boolean): OrganizationConnection!
    organization(slug: String, id: ID): Organization
    apps(${PAGE}, type: String, organizationId: ID, role: String): AppConnection!
    app(name: String): App
    appNameAvailable(name: String!): Boolean
    machine(machineId: String!): Machine
    canPerformBluegreenDeployment(name: String!): Boolean!
    latestImageDetails(image: String!, flyVersion: String): ImageVersion
    platform: PlatformInformation!
    nearestRegion(wireguardGateway: Boolean): Region
    addOnProvider(name: String!): AddOnProvider
    addOnPlans(${PAGE}, type: AddOnType!): AddOnPlanConnection!
    addOns(${PAGE}, type: AddOnType): AddOnConnection!
    addOn(name: String, id: ID, provider: String): AddOn
  }
  type Mutations {
    logOut(input: LogOutInput!): LogOutPayload
    createOrganization(input: CreateOrganizationInput!): CreateOrganizationPayload
    moveApp(input: MoveAppInput!): MoveAppPayload
    allocateIpAddress(input: AllocateIPAddressInput!): AllocateIPAddressPayload
    releaseIpAddress(input: ReleaseIPAddressInput!): ReleaseIPAddressPayload
    allocateEgressIpAddress(input: AllocateEgressIPAddressInput!): EgressIPAddressPayload
    releaseEgressIpAddress(input: ReleaseEgressIPAddressInput!): EgressIPAddressPayload
    setSecrets(input: SetSecretsInput!): SecretsPayload
    unsetSecrets(input: UnsetSecretsInput!): SecretsPayload
    createLimitedAccessToken(input: CreateLimitedAccessTokenInput!): CreateLimitedAccessTokenPayload
    deleteLimitedAccessToken(input: DeleteLimitedAccessTokenInput!): DeleteLimitedAccessTokenPayload
    createExtensionTosAgreement(input: CreateExtensionTosAgreementInput!): CreateExtensionTosAgreementPayload
    createAddOn(input: CreateAddOnInput!): CreateAddOnPayload
    updateAddOn(input: UpdateAddOnInput!): UpdateAddOnPayload
    deleteAddOn(input: DeleteAddOnInput!): DeleteAddOnPayload
    addWireGuardPeer(input: AddWireGuardPeerInput!): AddWireGuardPeerPayload
    removeWireGuardPeer(input: RemoveWireGuardPeerInput!): RemoveWireGuardPeerPayload
    validateWireGuardPeers(input: ValidateWireGuardPeersInput!): ValidateWireGuardPeersPayload
    createDelegatedWireGuardToken(input: CreateDelegatedWireGuardTokenInput!): CreateDelegatedWireGuardTokenPayload
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
  input LogOutInput { clientMutationId: String }
  type LogOutPayload { clientMutationId: String, ok: Boolean! }

  type OrganizationConnection { nodes: [Organization!]!, pageInfo: PageInfo!, totalCount: Int! }
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
    limitedAccessTokens(${PAGE}): LimitedAccessTokenConnection!
    addOns(${PAGE}, type: AddOnType): AddOnConnection!
    extensionSsoLink(provider: String!): String
    wireGuardPeers(${PAGE}): WireGuardPeerConnection!
  }
  type OrganizationMembershipConnection { edges: [OrganizationMembershipEdge!]! }
  type OrganizationMembershipEdge { cursor: String!, node: User!, joinedAt: ISO8601DateTime!, role: String! }
  input CreateOrganizationInput { clientMutationId: String, name: String!, appsV2DefaultOn: Boolean }
  type CreateOrganizationPayload { clientMutationId: String, organization: Organization! }

  type AppConnection { nodes: [App!]!, pageInfo: PageInfo!, totalCount: Int! }
  type App {
    id: ID!
    name: String!
    internalNumericId: Int!
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
    machines(${PAGE}): MachineConnection!
    currentRelease: Release
    currentReleaseUnprocessed: Release
    releases(${PAGE}): ReleaseConnection!
    releasesUnprocessed(${PAGE}): ReleaseConnection!
    image(ref: String!): Image
    imageDetails: ImageVersion
    hostIssues(${PAGE}): IssueConnection!
    secrets: [Secret!]!
    ipAddresses(${PAGE}): IPAddressConnection!
    sharedIpAddress: String
    egressIpAddresses(${PAGE}): EgressIPAddressConnection!
    limitedAccessTokens(${PAGE}): LimitedAccessTokenConnection!
    addOns(${PAGE}, type: AddOnType): AddOnConnection!
  }
  type AppRole { name: String! }
  type AppConfig { definition: JSON! }
  type Service { description: String!, protocol: String!, internalPort: Int!, ports: [ServicePort!]! }
  type ServicePort { port: Int!, handlers: [String!]! }
  type MachineConnection { nodes: [Machine!]!, pageInfo: PageInfo!, totalCount: Int! }
  type Machine {
    id: ID!
    name: String!
    state: String!
    region: String!
    config: JSON!
    createdAt: ISO8601DateTime!
    app: App!
    ips(${PAGE}): MachineIPConnection!
    host: Host!
    egressIpAddresses(${PAGE}): EgressIPAddressConnection!
  }
  type MachineIPConnection { nodes: [MachineIP!]!, pageInfo: PageInfo!, totalCount: Int! }
  type MachineIP { family: String!, kind: String!, ip: String!, maskSize: Int! }
  type Host { id: ID! }
  type IssueConnection { nodes: [Issue!]!, pageInfo: PageInfo!, totalCount: Int! }
  type Issue { internalId: String!, message: String!, createdAt: ISO8601DateTime!, updatedAt: ISO8601DateTime! }
  input MoveAppInput { clientMutationId: String, appId: ID!, organizationId: ID! }
  type MoveAppPayload { clientMutationId: String, app: App! }

  type ReleaseConnection { nodes: [Release!]!, pageInfo: PageInfo!, totalCount: Int! }
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

  type IPAddressConnection { nodes: [IPAddress!]!, pageInfo: PageInfo!, totalCount: Int! }
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
  type EgressIPAddressConnection { nodes: [EgressIPAddress!]!, pageInfo: PageInfo!, totalCount: Int! }
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
  input ReleaseIPAddressInput { clientMutationId: String, appId: ID, ipAddressId: ID, ip: String }
  type ReleaseIPAddressPayload { clientMutationId: String, app: App! }
  input AllocateEgressIPAddressInput { clientMutationId: String, appId: ID!, machineId: ID, region: String }
  input ReleaseEgressIPAddressInput { clientMutationId: String, appId: ID!, machineId: ID! }
  type EgressIPAddressPayload { clientMutationId: String, v4: String, v6: String }

  type Secret { name: String!, digest: String!, createdAt: ISO8601DateTime! }
  input SecretInput { key: String!, value: String! }
  input SetSecretsInput { clientMutationId: String, appId: ID!, replaceAll: Boolean, secrets: [SecretInput!]! }
  input UnsetSecretsInput { clientMutationId: String, appId: ID!, keys: [String!]! }
  "What is set here waits for the next start of a machine: no release is made of it."
  type SecretsPayload { clientMutationId: String, app: App!, release: Release }

  type LimitedAccessTokenConnection { nodes: [LimitedAccessToken!]!, pageInfo: PageInfo!, totalCount: Int! }
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

  "Every name that flyctl has a command for. A provider of one's own answers to one of them, where the settings lend it."
  enum AddOnType {
    arcjet enveloop fly_mysql kubernetes redis sentry supabase tigris upstash_kafka upstash_redis upstash_vector wafris
  }
  type AddOnConnection { nodes: [AddOn!]!, pageInfo: PageInfo!, totalCount: Int! }
  type AddOn {
    id: ID!
    name: String
    status: String
    errorMessage: String
    primaryRegion: String
    readRegions: [String!]
    options: JSON
    metadata: JSON
    environment: JSON
    publicUrl: String
    privateIp: String
    password: String
    ssoLink: String
    organization: Organization!
    app: App
    addOnProvider: AddOnProvider!
    addOnPlan: AddOnPlan
  }
  type AddOnProvider {
    id: ID!
    name: String!
    displayName: String!
    tosUrl: String
    tosAgreement: String
    asyncProvisioning: Boolean!
    autoProvision: Boolean!
    selectName: Boolean!
    selectRegion: Boolean!
    selectReplicaRegions: Boolean!
    detectPlatform: Boolean!
    resourceName: String!
    nameSuffix: String
    beta: Boolean!
    internal: Boolean!
    provisioningInstructions: String
    excludedRegions: [Region!]!
  }
  type AddOnPlanConnection { nodes: [AddOnPlan!]!, pageInfo: PageInfo!, totalCount: Int! }
  type AddOnPlan {
    id: ID!
    name: String
    displayName: String
    description: String
    maxDataSize: String
    pricePerMonth: Int
  }
  input CreateExtensionTosAgreementInput { clientMutationId: String, addOnProviderName: String! }
  type CreateExtensionTosAgreementPayload { clientMutationId: String }
  input CreateAddOnInput {
    clientMutationId: String
    organizationId: ID
    appId: ID
    name: String
    type: AddOnType!
    planId: ID
    organizationPlanId: ID
    primaryRegion: String
    readRegions: [String!]
    options: JSON
  }
  type CreateAddOnPayload { clientMutationId: String, addOn: AddOn! }
  input UpdateAddOnInput {
    clientMutationId: String
    addOnId: ID!
    planId: ID
    readRegions: [String!]
    options: JSON
    metadata: JSON
    prodPack: Boolean
  }
  type UpdateAddOnPayload { clientMutationId: String, addOn: AddOn! }
  input DeleteAddOnInput { clientMutationId: String, addOnId: ID, name: String, provider: String }
  type DeleteAddOnPayload { clientMutationId: String, deletedAddOnId: ID, deletedAddOnName: String }

  type WireGuardPeerConnection { nodes: [WireGuardPeer!]!, pageInfo: PageInfo!, totalCount: Int! }
  type WireGuardPeer { id: ID!, name: String!, pubkey: String!, region: String!, peerip: String! }
  input AddWireGuardPeerInput {
    clientMutationId: String
    organizationId: ID!
    region: String
    name: String!
    pubkey: String!
    network: String
    nats: Boolean
  }
  type AddWireGuardPeerPayload { clientMutationId: String, peerip: String!, endpointip: String!, pubkey: String! }
  input RemoveWireGuardPeerInput { clientMutationId: String, organizationId: ID!, name: String!, nats: Boolean }
  type RemoveWireGuardPeerPayload { clientMutationId: String, organization: Organization! }
  input ValidateWireGuardPeersInput { clientMutationId: String, peerIps: [String!]! }
  type ValidateWireGuardPeersPayload { clientMutationId: String, invalidPeerIps: [String!]! }
  input CreateDelegatedWireGuardTokenInput { clientMutationId: String, organizationId: ID!, name: String }
  type CreateDelegatedWireGuardTokenPayload { clientMutationId: String, token: String! }
`;
