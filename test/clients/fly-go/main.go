// Calls every method of the Machines client of superfly/fly-go, in an order in which each has something to do. Before each call it waits
// for a line on its input, and after each it says in one line of JSON what became of it; the last line names the methods that were not
// called. FLY_FLAPS_BASE_URL and FLY_ACCESS_TOKEN say where and as whom.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"

	"github.com/superfly/fly-go/flaps"
	"github.com/superfly/fly-go/tokens"
)

// A call by the name of its method; what tells it from other calls of that method; the call.
type call struct {
	method, what string
	run          func(context.Context, *flaps.Client) error
}

type outcome struct {
	Call  string `json:"call"`
	Works bool   `json:"works"`
	Error string `json:"error,omitempty"`
}

// NewRequest only makes a request for others to send.
const makesOnly = "NewRequest"

func main() {
	ctx := context.Background()
	client, err := flaps.NewWithOptions(ctx, flaps.NewClientOpts{
		UserAgent: "hangar-clients",
		Tokens:    tokens.Parse(os.Getenv("FLY_ACCESS_TOKEN")),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	input := bufio.NewScanner(os.Stdin)
	called := map[string]bool{makesOnly: true}
	for _, one := range calls() {
		if !input.Scan() {
			os.Exit(1)
		}
		called[one.method] = true
		name := one.method
		if one.what != "" {
			name += ": " + one.what
		}
		said := outcome{Call: name, Works: true}
		if err := one.run(ctx, client); err != nil {
			said.Works, said.Error = false, err.Error()
		}
		say(said)
	}
	uncalled := []string{}
	methods := reflect.TypeOf(client)
	for i := 0; i < methods.NumMethod(); i++ {
		if name := methods.Method(i).Name; !called[name] {
			uncalled = append(uncalled, name)
		}
	}
	sort.Strings(uncalled)
	say(map[string]any{"uncalled": uncalled})
}

func say(what any) {
	text, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
