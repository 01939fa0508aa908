import { Action } from '@hangar/macaroon';
import { named } from './query-parameter.ts';
import type { Route } from './route.ts';
import { refused } from './rows.ts';

const { read, write, create } = Action;
const remove = Action.delete;
const CERTIFICATES = '/v1/apps/{app}/certificates';
const CERTIFICATE = `${CERTIFICATES}/{hostname}`;
const KEYS = '/v1/apps/{app}/secretkeys';
const KEY = `${KEYS}/{secret-key}`;

/** A host name belongs to whoever asks first, in all of Fly.io: the operator's customers would take them from one another. */
const NO_CERTIFICATES =
  'certificates are not offered here: the host names of an environment are the business of whoever runs this Hangar';
const NO_KEYS = 'secret keys are not offered here: keep a key as a secret of the app';
const PAGE = ['limit', 'cursor', 'filter'].map(named);
const VERSIONS = ['min_version', 'version', 'types'].map(named);

/** What Fly.io keeps for an app and a customer of the gateway does not have (docs/specs/gateway.md#routes). */
export const SECURED_ROUTES: readonly Route[] = [
  refused(['certificates.list', 'GET', CERTIFICATES, read, 'app'], NO_CERTIFICATES, PAGE),
  refused(['certificates.acme', 'POST', `${CERTIFICATES}/acme`, create, 'app'], NO_CERTIFICATES),
  refused(['certificates.custom', 'POST', `${CERTIFICATES}/custom`, create, 'app'], NO_CERTIFICATES),
  refused(['certificates.get', 'GET', CERTIFICATE, read, 'app'], NO_CERTIFICATES),
  refused(['certificates.check', 'POST', `${CERTIFICATE}/check`, write, 'app'], NO_CERTIFICATES),
  refused(['certificates.delete', 'DELETE', CERTIFICATE, remove, 'app'], NO_CERTIFICATES),
  refused(['certificates.delete-acme', 'DELETE', `${CERTIFICATE}/acme`, remove, 'app'], NO_CERTIFICATES),
  refused(['certificates.delete-custom', 'DELETE', `${CERTIFICATE}/custom`, remove, 'app'], NO_CERTIFICATES),

  refused(['secret-keys.list', 'GET', KEYS, read, 'app'], NO_KEYS, VERSIONS),
  refused(['secret-keys.get', 'GET', KEY, read, 'app'], NO_KEYS, VERSIONS),
  refused(['secret-keys.set', 'POST', KEY, write, 'app'], NO_KEYS),
  refused(['secret-keys.generate', 'POST', `${KEY}/generate`, write, 'app'], NO_KEYS),
  refused(['secret-keys.delete', 'DELETE', KEY, write, 'app'], NO_KEYS),
  ...['encrypt', 'decrypt', 'sign', 'verify'].map((verb) =>
    refused([`secret-keys.${verb}`, 'POST', `${KEY}/${verb}`, write, 'app'], NO_KEYS, VERSIONS),
  ),
];
