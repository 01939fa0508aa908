import {
  objection,
  PRIVATE_RANGE,
  privateCaveats,
  type PrivateCaveat,
  type PrivateCaveats,
  type Reader,
} from '@hangar/macaroon';

/**
 * Hangar's own caveats, as far as a page needs them: read and said in words. Whether they hold depends on facts that
 * only the server has. The authority has the whole definitions; a test holds these against them, byte for byte and
 * word for word.
 */
export function readableHangarCaveats(): PrivateCaveats {
  return privateCaveats(
    readable(1n, 'EnvCreate', (reader) => {
      reader.struct(6);
      const keyPrefix = reader.text();
      reader.text();
      for (let left = reader.array(64); left > 0; left -= 1) reader.text();
      const maxLive = reader.unsigned(100_000);
      const maxTtlSeconds = reader.unsigned(366 * 86_400);
      reader.textMap(() => reader.text());
      return (
        `May make environments whose key begins with ${keyPrefix}, ${maxLive} alive at once, ` +
        `each for ${maxTtlSeconds} seconds at most; touches no others.`
      );
    }),
    readable(2n, 'EnvLabels', (reader) => {
      reader.struct(1);
      const labels = [...reader.textMap(() => reader.text())];
      return `Only environments with ${labels.map(([label, value]) => `${label}=${value}`).join(', ')}.`;
    }),
    readable(3n, 'ExecLimit', (reader) => {
      reader.struct(3);
      const timeoutSeconds = reader.unsigned(3600);
      const maxOutputBytes = reader.unsigned(2 ** 30);
      const perMinute = reader.unsigned(1_000_000);
      return (
        `Commands run ${timeoutSeconds} seconds and print ${maxOutputBytes} bytes at most, ` +
        `${perMinute} a minute.`
      );
    }),
    readable(4n, 'Source', (reader) => {
      reader.struct(1);
      const cidrs: string[] = [];
      for (let left = reader.array(64); left > 0; left -= 1) cidrs.push(reader.text());
      return `Works only from ${cidrs.join(', ')}.`;
    }),
    readable(5n, 'Rate', (reader) => {
      reader.struct(1);
      return `At most ${reader.unsigned(1_000_000)} requests a minute.`;
    }),
    readable(6n, 'Spend', (reader) => {
      reader.struct(3);
      const amount = (reader.unsigned(Number.MAX_SAFE_INTEGER) / 100).toFixed(2);
      const currency = reader.text();
      const span = ['a day', 'a month', 'in all'][reader.unsigned(2)] ?? '';
      return `Creates and starts until it has cost ${amount} ${currency} ${span}.`;
    }),
  );
}

/** Hangar's block inside the range that is free for private use; the numbers are signed, so they never change. */
const BLOCK = PRIVATE_RANGE.first + 0x48_41_4e_47_00n;

/** A caveat that is its own sentence. It clears here so that the rest of a token can be judged without it. */
function readable(place: bigint, name: string, read: (reader: Reader) => string): PrivateCaveat<unknown> {
  return {
    number: BLOCK + place,
    name,
    read,
    write: () => objection('bad_caveat', 'A page makes no such caveat.'),
    clear: () => undefined,
    explain: String,
  };
}

/** True when a caveat is one that only the server can judge. */
export function isJudgedByServer(number: bigint): boolean {
  return number > BLOCK && number <= BLOCK + 6n;
}
