import { type Files, ruleCases } from '../world.ts';

const TOKEN = 'FLY_API_TOKEN: ${{ secrets.FLY_API_TOKEN }}';
const SHA = '0123456789abcdef0123456789abcdef01234567';
const file = '.github/workflows/deploy.yml';

interface Parts {
  readonly on?: string;
  readonly top?: string;
  readonly job?: string;
  readonly before?: string;
  readonly step?: string;
}
/** A workflow that deploys, with something else in one place of it. */
const flow = ({
  on = 'push',
  top = '',
  job = '',
  before = '',
  step = `run: flyctl deploy\n        env:\n          ${TOKEN}`,
}: Parts): string =>
  `on: ${on}\n${top === '' ? '' : `${top}\n`}jobs:\n  deploy:\n    runs-on: ubuntu-latest\n${job === '' ? '' : `    ${job}\n`}    steps:\n${before === '' ? '' : `      - ${before}\n`}      - ${step}\n`;
const run = (command: string, more: Parts = {}) =>
  flow({ ...more, before: `run: ${JSON.stringify(command)}` });

ruleCases('HA301', {
  file,
  bad: [
    flow({ step: 'run: flyctl deploy\n        env:\n          FLY_API_TOKEN: ${{ secrets.FLY_ORG_TOKEN }}' }),
    flow({ top: 'env:\n  FLY_API_TOKEN: ${{ secrets.FLY_PERSONAL_TOKEN }}' }),
    run('export FLY_API_TOKEN=$(fly auth token)'),
    run('flyctl tokens create org -o acme'),
    flow({
      step: 'uses: ./.github/actions/deploy\n        with:\n          token: ${{ secrets.PERSONAL_FLY_API_TOKEN }}',
    }),
  ],
  good: [
    flow({}),
    flow({
      step: 'run: fly apps create x --org personal\n        env:\n          FLY_ORG: ${{ vars.FLY_ORG }}',
    }),
    flow({ step: 'run: fly deploy\n        env:\n          FLY_ORG: ${{ secrets.FLY_ORG }}' }),
    run('fly tokens create deploy -a heron -x 1h'),
    '# fly auth token\non: push\njobs: {}\n',
  ],
});

const head =
  'uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}';
ruleCases('HA302', {
  file,
  bad: [
    flow({ on: 'pull_request_target', before: head }),
    flow({ on: '[pull_request_target]', top: `env:\n  ${TOKEN}`, before: head, step: 'run: npm test' }),
    flow({
      on: 'workflow_run',
      before:
        'uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.workflow_run.head_sha }}',
    }),
    flow({ on: 'issue_comment', before: 'run: gh pr checkout ${{ github.event.issue.number }}' }),
    flow({
      on: '\n  pull_request_target:\n    types: [opened]',
      before: 'run: git fetch origin refs/pull/${{ github.event.number }}/merge',
    }),
  ],
  good: [
    flow({ on: 'pull_request_target', before: 'uses: actions/checkout@v4' }),
    flow({ on: 'pull_request', before: head }),
    flow({ on: 'workflow_run', before: 'uses: actions/checkout@v4' }),
    flow({ on: 'pull_request_target', before: head, step: 'run: npm test' }),
    flow({}),
  ],
});

ruleCases('HA303', {
  file,
  bad: [
    flow({ top: `env:\n  ${TOKEN}`, before: 'run: npm ci', step: 'run: fly deploy' }),
    flow({
      job: `env:\n      ${TOKEN}`,
      before: 'run: pip install -r requirements.txt',
      step: 'run: fly deploy',
    }),
    flow({
      on: 'pull_request',
      job: `env:\n      ${TOKEN}`,
      before: 'uses: someone/thing@v1',
      step: 'run: fly deploy',
    }),
    flow({ on: '[push, pull_request]', top: `env:\n  ${TOKEN}`, before: 'uses: actions/checkout@v4' }),
    flow({ top: `env:\n  ${TOKEN}`, before: 'uses: ./.github/actions/build', step: 'run: fly deploy' }),
  ],
  good: [
    flow({ before: 'run: npm ci' }),
    flow({ top: `env:\n  ${TOKEN}`, before: 'uses: actions/checkout@v4', step: 'run: fly deploy' }),
    flow({
      on: '[push, pull_request]',
      job: `if: github.ref == 'refs/heads/main'\n    env:\n      ${TOKEN}`,
      before: 'uses: actions/checkout@v4',
      step: 'run: fly deploy',
    }),
    flow({ job: `env:\n      ${TOKEN}`, step: 'run: fly deploy' }),
    flow({ on: 'pull_request', before: 'run: npm test', step: 'run: echo done' }),
  ],
});

ruleCases('HA304', {
  file,
  severity: 'medium',
  bad: [
    flow({ before: 'uses: superfly/flyctl-actions/setup-flyctl@master' }),
    flow({ before: 'uses: actions/checkout@main' }),
    flow({ before: 'uses: &a acme/tool@release/next' }),
    `on: push\njobs:\n  d:\n    uses: acme/flows/.github/workflows/fly.yml@stable\n    secrets:\n      t: \${{ secrets.FLY_API_TOKEN }}\n`,
    {
      '.github/workflows/x.yaml': flow({
        on: '{ push: { branches: [main] } }',
        before: 'uses: superfly/flyctl-actions@master',
      }),
    },
  ],
  good: [
    flow({ before: `uses: superfly/flyctl-actions/setup-flyctl@${SHA} # master` }),
    flow({ before: 'uses: actions/checkout@v4' }),
    flow({ before: 'uses: ./.github/actions/x' }),
    flow({ before: 'uses: docker://alpine:3' }),
    'on: push\njobs:\n  t:\n    steps:\n      - uses: actions/checkout@main\n',
  ],
});

ruleCases('HA305', {
  file,
  bad: [
    flow({}),
    flow({ top: 'permissions: write-all' }),
    'on: push\njobs:\n  a:\n    permissions: {}\n    steps: []\n  b:\n    steps: []\n',
    { '.github/workflows/b.yaml': 'on: [push]\njobs:\n  x:\n    steps: []\n' },
    'on:\n  schedule: [{ cron: "0 3 * * *" }]\njobs:\n  x:\n    uses: ./.github/workflows/y.yml\n',
  ],
  good: [
    flow({ top: 'permissions:\n  contents: read' }),
    flow({ top: 'permissions: {}' }),
    flow({ top: 'permissions: read-all' }),
    flow({ job: 'permissions: { contents: read }' }),
    'on: push\npermissions: { contents: read }\njobs: {}\n',
  ],
});

ruleCases('HA306', {
  file,
  severity: 'medium',
  bad: [
    flow({ on: 'pull_request' }),
    flow({ on: '[push, pull_request]' }),
    flow({
      on: '\n  pull_request:\n    branches: [main]',
      step: 'uses: superfly/flyctl-actions@1.5\n        with:\n          args: deploy --remote-only',
    }),
    flow({ on: '[push, pull_request]', job: 'if: success()' }),
    flow({ on: 'pull_request', step: 'run: |\n          flyctl deploy -c fly.staging.toml --remote-only' }),
  ],
  good: [
    flow({ on: 'pull_request', job: 'environment: staging' }),
    flow({}),
    flow({ on: '[push, pull_request]', job: "if: github.event_name == 'push'" }),
    flow({ on: 'pull_request', step: "run: fly deploy\n        if: github.ref == 'refs/heads/main'" }),
    flow({ on: 'pull_request', step: 'uses: superfly/fly-pr-review-apps@1.2.1' }),
    flow({ on: 'pull_request', step: 'run: flyctl deploy --build-only' }),
  ],
});

const held = { top: `env:\n  ${TOKEN}` };
ruleCases('HA307', {
  file,
  bad: [
    run('flyctl auth login --access-token ${{ secrets.FLY_API_TOKEN }}'),
    run('fly deploy -t "$FLY_API_TOKEN"'),
    run('echo $FLY_API_TOKEN', held),
    run('set -x\nflyctl deploy', held),
    run('curl -v -H "Authorization: Bearer $FLY_API_TOKEN" https://api.machines.dev/v1/apps'),
    { 'deploy.sh': 'flyctl deploy --access-token="$TOKEN"' },
  ],
  good: [
    run('docker build -t $IMAGE_TAG .'),
    run('echo "$FLY_API_TOKEN" | docker login -u x --password-stdin registry.fly.io'),
    run('set -e\nflyctl deploy', held),
    run('curl -H "Authorization: Bearer $FLY_API_TOKEN" https://api.machines.dev/v1/apps'),
    run('mix hex.organization auth acme --key $HEX_API_KEY'),
    { 'deploy.sh': '# fly deploy -t "$TOKEN"' },
  ],
});

ruleCases('HA308', {
  file,
  bad: [
    run('echo "${{ github.event.pull_request.title }}"'),
    run('git checkout ${{ github.head_ref }}'),
    run('echo ${{ github.event.head_commit.message }}'),
    run('echo "${{ github.event.comment.body }}"', { on: 'issue_comment' }),
    run('X=${{ toJSON(github.event.issue.title) }}'),
  ],
  good: [
    run('echo ${{ github.event.number }} ${{ github.sha }}'),
    flow({
      before: 'run: echo "$TITLE"\n        env:\n          TITLE: ${{ github.event.pull_request.title }}',
    }),
    run('echo ${{ github.event_name }} ${{ github.event.pull_request.number }}'),
    run('echo "${{ github.event.pull_request.title }}"', { step: 'run: npm test' }),
    run('echo ${{ github.event.pull_request.head.sha }}'),
  ],
});

ruleCases('HA309', {
  file,
  bad: [
    run('fly deploy --build-arg NPM_TOKEN=${{ secrets.NPM_TOKEN }}'),
    run('flyctl deploy -e "API_KEY=${{ secrets.API_KEY }}"'),
    run('fly machine run . --env DB=${{secrets.DB}}'),
    flow({
      step: "uses: superfly/flyctl-actions@1.5\n        with:\n          args: 'deploy --build-arg REMIX_TOKEN=${REMIX_TOKEN}'\n        env:\n          REMIX_TOKEN: ${{ secrets.REMIX_TOKEN }}",
    }),
    flow({
      step: 'run: |\n          flyctl deploy \\\n            --build-arg A=$A\n        env:\n          A: ${{ secrets.A }}',
    }),
  ],
  good: [
    run('fly deploy --build-secret NPM_TOKEN=${{ secrets.NPM_TOKEN }}'),
    run('flyctl secrets set API_KEY=${{ secrets.API_KEY }}'),
    run('fly deploy --env BUILD_TAG=${{ github.sha }}'),
    run('fly deploy --env REGION=${{ vars.REGION }}'),
    run('fly deploy --build-arg VERSION=1'),
  ],
});

const repository = (more: Files, text = flow({})): Files => ({ [file]: text, ...more });
ruleCases('HA310', {
  file,
  bad: [
    flow({}),
    flow({ before: 'run: npm test' }),
    repository({ '.github/workflows/test.yml': 'on: push\njobs: {}\n' }),
    repository({ 'docs/dependabot.yml': '' }),
    flow({ step: 'uses: superfly/flyctl-actions@1.5\n        with:\n          args: deploy' }),
  ],
  good: [
    repository({ '.github/dependabot.yml': 'version: 2\n' }),
    repository({ 'renovate.json': '{}' }),
    run('trivy image x'),
    repository({
      '.github/workflows/scan.yml': 'on: push\njobs:\n  a:\n    steps:\n      - run: npm audit\n',
    }),
    'on: push\njobs: {}\n',
  ],
});
