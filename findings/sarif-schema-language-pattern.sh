#!/usr/bin/env bash
# The JSON schema of SARIF 2.1.0 (rtm.5, as @microsoft/jest-sarif 1.0.0-beta.0 of npm carries it) is of draft 4, and its pattern for a run's
# `language` has a bracket too many: ajv 8.20.0 reads patterns with the `u` flag, where that is no regular expression, so the schema does not
# compile at all. Read without the flag it compiles, and then holds nothing: its first branch has no end, so `english` is a language, and the
# second, meant for `en-US`, asks for a `]`. A checker of SARIF needs ajv-draft-04 with `unicodeRegExp: false`, and a rule of its own for `language`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @microsoft/jest-sarif@1.0.0-beta.0 ajv@8.20.0 ajv-draft-04@1.0.0
cat > look.cjs <<'CODE'
const { readFileSync } = require('node:fs');
const { default: Ajv } = require('ajv');
const { default: Ajv4 } = require('ajv-draft-04');
const text = readFileSync('node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json', 'utf8');
const log = (language) => ({ version: '2.1.0', runs: [{ tool: { driver: { name: 'example' } }, results: [], language }] });
const ways = {
  ajv: () => new Ajv({ strict: false, validateFormats: false }),
  'ajv-draft-04': () => new Ajv4({ strict: false, validateFormats: false }),
  'ajv-draft-04 without u': () => new Ajv4({ strict: false, validateFormats: false, unicodeRegExp: false }),
};
for (const [name, make] of Object.entries(ways)) {
  try {
    const validate = make().compile(JSON.parse(text));
    console.log(`${name}: ${['en', 'en-US', 'english', '7'].map((one) => `${one} ${validate(log(one))}`).join(', ')}`);
  } catch ({ message }) {
    console.log(`${name}: ${message}`);
  }
}
CODE
node look.cjs | tee seen
diff seen - <<'SEEN'
ajv: no schema with key or ref "http://json-schema.org/draft-04/schema#"
ajv-draft-04: Invalid regular expression: /^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$/u: Lone quantifier brackets
ajv-draft-04 without u: en true, en-US true, english true, 7 false
SEEN
echo 'as described'
