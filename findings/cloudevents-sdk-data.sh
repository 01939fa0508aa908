#!/usr/bin/env bash
# cloudevents 10.0.0 (npm), the JavaScript SDK of CloudEvents. What becomes of an event's data and of its attributes:
#   data_base64           bytes come out as a Uint32Array, one element for each byte, also after the SDK's own round trip of a
#                         Uint8Array. Whoever sends a Uint32Array loses what is above a byte: [70000] is written as `cA==`, 0x70.
#   application/json      in binary mode a text is written without its quotes, so the body (hello) is no JSON; `null` comes back
#                         as the text "null"; the number 0 leaves as a number, not as text that could be sent.
#   application/vnd…+json left as text in binary mode, unlike application/json.
#   ce- header values     neither encoded nor decoded, although the HTTP binding (1.0.2, 3.1.3.2) percent-encodes them.
#   time                  an instant with an offset and microseconds is kept by the constructor; sending or receiving it in
#                         binary mode makes it UTC with milliseconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0

cat > run.js <<'JS'
import { CloudEvent, HTTP } from 'cloudevents';
const facts = { specversion: '1.0', id: '1', source: '/s', type: 't' };
const head = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' };
const event = (more) => new CloudEvent({ ...facts, ...more });
const structured = (more) =>
  HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ ...facts, ...more }),
  });
const binary = (body, more) => HTTP.toEvent({ headers: { ...head, 'content-type': 'application/json', ...more }, body });
const say = (name, ...values) => console.log(name, ...values.map((value) => JSON.stringify(value)));

const read = structured({ datacontenttype: 'application/octet-stream', data_base64: 'AQID' });
say('bytes in', read.data.constructor.name, [...read.data]);
const bytes = event({ datacontenttype: 'application/octet-stream', data: new Uint8Array([1, 2, 3]) });
say('round trip', HTTP.toEvent(HTTP.structured(bytes)).data.constructor.name);
say('wide', JSON.parse(HTTP.structured(event({ data: new Uint32Array([70000]) })).body).data_base64);
say('text out', HTTP.binary(event({ datacontenttype: 'application/json', data: 'hello' })).body);
say('number out', typeof HTTP.binary(event({ datacontenttype: 'application/json', data: 0 })).body);
say('null in', binary('null').data);
say('vendor in', binary('{"a":1}', { 'content-type': 'application/vnd.x+json' }).data);
say('header in', binary('{}', { 'ce-subject': 'two%20words' }).subject);
say('header out', HTTP.binary(event({ subject: 'two words' })).headers['ce-subject']);
const time = '2026-01-02T03:04:05.123456+02:00';
say('time', event({ time }).time, binary('{}', { 'ce-time': time }).time);
JS
node run.js | tee seen
diff seen - <<'SEEN'
bytes in "Uint32Array" [1,2,3]
round trip "Uint32Array"
wide "cA=="
text out "hello"
number out "number"
null in "null"
vendor in "{\"a\":1}"
header in "two%20words"
header out "two words"
time "2026-01-02T03:04:05.123456+02:00" "2026-01-02T01:04:05.123Z"
SEEN
echo 'as described'
