import type { Step } from '../story.ts';
import { billing } from './billing.ts';
import { branch } from './branch.ts';
import { bucket } from './bucket.ts';
import { crash } from './crash.ts';
import { environment } from './environment.ts';
import { leave } from './leave.ts';
import { login } from './login.ts';
import { narrow } from './narrow.ts';
import { provision } from './provision.ts';
import { signOn } from './sign-on.ts';

/** The one flow, in order (README, "What happens"). */
export const steps: readonly Step[] = [
  provision,
  environment,
  bucket,
  narrow,
  login,
  crash,
  signOn,
  billing,
  branch,
  leave,
];
