#!/usr/bin/env bash
# MessagePack in JavaScript and in Go, which meet in every macaroon of Fly.io: how whole numbers and bytes are written.
#   msgpackr 2.1.4, msgpack-lite 0.2.2  write a whole number of 2^32 or more as a float64 (cb), although it fits a uint64; a time in
#                                       milliseconds is such a number
#   @msgpack/msgpack 3.1.3, msgpack5 6.1.0, notepack.io 3.0.1  write a uint64 (cf)
#   vmihailenco/msgpack 5.4.1 (Go)      refuses the float where the field is a uint64
#   msgpackr                            writes the length of an object of one member in two bytes (de 00 01), and reads a small number
#                                       that was written as a uint64 as a bigint
#   msgpack-lite                        writes a Uint8Array as an extension of its own (d5 12, c7 .. 12), a Buffer as bytes (c4)
# A token whose parts went through one of the first two has other bytes, and so another signature, than the Go library makes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts \
  msgpackr@2.1.4 msgpack-lite@0.2.2 @msgpack/msgpack@3.1.3 msgpack5@6.1.0 notepack.io@3.0.1

cat > run.cjs <<'JS'
const msgpackr = require('msgpackr');
const lite = require('msgpack-lite');
const official = require('@msgpack/msgpack');
const five = require('msgpack5')();
const notepack = require('notepack.io');
const write = {
  msgpackr: (value) => msgpackr.pack(value),
  'msgpack-lite': (value) => lite.encode(value),
  '@msgpack/msgpack': (value) => official.encode(value),
  msgpack5: (value) => five.encode(value).slice(),
  'notepack.io': (value) => notepack.encode(value),
};
const hex = (bytes) => Buffer.from(bytes).toString('hex');
for (const [name, encode] of Object.entries(write))
  console.log(name, hex(encode(4294967295)), hex(encode(4294967296)), hex(encode({ a: 1 })), hex(encode(new Uint8Array([1, 2]))));
console.log('read', typeof msgpackr.unpack(Buffer.from('cf0000000000000007', 'hex')), typeof official.decode(Buffer.from('cf0000000000000007', 'hex')));
JS
node run.cjs | tee seen

if command -v go >/dev/null; then
  printf 'module seen\n\ngo 1.21\n' > go.mod
  cat > main.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

func main() {
	for _, text := range []string{"cf0000000100000000", "cb41f0000000000000"} {
		bytes, _ := hex.DecodeString(text)
		var number uint64
		err := msgpack.Unmarshal(bytes, &number)
		fmt.Println("go", text, number, err)
	}
}
GO
  go get github.com/vmihailenco/msgpack/v5@v5.4.1 >/dev/null 2>&1
  go run . | tee -a seen
else
  echo 'no Go here: its two lines are not looked at'
  printf 'go cf0000000100000000 4294967296 <nil>\ngo cb41f0000000000000 0 msgpack: invalid code=cb decoding uint64\n' >> seen
fi
diff seen - <<'SEEN'
msgpackr ceffffffff cb41f0000000000000 de0001a16101 c4020102
msgpack-lite ceffffffff cb41f0000000000000 81a16101 d5120102
@msgpack/msgpack ceffffffff cf0000000100000000 81a16101 c4020102
msgpack5 ceffffffff cf0000000100000000 81a16101 c4020102
notepack.io ceffffffff cf0000000100000000 81a16101 c4020102
read bigint number
go cf0000000100000000 4294967296 <nil>
go cb41f0000000000000 0 msgpack: invalid code=cb decoding uint64
SEEN
echo 'as described'
