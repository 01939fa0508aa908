// One round of Fly.io's own library at the work of reference.bench.mjs. Prints microseconds of processor time, garbage collection
// included, of one verification and one minting.
//
//	go run . HEADER KEY SHARED_KEY SECONDS COUNT
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

// The moment is given: the windows of the header are about another time than today.
type access struct {
	*flyio.Access
	now time.Time
}

func (a access) Now() time.Time { return a.now }

func main() {
	header, key, shared := os.Args[1], unhex(os.Args[2]), unhex(os.Args[3])
	seconds := must(strconv.ParseInt(os.Args[4], 10, 64))
	count := must(strconv.Atoi(os.Args[5]))
	org, app, machine := uint64(4721), uint64(90017), "m1"
	asked := access{
		&flyio.Access{Action: resset.ActionControl, OrgID: &org, AppID: &app, Machine: &machine},
		time.Unix(seconds, 0),
	}
	trusted := map[string][]macaroon.EncryptionKey{flyio.LocationNewAuthentication: {shared}}

	verify := timed(count, func() {
		permission, discharges, err := macaroon.ParsePermissionAndDischargeTokens(header, flyio.LocationPermission)
		check(err)
		token := must(macaroon.Decode(permission))
		caveats := must(token.Verify(key, discharges, trusted))
		check(caveats.Validate(asked))
	})
	mint := timed(count, func() {
		token := must(macaroon.New([]byte{0, 0, 0, 0, 0, 0, 46, 212}, flyio.LocationPermission, key))
		apps := flyio.Apps{Apps: resset.ResourceSet[uint64, resset.Action]{app: resset.ActionAll}}
		features := flyio.FeatureSet{Features: resset.ResourceSet[string, resset.Action]{"wg": resset.ActionAll}}
		check(token.Add(
			&flyio.Organization{ID: org, Mask: resset.ActionAll},
			&macaroon.ValidityWindow{NotBefore: seconds, NotAfter: seconds + 86400},
			&resset.IfPresent{Ifs: macaroon.NewCaveatSet(&apps, &features), Else: resset.ActionRead},
		))
		check(token.Add3P(shared, flyio.LocationNewAuthentication))
		check(token.Add(&apps))
		must(token.String())
	})
	fmt.Printf("%.3f %.3f\n", verify, mint)
}

func timed(count int, work func()) float64 {
	for range count / 5 {
		work()
	}
	before := processorTime()
	for range count {
		work()
	}
	return float64(processorTime()-before) / float64(count) / 1000
}

func processorTime() int64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return used.Utime.Nano() + used.Stime.Nano()
}

func unhex(text string) []byte { return must(hex.DecodeString(text)) }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
