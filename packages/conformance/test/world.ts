import { runConformance, type Plan, type Report } from '@hangar/conformance';
import { Secret } from '@hangar/security';
import { CLIENT_ID, SECRETS, SLUG, type Running } from './providers/running.ts';

/** Aims cases at a provider, with everything that it and the tester were given. */
export async function aimAt(provider: Running, flyPort: number, change: Partial<Plan> = {}): Promise<Report> {
  return await runConformance({
    baseUrl: provider.baseUrl,
    secret: Secret.of(SECRETS.provisioning),
    secondSecret: Secret.of(SECRETS.second),
    webhookSecret: Secret.of(SECRETS.webhook),
    twin: { port: flyPort, slug: SLUG, clientId: CLIENT_ID, clientSecret: Secret.of(SECRETS.oauth) },
    triggerUrl: provider.triggerUrl,
    ...change,
  });
}

/** Ids with their sentences, for what did not pass. */
export function missed(report: Report): string[] {
  return report.results.flatMap(({ case: { id }, outcome }) =>
    outcome.tag === 'failed' || outcome.tag === 'broken' ? [`${id}: ${outcome.why}`] : [],
  );
}
