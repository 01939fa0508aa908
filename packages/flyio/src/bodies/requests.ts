/** The bodies of the Machines API's requests, by the names of its OpenAPI document. */
export const REQUESTS = {
  /** `app_name` is what older clients say; the role is in fly-go only. */
  CreateAppRequest: {
    app_name: 'text',
    app_role_id: 'text',
    enable_subdomains: 'flag',
    name: 'text',
    network: 'text',
    org_slug: 'text',
  },
  CreateAppDeployTokenRequest: { expiry: 'duration' },
  CreateMachineRequest: {
    config: 'fly.MachineConfig',
    lease_ttl: 'count',
    lsvd: 'flag',
    min_secrets_version: 'count',
    name: 'text',
    region: 'region',
    skip_launch: 'flag',
    skip_secrets: 'flag',
    skip_service_registration: 'flag',
  },
  UpdateMachineRequest: {
    config: 'fly.MachineConfig',
    current_version: 'text',
    lease_ttl: 'count',
    lsvd: 'flag',
    min_secrets_version: 'count',
    name: 'text',
    region: 'region',
    skip_launch: 'flag',
    skip_secrets: 'flag',
    skip_service_registration: 'flag',
  },
  /** `id` is what fly-go sends beside the path. */
  StopRequest: { id: 'text', signal: 'text-or-count', timeout: 'duration' },
  /** Not in the document: fly-admin sends in the body what fly-go sends in the query. */
  RestartRequest: { force_stop: 'flag', signal: 'text-or-count', timeout: 'duration' },
  /** fly-go's kill sends the number 9. */
  SignalRequest: { signal: 'text-or-count' },
  MachineExecRequest: {
    cmd: 'text',
    command: '[text]',
    container: 'text',
    /** In the written reference only. */
    machine: 'text',
    stdin: 'text',
    timeout: 'count',
  },
  CreateLeaseRequest: { description: 'text', ttl: 'count' },
  'main.setMemoryLimitRequest': { limit_mb: 'memory' },
  'main.reclaimMemoryRequest': { amount_mb: 'count' },
  updateMetadataRequest: { machine_version: 'text', metadata: 'metadata-changes', updated_at: 'text' },
  upsertMetadataKeyRequest: { updated_at: 'text', value: 'text' },

  CreateVolumeRequest: {
    auto_backup_enabled: 'flag',
    compute: 'fly.MachineGuest',
    compute_image: 'image',
    encrypted: 'flag',
    fstype: 'text',
    /** Older flyctl sends it. */
    machines_only: 'flag',
    name: 'text',
    region: 'region',
    require_unique_zone: 'flag',
    size_gb: 'gigabytes',
    snapshot_id: 'text',
    snapshot_retention: 'count',
    source_volume_id: 'volume-id',
    unique_zone_app_wide: 'flag',
  },
  UpdateVolumeRequest: { auto_backup_enabled: 'flag', snapshot_retention: 'count' },
  ExtendVolumeRequest: { size_gb: 'gigabytes' },

  AppSecretsUpdateRequest: { values: 'secret-changes' },
  SetAppSecretRequest: { value: 'text' },

  assignIPRequest: {
    network: 'text',
    org_slug: 'text',
    region: 'region',
    service_name: 'text',
    type: 'text',
  },

  'main.getPlacementsRequest': {
    compute: 'fly.MachineGuest',
    count: 'count',
    org_slug: 'text',
    region: 'region',
    volume_name: 'text',
    volume_size_bytes: 'count',
    weights: '{whole}',
  },
} as const;
