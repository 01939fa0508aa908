import { systemClock } from '@hangar/http';
import { redactText } from '@hangar/security';
import { readConfig } from '../config.ts';
import { examine } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { failConfiguration, say } from '../processes/terminal.ts';

const MARKS = { fine: 'ok     ', wrong: 'WRONG  ', unknown: 'UNKNOWN' } as const;

/** `hangar doctor`: what is wrong before customers find it. Exit code 1 unless everything is fine. */
export async function doctor({ json }: { readonly json: boolean }): Promise<void> {
  const config = readConfig();
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  const findings = await examine(config.value, systemClock);
  const bad = findings.filter(({ verdict }) => verdict !== 'fine').length;
  const sums = { passed: findings.length - bad, failed: bad };
  if (json) say(redactText(JSON.stringify({ findings, ...sums })));
  else
    for (const line of [...findings.map(inLine), '', `${sums.passed} passed, ${sums.failed} failed`])
      say(line);
  process.exitCode = bad === 0 ? 0 : 1;
}

function inLine({ verdict, about, says, remedy }: Finding): string {
  return redactText(`${MARKS[verdict]} ${about}: ${says}.${remedy === undefined ? '' : ` ${remedy}`}`);
}
