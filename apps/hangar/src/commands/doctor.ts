import { ok, type Result, systemClock } from '@hangar/http';
import { redactText } from '@hangar/security';
import { type ConfigProblem, processEnvironment, readConfig } from '../config.ts';
import { isPassthrough, readPassthroughConfig } from '../config/passthrough.ts';
import { examine, examinePassthrough } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { failConfiguration, say } from '../processes/terminal.ts';

const MARKS = { fine: 'ok     ', wrong: 'WRONG  ', unknown: 'UNKNOWN' } as const;

/** `hangar doctor`: what is wrong before customers find it. Exit code 1 unless everything is fine. */
export async function doctor({ json }: { readonly json: boolean }): Promise<void> {
  const examined = await examineInMode();
  if (!examined.ok) {
    failConfiguration(examined.reason);
    return;
  }
  const findings = examined.value;
  const bad = findings.filter(({ verdict }) => verdict !== 'fine').length;
  const sums = { passed: findings.length - bad, failed: bad };
  if (json) say(redactText(JSON.stringify({ findings, ...sums })));
  else
    for (const line of [...findings.map(inLine), '', `${sums.passed} passed, ${sums.failed} failed`])
      say(line);
  process.exitCode = bad === 0 ? 0 : 1;
}

async function examineInMode(): Promise<Result<readonly Finding[], readonly ConfigProblem[]>> {
  const environment = processEnvironment();
  if (isPassthrough(environment)) {
    const config = readPassthroughConfig(environment);
    return config.ok ? ok(await examinePassthrough(config.value, systemClock)) : config;
  }
  const config = readConfig(environment);
  return config.ok ? ok(await examine(config.value, systemClock)) : config;
}

function inLine({ verdict, about, says, remedy }: Finding): string {
  return redactText(`${MARKS[verdict]} ${about}: ${says}.${remedy === undefined ? '' : ` ${remedy}`}`);
}
