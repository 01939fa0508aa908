import type { Instruction } from '../../readers/dockerfile.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';

/** A checksum or a signature that is looked at in the same instruction. */
const VERIFIED =
  /\b(?:sha(?:1|224|256|384|512)sum|shasum|md5sum|cosign|minisign|gpg\s+(?:--\w+\s+)*--verify)\b|--checksum=/;
const PIPED =
  /\b(?:curl|wget)\s[^|;&]{0,2000}\|\s*(?:sudo\s+)?(?:env\s+)?(?:\w+=\S+\s+)*(?:ba|z|da)?sh\b|\b(?:ba)?sh\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\b/;
const MOVING_ARCHIVE = /\/archive\/(?:refs\/heads\/)?(?:master|main|HEAD)\.(?:tar\.gz|tgz|zip)/;
const PLAIN_DOWNLOAD = /\b(?:curl|wget)\b[^;&|]{0,2000}?["'\s=](http:\/\/[^\s"']{1,500})/g;
const LOCAL = /^http:\/\/(?:localhost|127\.|0\.0\.0\.0|\[::1\]|\$|[^/.]+(?:[:/]|$))/;

const unchecked: Rule = {
  id: 'HA405',
  severity: 'medium',
  title: 'Something is downloaded and run as it comes',
  reason: 'Whoever stands between, or takes over the address, puts their program into the image.',
  fix: 'Download a fixed version over https, and check it: `echo "SHA256  FILE" | sha256sum -c`, or `ADD --checksum=sha256:… ADDRESS FILE`.',
  source: pages.dockerBest,
  *check(project): Generator<Sighting> {
    for (const { file, instructions } of project.dockerfiles)
      for (const instruction of instructions) {
        const found = downloadOf(instruction);
        if (found === undefined) continue;
        yield { place: file.place(instruction.start, instruction.end), ...found };
      }
  },
};

function downloadOf({ name, rest, heredoc }: Instruction): Pick<Sighting, 'detail' | 'severity'> | undefined {
  if (name === 'ADD') {
    return /(?:^|\s)http:\/\//.test(rest) && !VERIFIED.test(rest)
      ? { detail: 'ADD takes a file over plain http' }
      : undefined;
  }
  if (name !== 'RUN') return undefined;
  const text = `${rest}\n${heredoc}`;
  if (text.length > 65_536 || VERIFIED.test(text)) return undefined;
  const plain = [...text.matchAll(PLAIN_DOWNLOAD)].some(([, address]) => !LOCAL.test(address ?? ''));
  if (plain) return { detail: 'a file comes over plain http, with no checksum' };
  if (PIPED.test(text)) return { detail: 'a script is piped from the network into a shell', severity: 'low' };
  if (/\b(?:curl|wget)\s[^|;&]{0,2000}\|\s*(?:sudo\s+)?(?:tar|bsdtar|gunzip|unzip)\b/.test(text))
    return { detail: 'an archive is unpacked as it comes, with no checksum', severity: 'low' };
  if (/\b(?:curl|wget)\s[^|;&]{0,2000}(?:-o|-O|>)\s*\S{0,200}\.sh\b/.test(text))
    return { detail: 'a script is downloaded, with no checksum', severity: 'low' };
  return MOVING_ARCHIVE.test(text)
    ? { detail: 'the archive of a branch is downloaded, with no checksum', severity: 'low' }
    : undefined;
}

const DEBUG_PORTS: ReadonlyMap<string, string> = new Map([
  ['22', 'SSH'],
  ['9229', 'the debugger of Node'],
  ['5005', 'the debugger of Java'],
  ['5678', 'the debugger of Python'],
]);

const wayIn: Rule = {
  id: 'HA406',
  severity: 'low',
  title: 'The image has a second way in',
  reason: 'A shell or a debugger that listens takes commands; `fly ssh console` needs neither.',
  fix: 'Delete the server and the EXPOSE, and use `fly ssh console` or `fly proxy PORT`.',
  source: pages.dockerBest,
  *check(project) {
    for (const { file, instructions } of project.dockerfiles)
      for (const { name, rest, start, end } of instructions) {
        const port =
          name === 'EXPOSE'
            ? rest
                .split(/\s+/)
                .map((one) => one.split('/')[0] ?? '')
                .find((one) => DEBUG_PORTS.has(one))
            : undefined;
        if (port !== undefined)
          yield { place: file.place(start, end), detail: `${DEBUG_PORTS.get(port)} is exposed`, key: port };
        else if (
          name === 'RUN' &&
          /\b(?:apt-get|apk|apt|dnf|yum)\b[^;&|]{0,4000}\b(?:install|add)\b[^;&|]{0,4000}\b(?:openssh-server|openssh|dropbear)\b(?!-client)/.test(
            rest.slice(0, 16_384),
          )
        )
          yield { place: file.place(start, end), detail: 'a server for SSH is installed', key: 'ssh' };
      }
  },
};

export const DOWNLOAD_RULES: readonly Rule[] = [unchecked, wayIn];
