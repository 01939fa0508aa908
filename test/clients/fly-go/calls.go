package main

import (
	"context"
	"errors"
	"fmt"

	fly "github.com/superfly/fly-go"
	"github.com/superfly/fly-go/flaps"
)

const (
	app = "gopher"
	org = "operator"
)

// What earlier calls gave and later ones need.
type world struct {
	machine, nonce, leased, leasedNonce string
	volume, fork                        string
	secretsVersion                      uint64
	address                             string
	ciphertext, signature               []byte
}

func calls() []call {
	w := &world{}
	all := appCalls(w)
	all = append(all, secretCalls(w)...)
	all = append(all, keyCalls(w)...)
	all = append(all, volumeCalls(w)...)
	all = append(all, addressCalls(w)...)
	all = append(all, certificateCalls(w)...)
	all = append(all, machineCalls(w)...)
	all = append(all, postgresCalls()...)
	return append(all, call{"DeleteApp", "", func(ctx context.Context, c *flaps.Client) error {
		return c.DeleteApp(ctx, app)
	}})
}

// An error unless a call gave what it should.
func expect(err error, good bool, what ...any) error {
	if err == nil && !good {
		return errors.New("unexpected: " + fmt.Sprintf("%+v", what))
	}
	return err
}

func appCalls(w *world) []call {
	available := func(want bool) func(context.Context, *flaps.Client) error {
		return func(ctx context.Context, c *flaps.Client) error {
			got, err := c.AppNameAvailable(ctx, app)
			return expect(err, got == want, got)
		}
	}
	listed := func(role string, want int) func(context.Context, *flaps.Client) error {
		return func(ctx context.Context, c *flaps.Client) error {
			apps, err := c.ListApps(ctx, flaps.ListAppsRequest{OrgSlug: org, AppRole: role})
			return expect(err, len(apps) == want, apps)
		}
	}
	return []call{
		{"AppNameAvailable", "a free name", available(true)},
		{"CreateApp", "", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.CreateApp(ctx, flaps.CreateAppRequest{Name: app, Org: org})
			return expect(err, made != nil && made.Name == app && made.Organization.Slug == org && made.InternalNumericID > 0, made)
		}},
		{"WaitForApp", "", func(ctx context.Context, c *flaps.Client) error { return c.WaitForApp(ctx, app) }},
		{"AppNameAvailable", "a name that is taken", available(false)},
		{"GetApp", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetApp(ctx, app)
			return expect(err, got != nil && got.Status == "pending" && got.CnameTarget != "", got)
		}},
		{"ListApps", "of an organization", listed("", 1)},
		{"ListApps", "of a role", listed("remote-docker-builder", 0)},
		{"GetRegions", "", func(ctx context.Context, c *flaps.Client) error {
			data, err := c.GetRegions(ctx)
			return expect(err, data != nil && len(data.Regions) > 0 && data.Nearest != "", data)
		}},
		{"GetPlacements", "", func(ctx context.Context, c *flaps.Client) error {
			places, err := c.GetPlacements(ctx, &flaps.GetPlacementsRequest{Region: "ams", Count: 1, Org: org})
			return expect(err, len(places) > 0, places)
		}},
	}
}

func secretCalls(w *world) []call {
	value := "two"
	return []call{
		{"SetAppSecret", "", func(ctx context.Context, c *flaps.Client) error {
			set, err := c.SetAppSecret(ctx, app, "ONE", "one")
			if err == nil {
				w.secretsVersion = set.Version
			}
			return expect(err, set != nil && set.Name == "ONE" && set.Version > 0, set)
		}},
		{"GetAppSecrets", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetAppSecrets(ctx, app, "ONE", nil, false)
			return expect(err, got != nil && got.Digest != "" && got.Value == nil, got)
		}},
		{"GetAppSecrets", "with its value, since a version", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetAppSecrets(ctx, app, "ONE", &w.secretsVersion, true)
			return expect(err, got != nil && got.Value != nil && *got.Value == "one", got)
		}},
		{"UpdateAppSecrets", "", func(ctx context.Context, c *flaps.Client) error {
			updated, err := c.UpdateAppSecrets(ctx, app, map[string]*string{"ONE": nil, "TWO": &value})
			return expect(err, updated != nil && updated.Version > w.secretsVersion && len(updated.Secrets) == 1, updated)
		}},
		{"ListAppSecrets", "", func(ctx context.Context, c *flaps.Client) error {
			list, err := c.ListAppSecrets(ctx, app, nil, false)
			return expect(err, len(list) == 1 && list[0].Name == "TWO", list)
		}},
		{"DeleteAppSecret", "", func(ctx context.Context, c *flaps.Client) error {
			deleted, err := c.DeleteAppSecret(ctx, app, "TWO")
			return expect(err, deleted != nil && deleted.Version > w.secretsVersion, deleted)
		}},
	}
}

func addressCalls(w *world) []call {
	assign := func(kind string, shared bool) call {
		return call{"AssignIP", kind, func(ctx context.Context, c *flaps.Client) error {
			got, err := c.AssignIP(ctx, app, flaps.AssignIPRequest{Type: kind, Organization: org})
			if err == nil {
				w.address = got.IP
			}
			return expect(err, got != nil && got.IP != "" && got.Shared == shared, got)
		}}
	}
	return []call{
		assign("v4", false),
		assign("shared_v4", true),
		assign("private_v6", false),
		assign("v6", false),
		{"GetIPAssignments", "", func(ctx context.Context, c *flaps.Client) error {
			list, err := c.GetIPAssignments(ctx, app)
			return expect(err, list != nil && len(list.IPs) == 4, list)
		}},
		{"DeleteIPAssignment", "", func(ctx context.Context, c *flaps.Client) error {
			return c.DeleteIPAssignment(ctx, app, w.address)
		}},
	}
}

func volumeCalls(w *world) []call {
	size, days, off := 1, 9, false
	listed := func(name string, list func(context.Context, *flaps.Client) ([]fly.Volume, error)) call {
		return call{name, "", func(ctx context.Context, c *flaps.Client) error {
			volumes, err := list(ctx, c)
			return expect(err, len(volumes) == 1, volumes)
		}}
	}
	return []call{
		{"CreateVolume", "", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.CreateVolume(ctx, app, fly.CreateVolumeRequest{Name: "data", Region: "ams", SizeGb: &size})
			if err == nil {
				w.volume = made.ID
			}
			return expect(err, made != nil && made.Region == "ams" && made.SizeGb == 1 && !made.CreatedAt.IsZero(), made)
		}},
		{"GetVolume", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.GetVolume(ctx, app, w.volume)
			return expect(err, got != nil && got.ID == w.volume && !got.IsAttached(), got)
		}},
		listed("GetVolumes", func(ctx context.Context, c *flaps.Client) ([]fly.Volume, error) { return c.GetVolumes(ctx, app) }),
		listed("GetAllVolumes", func(ctx context.Context, c *flaps.Client) ([]fly.Volume, error) { return c.GetAllVolumes(ctx, app) }),
		{"UpdateVolume", "", func(ctx context.Context, c *flaps.Client) error {
			got, err := c.UpdateVolume(ctx, app, w.volume, fly.UpdateVolumeRequest{SnapshotRetention: &days, AutoBackupEnabled: &off})
			return expect(err, got != nil && got.SnapshotRetention == days && !got.AutoBackupEnabled, got)
		}},
		{"ExtendVolume", "", func(ctx context.Context, c *flaps.Client) error {
			got, _, err := c.ExtendVolume(ctx, app, w.volume, 2)
			return expect(err, got != nil && got.SizeGb == 2, got)
		}},
		{"CreateVolumeSnapshot", "", func(ctx context.Context, c *flaps.Client) error {
			return c.CreateVolumeSnapshot(ctx, app, w.volume)
		}},
		{"GetVolumeSnapshots", "", func(ctx context.Context, c *flaps.Client) error {
			list, err := c.GetVolumeSnapshots(ctx, app, w.volume)
			return expect(err, len(list) == 1, list)
		}},
		{"CreateVolume", "a fork", func(ctx context.Context, c *flaps.Client) error {
			made, err := c.CreateVolume(ctx, app, fly.CreateVolumeRequest{Name: "data", SourceVolumeID: &w.volume})
			if err == nil {
				w.fork = made.ID
			}
			return expect(err, made != nil && made.Region == "ams" && made.SizeGb == 2, made)
		}},
		{"DeleteVolume", "", func(ctx context.Context, c *flaps.Client) error {
			_, err := c.DeleteVolume(ctx, app, w.fork)
			return err
		}},
	}
}

func postgresCalls() []call {
	return []call{
		{"CreateManagedPostgresCluster", "", func(ctx context.Context, c *flaps.Client) error {
			_, err := c.CreateManagedPostgresCluster(ctx, flaps.CreateManagedPostgresClusterRequest{
				OrgSlug: org, Name: "db", Region: "ams", Plan: "basic",
			})
			return err
		}},
		{"GetManagedPostgresCluster", "", func(ctx context.Context, c *flaps.Client) error {
			_, err := c.GetManagedPostgresCluster(ctx, "cluster")
			return err
		}},
		{"GetManagedPostgresUserCredentials", "", func(ctx context.Context, c *flaps.Client) error {
			_, err := c.GetManagedPostgresUserCredentials(ctx, "cluster", "user")
			return err
		}},
	}
}
