package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// sweepOptions are the flags of sweep.
type sweepOptions struct {
	profile, region, endpoint string
	run                       string
	older                     string // a duration
	olderThan                 time.Duration
	dryRun                    bool
}

func newSweep() *cobra.Command {
	o := &sweepOptions{}
	c := &cobra.Command{
		Use:   "sweep",
		Short: "Remove what interrupted runs left behind",
		Long: `Removes what interrupted runs left behind.

The ledgers of runs that died say what they created, and where; everything in them is removed. Then listeners (rules and
queues named rehearse-…) are searched by name and tag in each place that a ledger names, and in the one that these flags or
the AWS settings name. Runs that live are left alone: on this machine their ledger is locked; those of other machines
renew a lease, which a tag holds. Objects, items and executions are found by ledger only.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.sweep(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be removed")
	f.StringVar(&o.run, "run", "", "only this run, by its id")
	f.StringVar(&o.older, "older-than", "", "only runs that began longer ago, such as 2h")
	f.StringVar(&o.profile, "profile", "", "a profile of the AWS configuration")
	f.StringVar(&o.region, "region", "", "the AWS region to search by name and tag")
	f.StringVar(&o.endpoint, "endpoint-url", "", "where AWS is served, for emulators")
	return c
}

func (o *sweepOptions) sweep(ctx context.Context, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	folder, err := ledger.Folder()
	if err != nil {
		return exit{runner.ExitUnusable, fmt.Errorf("there is no folder for ledgers: %w; set REHEARSE_STATE_DIR", err)}
	}
	here, hereErr := awsclient.Connect(ctx, awsclient.Settings{Profile: o.profile, Region: o.region, EndpointURL: o.endpoint})
	if hereErr != nil && o.profile+o.region+o.endpoint != "" && ctx.Err() == nil {
		return exit{runner.ExitUnusable, hereErr}
	}
	w := &sweepWriter{out: stdout}
	s := &ledger.Sweep{
		Folder: folder, Reapers: ledger.ReapersOf(catalogue.Kinds()), Connect: o.connect, Here: here,
		Run: o.run, OlderThan: o.olderThan, DryRun: o.dryRun, Tell: w.group,
		Wait: func(run string, d time.Duration) {
			fmt.Fprintf(stderr, "run %s died just now: waiting %s until all that it created can be seen\n", run, d.Round(time.Second))
		},
	}
	swept, err := s.Do(ctx)
	switch {
	case err != nil:
		return exit{runner.ExitUnusable, err}
	case ctx.Err() != nil:
		w.summary(o, swept)
		return exit{runner.ExitInterrupted, errors.New("interrupted; run it again for the rest")}
	case swept.Ledgers == 0 && here == nil:
		return exit{runner.ExitUnusable, fmt.Errorf("there is no ledger in %s, and nowhere else to look: %w", folder, hereErr)}
	}
	w.unreached(swept, here, hereErr)
	w.summary(o, swept)
	w.where(folder, swept)
	return o.verdict(swept)
}

// check reads and refuses flags.
func (o *sweepOptions) check() error {
	if o.older != "" {
		d, err := time.ParseDuration(o.older)
		if err != nil || d <= 0 {
			return fmt.Errorf("--older-than takes a duration such as 30m, 2h or 48h, got %q", o.older)
		}
		o.olderThan = d
	}
	return nil
}

// verdict is the exit code.
func (o *sweepOptions) verdict(swept ledger.Swept) error {
	switch {
	case len(swept.Looked) == 0 && len(swept.Skipped) > 0 && (swept.Removed == 0 || o.dryRun):
		return exit{code: runner.ExitUnusable} // each place said why
	case o.run != "" && !swept.Matched && swept.Problems == 0:
		return exit{runner.ExitInvalid, fmt.Errorf("there is nothing of a run %q here%s", o.run, others(swept.Runs))}
	case o.dryRun && swept.Problems == 0:
		return nil
	case swept.Left+swept.Problems > 0, o.run != "" && swept.Alone > 0:
		return exit{code: runner.ExitLeft}
	}
	return nil
}

func others(runs []string) string {
	if len(runs) == 0 {
		return "; there is none at all"
	}
	return "; there is something of " + strings.Join(runs, ", ")
}

// connect finds a place again in the way in which its run found it, or with
// the profile that the flags name when that leads to the same account. Where an
// emulator is said to have moved, it is asked only when its old address does
// not answer: two of them may call their account the same.
func (o *sweepOptions) connect(ctx context.Context, origin awsclient.Origin) (*awsclient.Place, error) {
	recorded := awsclient.Settings{
		Profile: origin.Profile, Region: origin.Region, EndpointURL: origin.Endpoint,
		RoleARN: origin.RoleARN, Session: fmt.Sprintf("rehearse-%d", os.Getpid()),
	}
	var ways []awsclient.Settings
	if o.profile != "" && o.profile != origin.Profile {
		direct, behind := recorded, recorded
		direct.Profile, direct.RoleARN = o.profile, ""
		behind.Profile = o.profile
		ways = append(ways, direct)
		if origin.RoleARN != "" {
			ways = append(ways, behind)
		}
	}
	ways = append(ways, recorded)
	if o.endpoint != "" && origin.Endpoint != "" && o.endpoint != origin.Endpoint {
		moved := recorded
		moved.Profile, moved.EndpointURL = cmp.Or(o.profile, origin.Profile), o.endpoint
		ways = append(ways, moved)
	}
	var failed error
	for _, way := range ways {
		place, err := awsclient.Connect(ctx, way)
		if err == nil {
			err = sameAccount(place, origin)
		}
		if err == nil {
			return place, nil
		}
		if failed == nil || !strings.Contains(failed.Error(), err.Error()) {
			failed = errors.Join(failed, err)
		}
	}
	return nil, failed
}

// sameAccount refuses another account than the one of the run, and an emulator
// where the run was on AWS itself.
func sameAccount(place *awsclient.Place, origin awsclient.Origin) error {
	switch {
	case place.Account != origin.Account:
		return fmt.Errorf("this is account %s, and the run was in account %s; give --profile for that one", place.Account, origin.Account)
	case origin.Endpoint == "" && place.Endpoint != "":
		return fmt.Errorf("the AWS settings lead to %s, and the run was on AWS itself; unset AWS_ENDPOINT_URL", place.Endpoint)
	}
	return nil
}
