#!/usr/bin/env bash
# proxy-protocol-js 4.0.6 (npm), a parser of the PROXY protocol, and the TLVs that proxies put behind the addresses of a version 2
# header (a connection's unique id, say). The header's length covers them. The parser stops behind the addresses: what it calls `data`,
# the connection's own bytes, begins with the TLVs, and nothing in the result says where they end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts proxy-protocol-js@4.0.6

cat > run.cjs <<'JS'
const { V2ProxyProtocol } = require('proxy-protocol-js');
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
// 192.0.2.10:8080 to 192.0.2.1:443, then one TLV of type 5 with four bytes.
const addresses = Buffer.from('c000020ac00002011f9001bb', 'hex');
const tlv = Buffer.from([5, 0, 4, ...Buffer.from('abcd')]);
const header = (behind) => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + behind.length);
  return Buffer.concat([signature, Buffer.from([0x21, 0x11]), length, addresses, behind]);
};
for (const behind of [Buffer.alloc(0), tlv]) {
  const parsed = V2ProxyProtocol.parse(new Uint8Array(Buffer.concat([header(behind), Buffer.from('GET /')])));
  console.log(Object.keys(parsed).sort().join(' '), JSON.stringify(Buffer.from(parsed.data).toString('latin1')));
}
JS
node run.cjs | tee seen
diff seen - <<'SEEN'
addressFamilyType command data proxyAddress transportProtocol "GET /"
addressFamilyType command data proxyAddress transportProtocol "\u0005\u0000\u0004abcdGET /"
SEEN
echo 'as described'
