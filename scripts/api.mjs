/** docs/api.md from the gateway's table of routes, the routes about tokens and the public list of the Machines API's operations. */
export function apiPage({ routes, tokenRoutes, operations, actions }) {
  const kept = new Set();
  const rowOf = ({ method, path }) => {
    const token = tokenRoutes.find((one) => one.method === method && one.path === path);
    if (token !== undefined) return tokenRow(token);
    const route = routes.find((one) => one.method === method && shape(one.pattern) === shape(path));
    if (route === undefined) throw new Error(`${method} ${path} has no row in the table of routes`);
    kept.add(route);
    return routeRow(route, path);
  };
  const published = operations.map(rowOf);
  const others = routes.filter((route) => !kept.has(route));
  const own = others.filter(({ pattern }) => pattern.startsWith('/hangar/'));
  const clients = others.filter(({ pattern }) => !pattern.startsWith('/hangar/'));
  const refusedCount = [...kept].filter(({ treatment }) => treatment.kind === 'refuse').length;

  return `# What the gateway answers

Generated from \`packages/gateway/src/request/routes.ts\` by \`npm run generate\`. This is the mode \`swap\`, in which a token of Hangar comes in and the
operator's goes upstream: what is not here is 404 and never forwarded. [Passthrough](guides/passthrough.md), where the caller's own token goes
upstream, differs.

- **passed on**: judged, its body checked member by member, sent with the operator's token; what belongs to others is cut out of the answer.
- **carried out**: Hangar makes the calls itself, under the name that the audit trail has too.
- **refused**: with the sentence that stands here, after the token was judged.

The permission is what a token must allow, and about what; a list is cut to what the token may see.

## The Machines API

All ${operations.length} operations of the [public document](sources.md#machines-api); ${refusedCount} of those about apps are refused.

${table(HEAD, published)}

## What flyctl asks of api.fly.io

${table(
  HEAD,
  clients.map((route) => routeRow(route, route.pattern)),
)}

## Hangar's own

Tokens are made, listed, narrowed and revoked at \`/hangar/v1/tokens\`: [the guide](guides/tokens-on-the-command-line.md).

${table(
  HEAD,
  own.map((route) => routeRow(route, route.pattern)),
)}
`;

  function verbs(mask) {
    return VERBS.filter((verb) => (mask & actions[verb]) !== 0);
  }

  function routeRow({ method, action, resource, treatment, id }, path) {
    const permission = action === 0 ? 'any token' : `${verbs(action).join(', ')}: ${ABOUT[resource]}`;
    return [method, code(path), does(treatment, id), permission];
  }
}

const VERBS = ['read', 'write', 'create', 'delete', 'control'];
const HEAD = ['Method', 'Path', 'What Hangar does', 'Permission'];
const ABOUT = {
  workspace: 'the workspace',
  app: 'the app',
  machine: 'the machine',
  volume: 'the volume',
  list: 'what is listed',
};

function does(treatment, id) {
  switch (treatment.kind) {
    case 'forward':
      return `passed on as \`${id}\``;
    case 'handle':
      return `carried out as \`${id}\``;
    case 'refuse':
      return `refused: ${treatment.sentence}`;
    default:
      throw new Error(`nobody knows what ${treatment.kind} means`);
  }
}

function tokenRow({ method, path, what, refused }) {
  return [
    method,
    code(path),
    refused === undefined ? `carried out: ${what}` : `refused: ${refused}`,
    path.endsWith('/current') ? 'any token' : 'none',
  ];
}

/** A path without the names of its parameters. */
function shape(path) {
  return path.replaceAll(/\{[^}]+\}/g, '{}');
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function code(text) {
  return `\`${text}\``;
}
