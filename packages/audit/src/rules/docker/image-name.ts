const DISTRIBUTIONS = /^(?:debian|ubuntu|buildpack-deps)$/;
const RELEASES =
  /^(?:buster|bullseye|bookworm|trixie|forky|xenial|bionic|focal|jammy|noble|plucky|questing)(?:-|$)/;

/** What a name of an image promises: these bytes, this version, or whatever is there. */
export function imageTag(image: string): 'digest' | 'version' | 'moving' {
  if (/@sha(?:256|512):[0-9a-f]{64,128}$/.test(image)) return 'digest';
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  const tag = colon === -1 ? '' : name.slice(colon + 1);
  if (tag === '' || /^(?:latest|nightly|edge)$/i.test(tag)) return 'moving';
  // A release of a distribution is its version; for what is built on one it is not.
  if (DISTRIBUTIONS.test(name.slice(0, colon)) && RELEASES.test(tag)) return 'version';
  if (/^(?:nonroot|debug)/.test(tag)) return /\d/.test(name) ? 'version' : 'moving';
  return /\d/.test(tag) ? 'version' : 'moving';
}
