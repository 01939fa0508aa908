import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  DeleteAccessKeyCommand,
  DeletePolicyCommand,
  DetachUserPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListAccessKeysCommand,
  ListPoliciesCommand,
  UpdateAccessKeyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { HangarError } from '@hangar/http';
import { Secret } from '@hangar/security';
import { isAbsent, nameOf, tigrisFailure } from './tigris-failure.ts';

/** A key without its secret, as lists show it. */
export interface AccessKeySummary {
  readonly accessKeyId: string;
  /** The name it was made with: in Tigris there are no users, only keys with names. */
  readonly userName?: string;
  readonly active: boolean;
  readonly createdAt?: Date;
}

/** A policy, as lists show it. */
export interface PolicySummary {
  readonly name: string;
  readonly arn: string;
  readonly attachmentCount?: number;
  readonly createdAt?: Date;
}

/** The half of the Tigris client that speaks IAM. */
export interface TigrisAccess {
  /**
   * Makes a key that may do nothing yet; asked once, since asking twice would make two. `userName` is its
   * display name; the secret is shown this once.
   */
  createAccessKey(userName: string): Promise<{ accessKeyId: string; secret: Secret }>;
  listAccessKeys(): Promise<readonly AccessKeySummary[]>;
  /** Shuts the key off, to be undone or deleted later. A key that is gone is a success. */
  deactivateAccessKey(accessKeyId: string): Promise<void>;
  /** Switches a key on again that was shut off. */
  activateAccessKey(accessKeyId: string): Promise<void>;
  deleteAccessKey(accessKeyId: string): Promise<void>;
  /** Makes the policy and says its ARN; undefined when one of that name exists already, whatever it says. */
  createPolicy(name: string, document: object): Promise<string | undefined>;
  /** What a policy says; undefined when it is gone or no JSON. */
  readPolicy(arn: string): Promise<unknown>;
  /**
   * Makes the policy, or finds it under its name.
   * @throws HangarError `state_conflict` when one of that name says something else.
   */
  ensurePolicy(name: string, document: object): Promise<string>;
  /** Gives the key the policy's rights. Takes the key's id: what AWS calls user name is, here, the key. */
  attachPolicy(accessKeyId: string, arn: string): Promise<void>;
  /** Takes them away. A policy that was not attached, or is gone, is a success. */
  detachPolicy(accessKeyId: string, arn: string): Promise<void>;
  /** Deletes a policy that no key holds any more. One that is gone is a success. */
  deletePolicy(arn: string): Promise<void>;
  listPolicies(): Promise<readonly PolicySummary[]>;
}

/** The IAM half. `once` is a client that sends every call once, for the one call that can't be repeated. */
export function tigrisAccess(iam: IAMClient, once: IAMClient): TigrisAccess {
  async function attempt<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw tigrisFailure(doing, error);
    }
  }
  const dropping = (doing: string, call: () => Promise<unknown>): Promise<void> =>
    attempt(doing, async () => {
      try {
        await call();
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    });

  async function listPolicies(): Promise<readonly PolicySummary[]> {
    const policies: PolicySummary[] = [];
    let marker: string | undefined;
    do {
      const page = await iam.send(new ListPoliciesCommand({ Marker: marker }));
      for (const { PolicyName, Arn, AttachmentCount, CreateDate } of page.Policies ?? []) {
        if (PolicyName === undefined || Arn === undefined) continue;
        const attached = AttachmentCount === undefined ? {} : { attachmentCount: AttachmentCount };
        const dated = CreateDate ? { createdAt: CreateDate } : {};
        policies.push({ name: PolicyName, arn: Arn, ...attached, ...dated });
      }
      marker = page.IsTruncated ? page.Marker : undefined;
    } while (marker !== undefined);
    return policies;
  }

  async function documentOf(arn: string): Promise<unknown> {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: Policy?.DefaultVersionId ?? 'v1' }),
    );
    return parsedDocument(PolicyVersion?.Document);
  }

  async function create(name: string, document: object): Promise<string | undefined> {
    try {
      const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: name, PolicyDocument: JSON.stringify(document) }),
      );
      if (Policy?.Arn) return Policy.Arn;
    } catch (error) {
      if (nameOf(error).startsWith('EntityAlreadyExists')) return undefined;
      throw error;
    }
    throw new HangarError('upstream_failed', {
      detail: `Tigris made policy ${name} without telling its ARN`,
    });
  }

  async function findSame(name: string, document: object): Promise<string> {
    const found = (await listPolicies()).find((policy) => policy.name === name);
    if (!found)
      throw new HangarError('upstream_failed', { detail: `Tigris has a policy ${name}, and lists none` });
    if (!sameDocument(await documentOf(found.arn), document)) {
      throw new HangarError('state_conflict', {
        detail: `the policy ${name} exists and says something else`,
      });
    }
    return found.arn;
  }

  return {
    createAccessKey: (userName) =>
      attempt('creating an access key', async () => {
        const { AccessKey } = await once.send(new CreateAccessKeyCommand({ UserName: userName }));
        if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey) {
          throw new HangarError('upstream_failed', {
            detail: 'Tigris made an access key without telling it',
          });
        }
        return { accessKeyId: AccessKey.AccessKeyId, secret: Secret.of(AccessKey.SecretAccessKey) };
      }),
    listAccessKeys: () =>
      attempt('listing access keys', async () => {
        const keys: AccessKeySummary[] = [];
        let marker: string | undefined;
        do {
          const page = await iam.send(new ListAccessKeysCommand({ Marker: marker }));
          for (const { AccessKeyId, UserName, Status, CreateDate } of page.AccessKeyMetadata ?? []) {
            if (AccessKeyId === undefined) continue;
            const named = UserName === undefined ? {} : { userName: UserName };
            const dated = CreateDate ? { createdAt: CreateDate } : {};
            keys.push({ accessKeyId: AccessKeyId, active: Status === 'Active', ...named, ...dated });
          }
          marker = page.IsTruncated ? page.Marker : undefined;
        } while (marker !== undefined);
        return keys;
      }),
    deactivateAccessKey: (accessKeyId) =>
      dropping('switching off an access key', () =>
        iam.send(new UpdateAccessKeyCommand({ AccessKeyId: accessKeyId, Status: 'Inactive' })),
      ),
    activateAccessKey: (accessKeyId) =>
      attempt('switching an access key on', async () => {
        await iam.send(new UpdateAccessKeyCommand({ AccessKeyId: accessKeyId, Status: 'Active' }));
      }),
    deleteAccessKey: (accessKeyId) =>
      dropping('deleting an access key', () =>
        iam.send(new DeleteAccessKeyCommand({ AccessKeyId: accessKeyId })),
      ),
    createPolicy: (name, document) => attempt(`creating policy ${name}`, () => create(name, document)),
    readPolicy: (arn) =>
      attempt('reading a policy', async () => {
        try {
          return await documentOf(arn);
        } catch (error) {
          if (isAbsent(error)) return undefined;
          throw error;
        }
      }),
    ensurePolicy: (name, document) =>
      attempt(
        `creating policy ${name}`,
        async () => (await create(name, document)) ?? (await findSame(name, document)),
      ),
    attachPolicy: (accessKeyId, arn) =>
      attempt('attaching a policy', async () => {
        await iam.send(new AttachUserPolicyCommand({ UserName: accessKeyId, PolicyArn: arn }));
      }),
    detachPolicy: (accessKeyId, arn) =>
      dropping('detaching a policy', () =>
        iam.send(new DetachUserPolicyCommand({ UserName: accessKeyId, PolicyArn: arn })),
      ),
    deletePolicy: (arn) =>
      dropping('deleting a policy', () => iam.send(new DeletePolicyCommand({ PolicyArn: arn }))),
    listPolicies: () => attempt('listing policies', listPolicies),
  };
}

// Member order is nobody's promise.
function sameDocument(stored: unknown, document: object): boolean {
  return stored !== undefined && canonical(stored) === canonical(document);
}

// IAM returns the document URL-encoded; some servers return it plain.
function parsedDocument(stored: string | undefined): unknown {
  if (stored === undefined) return undefined;
  try {
    return JSON.parse(stored.trimStart().startsWith('{') ? stored : decodeURIComponent(stored));
  } catch {
    return undefined;
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
