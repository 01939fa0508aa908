import type { Case } from '../lab/case.ts';
import { ASYNCHRONOUS_CASES } from './asynchronous.ts';
import { BILLING_CASES } from './billing.ts';
import { DELETE_CASES } from './delete.ts';
import { EVENT_CASES } from './events.ts';
import { CLOSING_CASES, GENERAL_CASES } from './general.ts';
import { IDEMPOTENCY_CASES } from './idempotency.ts';
import { MEMBER_CASES } from './members.ts';
import { PROVISION_CASES } from './provision.ts';
import { QUERY_SIGNING_CASES } from './signing/query.ts';
import { REPLAY_CASES } from './replay.ts';
import { SHOW_CASES } from './show.ts';
import { INTROSPECTION_CASES } from './sign-on/introspection.ts';
import { SIGN_ON_ROUND_CASES } from './sign-on/rounds.ts';
import { SIGN_ON_START_CASES } from './sign-on/start.ts';
import { SIGNING_CASES } from './signing/body.ts';
import { UPDATE_CASES } from './update.ts';
import { REFUSED_WEBHOOK_CASES } from './webhooks/refused.ts';
import { WEBHOOK_CASES } from './webhooks/told.ts';

/** Every case, in the order in which they run. */
export const CASES: readonly Case[] = [
  ...SIGNING_CASES,
  ...QUERY_SIGNING_CASES,
  ...REPLAY_CASES,
  ...PROVISION_CASES,
  ...MEMBER_CASES,
  ...IDEMPOTENCY_CASES,
  ...ASYNCHRONOUS_CASES,
  ...SHOW_CASES,
  ...UPDATE_CASES,
  ...DELETE_CASES,
  ...SIGN_ON_START_CASES,
  ...SIGN_ON_ROUND_CASES,
  ...INTROSPECTION_CASES,
  ...WEBHOOK_CASES,
  ...REFUSED_WEBHOOK_CASES,
  ...EVENT_CASES,
  ...BILLING_CASES,
  ...GENERAL_CASES,
  ...CLOSING_CASES,
];
