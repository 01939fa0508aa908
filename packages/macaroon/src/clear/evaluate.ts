import type { Access } from './access.ts';
import type { Caveat, IfPresentCaveat, UnknownCaveat } from '../caveats/caveat.ts';
import { readPrivate, type PrivateCaveats } from '../caveats/private.ts';
import { objection, type Objection } from './refusal.ts';
import * as kinds from './resource-kinds.ts';
import { clearResource } from './resource-rule.ts';
import { Role } from '../caveats/roles.ts';
import * as rules from './rules.ts';
import type { DischargeRequest, Subject } from './subject.ts';

/** What a caveat is held against, and what helps to judge it. */
export interface Context {
  readonly subject: Subject;
  readonly registry?: PrivateCaveats | undefined;
  readonly branch?: string | undefined;
}

/** Holds one caveat against a subject. Three outcomes: clears, does not concern it (`resource_unspecified`), refuses. */
export function evaluate(caveat: Caveat, context: Context): Objection {
  switch (caveat.type) {
    case 'ValidityWindow':
      return rules.clearWindow(caveat, nowOf(context.subject));
    case 'IsUser':
      return undefined;
    case 'Unknown':
      return evaluateUnknown(caveat, context);
    case '3P':
      return objection('bad_caveat', 'A third-party caveat counts only at the top of a verified token.');
    case 'BindToParentToken':
      return objection('bad_caveat', 'A binding counts only at the top of a verified discharge.');
    case 'FlyioUserID':
    case 'GitHubUserID':
    case 'GoogleUserID':
      return objection('bad_caveat', 'An attestation cannot be a condition.');
    default:
      return context.subject.kind === 'access'
        ? evaluateAccess(caveat, context.subject.access, context)
        : evaluateDischarge(caveat, context.subject.request);
  }
}

type CommonType =
  | 'ValidityWindow'
  | 'IsUser'
  | 'Unknown'
  | '3P'
  | 'BindToParentToken'
  | 'FlyioUserID'
  | 'GitHubUserID'
  | 'GoogleUserID';
type Particular = Exclude<Caveat, { type: CommonType }>;

function evaluateAccess(caveat: Particular, access: Access, context: Context): Objection {
  const { action } = access;
  switch (caveat.type) {
    case 'Organization':
      return rules.clearOrganization(caveat.id, caveat.mask, access);
    case 'Apps':
      return clearResource(kinds.APP, caveat.apps, access.appId, action);
    case 'Volumes':
      return clearResource(kinds.VOLUME, caveat.volumes, access.volume, action);
    case 'Machines':
      return clearResource(kinds.MACHINE, caveat.machines, access.machine, action);
    case 'Clusters':
      return clearResource(kinds.CLUSTER, caveat.clusters, access.cluster, action);
    case 'FeatureSet':
      return clearResource(kinds.FEATURE, caveat.features, access.feature, action);
    case 'AppFeatureSet':
      return clearResource(kinds.APP_FEATURE, caveat.features, access.appFeature, action);
    case 'MachineFeatureSet':
      return clearResource(kinds.MACHINE_FEATURE, caveat.features, access.machineFeature, action);
    case 'StorageObjects':
      return clearResource(kinds.STORAGE_OBJECT, caveat.prefixes, access.storageObject, action);
    case 'Mutations':
      return rules.clearMutations(caveat.mutations, access);
    case 'Commands':
      return rules.clearCommands(caveat, access);
    case 'Action':
      return rules.clearMask(action, caveat.mask);
    case 'IfPresent':
      return evaluateIfPresent(caveat, access, context);
    case 'FromMachineSource':
      return rules.clearMachineSource(caveat.machine, access);
    case 'FlySrc':
      return rules.clearFlySrc(caveat, access);
    case 'AllowedRoles':
      return rules.clearRoles(caveat.roles, access);
    case 'IsMember':
      return rules.clearRoles(Role.member, access);
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'ConfineGitHubOrg':
    case 'ConfineGoogleHD':
    case 'MaxValidity':
      return objection('invalid_access', 'The token carries a condition that only a third party can check.');
  }
}

function evaluateDischarge(caveat: Particular, request: DischargeRequest): Objection {
  const { flyio, google, github } = request;
  switch (caveat.type) {
    case 'ConfineUser':
      return rules.clearIdentity('Fly.io user', caveat.id, flyio && [flyio.userId]);
    case 'ConfineOrganization':
      return rules.clearIdentity('Fly.io organization', caveat.id, flyio?.organizationIds);
    case 'ConfineGitHubOrg':
      return rules.clearIdentity('GitHub organization', caveat.id, github?.organizationIds);
    case 'ConfineGoogleHD':
      return rules.clearIdentity('Google domain', caveat.domain, google && domainsOf(google));
    case 'MaxValidity':
      return rules.clearMaxValidity(caveat.seconds, request.now, request.expiry);
    default:
      return objection('invalid_access', `A ticket cannot ask a third party to check ${caveat.type}.`);
  }
}

/** A private Google account has no hosted domain, which is not the same as an empty one. */
function domainsOf(google: NonNullable<DischargeRequest['google']>): readonly string[] {
  return google.hostedDomain === undefined ? [] : [google.hostedDomain];
}

/** docs/specs/token-format.md#if-present */
function evaluateIfPresent(caveat: IfPresentCaveat, access: Access, context: Context): Objection {
  let concerned = false;
  for (const inner of caveat.ifs) {
    const objection = evaluate(inner, context);
    if (objection?.tag === 'resource_unspecified') continue;
    if (objection !== undefined) return objection;
    concerned = true;
  }
  return concerned ? undefined : rules.clearMask(access.action, caveat.else);
}

function evaluateUnknown(caveat: UnknownCaveat, context: Context): Objection {
  const definition = context.registry?.get(caveat.number);
  if (definition === undefined) {
    return objection(
      'bad_caveat',
      `The token carries a condition of type ${caveat.number}, which is not known here.`,
    );
  }
  const read = readPrivate(definition, caveat);
  if (read === undefined)
    return objection('bad_caveat', `The token carries a damaged ${definition.name} condition.`);
  return definition.clear(read.value, context.subject, context.branch);
}

function nowOf(subject: Subject): Date {
  return subject.kind === 'access' ? subject.access.now : subject.request.now;
}
