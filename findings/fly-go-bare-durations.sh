#!/usr/bin/env bash
# superfly/fly-go 0.9.3 (Go), the client that flyctl is built on, reading JSON as a machine's configuration:
#   a bare number where a duration stands is NANOSECONDS (10 is 10ns, 1.5 is 1ns), for checks and for `stop_config.timeout`
#   the same number in quotes is refused
#   `autostop` "off" and "stop" are written back as false and true, "suspend" as text: what comes back is not what was sent
# A file that means ten seconds with 10 passes, and a check runs as often as it can.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf 'module seen\n\ngo 1.21\n' > go.mod
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	fly "github.com/superfly/fly-go"
)

func show[T any](text string) {
	var read T
	err := json.Unmarshal([]byte(text), &read)
	written, _ := json.Marshal(read)
	fmt.Println(text, "->", string(written), err)
}

func main() {
	show[fly.MachineCheck](`{"interval":10}`)
	show[fly.MachineCheck](`{"interval":1.5}`)
	show[fly.MachineCheck](`{"interval":"10"}`)
	show[fly.MachineCheck](`{"interval":"10s"}`)
	show[fly.StopConfig](`{"timeout":30}`)
	show[fly.MachineService](`{"autostop":"off"}`)
	show[fly.MachineService](`{"autostop":"stop"}`)
	show[fly.MachineService](`{"autostop":"suspend"}`)
}
GO
go get github.com/superfly/fly-go@v0.9.3 >/dev/null 2>&1
go run . | tee seen
diff seen - <<'SEEN'
{"interval":10} -> {"interval":"10ns"} <nil>
{"interval":1.5} -> {"interval":"1ns"} <nil>
{"interval":"10"} -> {"interval":"0s"} time: missing unit in duration "10"
{"interval":"10s"} -> {"interval":"10s"} <nil>
{"timeout":30} -> {"timeout":"30ns"} <nil>
{"autostop":"off"} -> {"autostop":false,"force_instance_key":null} <nil>
{"autostop":"stop"} -> {"autostop":true,"force_instance_key":null} <nil>
{"autostop":"suspend"} -> {"autostop":"suspend","force_instance_key":null} <nil>
SEEN
echo 'as described'
