package main

import (
	"context"
	"time"

	fly "github.com/superfly/fly-go"
	"github.com/superfly/fly-go/flaps"
)

func machineCalls(w *world) []call {
	ttl := 30
	config := func() *fly.MachineConfig {
		return &fly.MachineConfig{
			Image:    "nginx",
			Guest:    &fly.MachineGuest{CPUKind: "shared", CPUs: 1, MemoryMB: 256},
			Metadata: map[string]string{"fly_platform_version": "v2", "fly_process_group": "app"},
			Services: []fly.MachineService{{
				Protocol: "tcp", InternalPort: 80, Ports: []fly.MachinePort{{Port: fly.Pointer(80), Handlers: []string{"http"}}},
			}},
		}
	}
	simple := func(method string, run func(context.Context, *flaps.Client) error) call { return call{method, "", run} }
	wait := func(what string, options ...flaps.WaitOption) call {
		return call{"Wait", what, func(ctx context.Context, c *flaps.Client) error {
			return c.Wait(ctx, app, w.machine, append(options, flaps.WithWaitTimeout(20*time.Second))...)
		}}
	}
	list := func(method, what string, get func(context.Context, *flaps.Client) ([]*fly.Machine, error)) call {
		return call{method, what, func(ctx context.Context, c *flaps.Client) error {
			machines, err := get(ctx, c)
			return expect(err, len(machines) > 0 && machines[0].Config != nil, machines)
		}}
	}
	return []call{
		{"Launch", "", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.Launch(ctx, app, fly.LaunchMachineInput{Name: "one", Region: "ams", Config: config()})
			if err == nil {
				w.machine = made.ID
			}
			return expect(err, made != nil && made.Region == "ams" && made.PrivateIP != "" && made.InstanceID != "", made)
		}},
		wait("started", flaps.WithWaitStates("started")),
		{"Launch", "under a lease, not started", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.Launch(ctx, app, fly.LaunchMachineInput{Region: "fra", Config: config(), SkipLaunch: true, LeaseTTL: ttl})
			if err == nil {
				w.leased, w.leasedNonce = made.ID, made.LeaseNonce
			}
			return expect(err, made != nil && made.LeaseNonce != "" && made.State != "started", made)
		}},
		simple("Get", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.Get(ctx, app, w.machine)
			return expect(err, got != nil && got.State == "started" && len(got.Events) > 0 && got.ImageRef.Digest != "", got)
		}),
		list("GetMany", "", func(ctx context.Context, c *flaps.Client) ([]*fly.Machine, error) {
			return c.GetMany(ctx, app, []string{w.machine, w.leased})
		}),
		list("List", "", func(ctx context.Context, c *flaps.Client) ([]*fly.Machine, error) { return c.List(ctx, app, "") }),
		list("List", "of a state", func(ctx context.Context, c *flaps.Client) ([]*fly.Machine, error) {
			return c.List(ctx, app, "state=started")
		}),
		list("ListActive", "", func(ctx context.Context, c *flaps.Client) ([]*fly.Machine, error) { return c.ListActive(ctx, app) }),
		list("ListFlyAppsMachines", "", func(ctx context.Context, c *flaps.Client) ([]*fly.Machine, error) {
			machines, _, err := c.ListFlyAppsMachines(ctx, app)
			return machines, err
		}),
		simple("GetProcesses", func(ctx context.Context, c *flaps.Client) error {
			processes, err := c.GetProcesses(ctx, app, w.machine)
			return expect(err, len(processes) > 0 && processes[0].Pid > 0, processes)
		}),
		simple("Exec", func(ctx context.Context, c *flaps.Client) error {
			said, err := c.Exec(ctx, app, w.machine, &fly.MachineExecRequest{Cmd: "echo hello"})
			return expect(err, said != nil && said.ExitCode == 0 && said.StdOut == "hello\n", said)
		}),
		{"Exec", "of what ends with 1", func(ctx context.Context, c *flaps.Client) error {
			said, err := c.Exec(ctx, app, w.machine, &fly.MachineExecRequest{Cmd: "false"})
			return expect(err, said != nil && said.ExitCode == 1, said)
		}},
		simple("SetMetadata", func(ctx context.Context, c *flaps.Client) error {
			return c.SetMetadata(ctx, app, w.machine, "colour", "blue")
		}),
		simple("GetMetadata", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetMetadata(ctx, app, w.machine)
			return expect(err, got["colour"] == "blue", got)
		}),
		simple("DeleteMetadata", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteMetadata(ctx, app, w.machine, "colour")
		}),
		simple("Cordon", func(ctx context.Context, c *flaps.Client) error { return c.Cordon(ctx, app, w.machine, "") }),
		simple("Uncordon", func(ctx context.Context, c *flaps.Client) error { return c.Uncordon(ctx, app, w.machine, "") }),
		simple("AcquireLease", func(ctx context.Context, c *flaps.Client) error {
			lease, err := c.AcquireLease(ctx, app, w.machine, &ttl)
			if err == nil {
				w.nonce = lease.Data.Nonce
			}
			return expect(err, lease != nil && lease.Status == "success" && w.nonce != "", lease)
		}),
		simple("FindLease", func(ctx context.Context, c *flaps.Client) error {
			lease, err := c.FindLease(ctx, app, w.machine)
			return expect(err, lease != nil && lease.Data.Owner != "" && lease.Data.ExpiresAt > 0, lease)
		}),
		simple("RefreshLease", func(ctx context.Context, c *flaps.Client) error {
			lease, err := c.RefreshLease(ctx, app, w.machine, &ttl, w.nonce)
			return expect(err, lease != nil && lease.Data.Nonce == w.nonce, lease)
		}),
		simple("Update", func(ctx context.Context, c *flaps.Client) error {
			changed := config()
			changed.Env = map[string]string{"A": "1"}
			got, err := c.Update(ctx, app, fly.LaunchMachineInput{ID: w.machine, Name: "one", Region: "ams", Config: changed}, w.nonce)
			return expect(err, got != nil && got.Config.Env["A"] == "1", got)
		}),
		wait("settled", flaps.WithWaitStates("settled")),
		simple("ReleaseLease", func(ctx context.Context, c *flaps.Client) error {
			return c.ReleaseLease(ctx, app, w.machine, w.nonce)
		}),
		{"ReleaseLease", "of the machine that came with one", func(ctx context.Context, c *flaps.Client) error {
			return c.ReleaseLease(ctx, app, w.leased, w.leasedNonce)
		}},
		simple("Suspend", func(ctx context.Context, c *flaps.Client) error { return c.Suspend(ctx, app, w.machine, "") }),
		wait("suspended", flaps.WithWaitStates("suspended")),
		simple("Start", func(ctx context.Context, c *flaps.Client) error {
			said, err := c.Start(ctx, app, w.machine, "")
			return expect(err, said != nil && said.PreviousState == "suspended", said)
		}),
		wait("one of two states", flaps.WithWaitStates("started", "stopped")),
		simple("Restart", func(ctx context.Context, c *flaps.Client) error {
			return c.Restart(ctx, app, fly.RestartMachineInput{ID: w.machine, Timeout: 5 * time.Second, Signal: "SIGTERM"}, "")
		}),
		wait("settled again", flaps.WithWaitStates("settled")),
		simple("Stop", func(ctx context.Context, c *flaps.Client) error {
			return c.Stop(ctx, app, fly.StopMachineInput{ID: w.machine}, "")
		}),
		wait("stopped", flaps.WithWaitStates("stopped")),
		{"Start", "again", func(ctx context.Context, c *flaps.Client) error {
			_, err := c.Start(ctx, app, w.machine, "")
			return err
		}},
		wait("started again", flaps.WithWaitStates("started")),
		simple("Kill", func(ctx context.Context, c *flaps.Client) error { return c.Kill(ctx, app, w.machine) }),
		simple("Destroy", func(ctx context.Context, c *flaps.Client) error {
			return c.Destroy(ctx, app, fly.RemoveMachineInput{ID: w.machine, Kill: true}, "")
		}),
		{"Destroy", "what never started", func(ctx context.Context, c *flaps.Client) error {
			return c.Destroy(ctx, app, fly.RemoveMachineInput{ID: w.leased, Kill: true}, "")
		}},
	}
}
