import { authorize, bucketOf, empty, objectOf, xml, type S3Call } from '../call.ts';
import { S3Refusal } from '../wire/refusal.ts';
import { S3_NAMESPACE, xmlOf } from '../wire/xml.ts';

const OWNER = { ID: 'flyio_operator', DisplayName: 'operator' };

/** `GET ?acl` of a bucket or an object: everything here is private. */
export function getAcl(call: S3Call): Response {
  authorize(call, call.key === '' ? 'GetBucketAcl' : 'GetObjectAcl');
  if (call.key === '') bucketOf(call);
  else objectOf(call);
  const Grantee = {
    '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    '@xsi:type': 'CanonicalUser',
    ...OWNER,
  };
  const Grant = { Grantee, Permission: 'FULL_CONTROL' };
  return xml(xmlOf('AccessControlPolicy', { Owner: OWNER, AccessControlList: { Grant } }, S3_NAMESPACE));
}

/** `PUT ?acl`: `private` is what it is already; the door refuses every other canned one, and grants are not Tigris'. */
export function putAcl(call: S3Call): Response {
  authorize(call, call.key === '' ? 'PutBucketAcl' : 'PutObjectAcl');
  if (call.key === '') bucketOf(call);
  else objectOf(call);
  if (call.headers.get('x-amz-acl') === null)
    throw new S3Refusal('NotImplemented', 'An acl is a canned one, and only private is simulated');
  return empty(200);
}
