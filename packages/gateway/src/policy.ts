/** What the operator decides about machines, apart: a configuration that names it is read before anything else is loaded. */
export { DEFAULT_POLICY } from './policy/policy.ts';
export { POLICY_RULES, type PolicyMember, valueIn } from './policy/policy-rules.ts';
export { readPolicy, type ReadPolicy } from './policy/read-policy.ts';
export { MACHINE_PROFILES } from './profiles/profile.ts';
