#!/usr/bin/env bash
# pg-boss 12.38.0 on PGlite 0.5.17: a schedule with a sixth cron field, for seconds, is taken without a word. Its jobs come once a
# minute all the same, also when the monitor looks every second. "Every ten seconds" has run twice or three times after 100 seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts pg-boss@12.38.0 @electric-sql/pglite@0.5.17

cat > run.js <<'JS'
import { PGlite } from '@electric-sql/pglite';
import { fromPglite, PgBoss } from 'pg-boss';

const database = new PGlite();
const boss = new PgBoss({ db: fromPglite(database), backend: 'pglite', cronMonitorIntervalSeconds: 1 });
boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue('beat');
await boss.schedule('beat', '*/10 * * * * *');
let runs = 0;
await boss.work('beat', { pollingIntervalSeconds: 0.5 }, async () => void (runs += 1));
await new Promise((resolve) => setTimeout(resolve, 100_000));
await boss.stop();
console.log(runs >= 1 && runs <= 3 ? 'one to three runs in 100 seconds' : `${runs} runs in 100 seconds`);
process.exit(0);
JS
node run.js | tee seen
diff seen - <<'SEEN'
one to three runs in 100 seconds
SEEN
echo 'as described'
