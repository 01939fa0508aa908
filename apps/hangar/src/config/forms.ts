import { isAppName, isOrgSlug } from '@hangar/security';
import { type Complaint, splitList } from './parsers.ts';
import type { Form } from './variables.ts';

/** Each form: whether a value has it, and what it looks like, as the end of "must be". */
const FORMS: Readonly<Record<Form, readonly [(value: string) => boolean, string]>> = {
  slug: [isOrgSlug, 'a slug: lower-case letters, digits and dashes, as `fly orgs list` shows it'],
  slugs: [
    (value) => value.trim() === '*' || splitList(value).every(isOrgSlug),
    '`*`, or slugs of organizations with commas between them, as `fly orgs list` shows them',
  ],
  'app name': [isAppName, 'the name of an app: lower-case letters, digits and dashes'],
  'Fly.io token': [
    (value) => /^(?:(?:FlyV1|Bearer)\s+)*(?:fm2_|fm1r_|fm1a_|fo1_)[A-Za-z0-9+/=_-]/i.test(value.trim()),
    'a token of Fly.io: it starts with `FlyV1 fm2_`, `fm2_` or `fo1_`; `fly tokens create org` makes one',
  ],
  'Tigris key id': [
    (value) => /^tid_[\x21-\x7e]+$/.test(value),
    'the id of an access key of Tigris: it starts with `tid_`; `fly storage dashboard` makes a key',
  ],
  'Tigris secret': [
    (value) => /^tsec_[\x21-\x7e]+$/.test(value),
    'the secret of an access key of Tigris: it starts with `tsec_`, and is shown once, when the key is made',
  ],
};

/** What is wrong with the form of a value, if anything. */
export function badForm(form: Form, value: string): Complaint | undefined {
  const [fits, looks] = FORMS[form];
  return fits(value) ? undefined : `must be ${looks}`;
}
