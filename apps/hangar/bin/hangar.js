#!/usr/bin/env node
// Beside dist, not in it: npm links the command while it installs, which is before anything is built.
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write('Hangar is not built yet. Run `npm start`, or `npm run build`.\n');
  process.exitCode = 1;
}
