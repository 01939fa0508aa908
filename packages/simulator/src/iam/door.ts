import type { RequestContext } from '@hangar/http';
import { guardDoor, type DoorFetch } from '../doors.ts';
import { ulid } from '../ids.ts';
import { S3Refusal } from '../s3/wire/refusal.ts';
import { verifySignatureV4 } from '../s3/wire/signature.ts';
import { xmlOf } from '../s3/wire/xml.ts';
import type { Simulation } from '../simulation.ts';
import { createAccessKey, deleteAccessKey, listAccessKeys, updateAccessKey } from './keys.ts';
import {
  attachPolicy,
  createPolicy,
  deletePolicy,
  detachPolicy,
  getPolicy,
  getPolicyVersion,
  listEntities,
  listPolicies,
  listUserPolicies,
} from './policies.ts';
import { IAM_NAMESPACE, IamRefusal } from './refusal.ts';

type Operation = (simulation: Simulation, form: URLSearchParams) => Record<string, unknown>;

/** The thirteen actions that Tigris knows (docs/specs/platform.md#iam). */
const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['CreateAccessKey', createAccessKey],
  ['ListAccessKeys', listAccessKeys],
  ['UpdateAccessKey', updateAccessKey],
  ['DeleteAccessKey', deleteAccessKey],
  ['CreatePolicy', createPolicy],
  ['ListPolicies', listPolicies],
  ['GetPolicy', getPolicy],
  ['GetPolicyVersion', getPolicyVersion],
  ['DeletePolicy', deletePolicy],
  ['AttachUserPolicy', attachPolicy],
  ['DetachUserPolicy', detachPolicy],
  ['ListUserPolicies', listUserPolicies],
  ['ListEntitiesForPolicy', listEntities],
]);

/** The simulated IAM of Tigris: the query protocol, form in and XML out. Only the admin key may use it. */
export function createIamDoor(simulation: Simulation): DoorFetch {
  return guardDoor(
    simulation,
    'iam',
    {
      route: async (request) => `/${new URLSearchParams(await request.text()).get('Action') ?? ''}`,
      fault: (status) =>
        new IamRefusal(
          status === 503 ? 'ServiceUnavailable' : 'InternalFailure',
          `simulated fault ${status}`,
        ).response(ulid(simulation.clock.nowMs()), status),
    },
    async (request, door) => {
      try {
        return await operate(simulation, request, door);
      } catch (error) {
        if (error instanceof IamRefusal) return error.response(door.requestId);
        if (error instanceof S3Refusal) return signatureRefusal(error).response(door.requestId);
        simulation.settings.onError(error);
        return new IamRefusal('InternalFailure', 'The request processing has failed.').response(
          door.requestId,
        );
      }
    },
  );
}

async function operate(simulation: Simulation, request: Request, door: RequestContext): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { signer } = await verifySignatureV4(simulation, 'iam', {
    method: request.method,
    rawTarget: door.rawTarget,
    headers: request.headers,
    body,
  });
  if (!signer.admin)
    throw new IamRefusal('AccessDenied', 'This access key may not manage access keys and policies');
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const action = form.get('Action') ?? '';
  const operation = OPERATIONS.get(action);
  if (!operation) throw new IamRefusal('InvalidAction', `Could not find operation ${action}`);
  const result = operation(simulation, form);
  const answer = xmlOf(
    `${action}Response`,
    { [`${action}Result`]: result, ResponseMetadata: { RequestId: door.requestId } },
    IAM_NAMESPACE,
  );
  return new Response(answer, { headers: { 'content-type': 'text/xml' } });
}

/** The words of S3 about signatures, in those of IAM. */
function signatureRefusal(error: S3Refusal): IamRefusal {
  if (error.code === 'InvalidAccessKeyId') {
    return new IamRefusal('InvalidClientTokenId', 'The security token included in the request is invalid.');
  }
  if (error.code === 'SignatureDoesNotMatch') return new IamRefusal('SignatureDoesNotMatch', error.message);
  return new IamRefusal('AccessDenied', error.message);
}
