#!/usr/bin/env bash
# lossless-json 4.3.3 (npm) promises a parse error on duplicate keys. It comes only when the two values differ: members that are
# written twice with equal values, objects and lists included, pass in silence, and `onDuplicateKey` is not called for them. Equal
# means equal in text: 1 beside 1.0 is an error. Whoever relies on it to refuse JSON that two readers could see differently
# still has to count keys where a repetition itself is a fault.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts lossless-json@4.3.3

cat > run.js <<'JS'
import { parse, stringify } from 'lossless-json';
for (const text of ['{"a":1,"a":2}', '{"a":1,"a":1.0}', '{"a":1,"a":1}', '{"a":{"b":[1]},"a":{"b":[1]}}']) {
  try {
    console.log(text, '->', stringify(parse(text)));
  } catch (error) {
    console.log(text, '->', error.message);
  }
}
let called = 0;
parse('{"a":1,"a":1}', null, { onDuplicateKey: () => (called += 1) });
console.log('onDuplicateKey called', called);
JS
node run.js | tee seen
diff seen - <<'SEEN'
{"a":1,"a":2} -> Duplicate key 'a' encountered at position 8
{"a":1,"a":1.0} -> Duplicate key 'a' encountered at position 8
{"a":1,"a":1} -> {"a":1}
{"a":{"b":[1]},"a":{"b":[1]}} -> {"a":{"b":[1]}}
onDuplicateKey called 0
SEEN
echo 'as described'
