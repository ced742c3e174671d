package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
	"github.com/rehearse-dev/rehearse/steps/schemas"
)

// runOptions are the flags of run.
type runOptions struct {
	selection
	profile, region, endpoint string
	sandbox                   bool
	faults                    []string
	parallel, retries         int
	timeout, runTimeout       time.Duration
	seed                      int64
	failFast, failOnFlaky     bool
	emptyIsFine               bool
	reporting
}

func newRun() *cobra.Command {
	o := &runOptions{}
	c := &cobra.Command{
		Use:   "run [PATH…]",
		Short: "Run scenarios (default: those in the current folder)",
		RunE: func(c *cobra.Command, paths []string) error {
			return o.run(c.Context(), paths, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	o.selection.flags(c)
	o.runFlags(c.Flags())
	c.PreRunE = func(c *cobra.Command, _ []string) error { return excluded(c.Flags()) }
	return c
}

func (o *runOptions) runFlags(f *pflag.FlagSet) {
	f.StringVar(&o.profile, "profile", "", "a profile of the AWS configuration")
	f.StringVar(&o.region, "region", "", "the AWS region")
	f.StringVar(&o.endpoint, "endpoint-url", "", "where AWS is served, for emulators")
	f.BoolVar(&o.sandbox, "sandbox", false, "run against an AWS sandbox inside this process: no account, no network")
	f.StringArrayVar(&o.faults, "sandbox-fault", nil, "break an example system of the sandbox on purpose: SYSTEM/FAULT")
	f.IntVar(&o.parallel, "parallel", 100, "cases in arrange, act or clean-up at once; with 1 no two cases overlap")
	f.IntVar(&o.retries, "retries", 0, "how often a case is run again after an attempt that did not pass, whatever the scenarios say")
	f.BoolVar(&o.failFast, "fail-fast", false, "begin no more cases after one that did not pass, its retries included")
	f.BoolVar(&o.failOnFlaky, "fail-on-flaky", false, "exit with 1 when a case passed only when it was tried again")
	f.DurationVar(&o.timeout, "timeout", 0, "how long arrange, act and assert of an attempt may take, whatever the scenarios say")
	f.DurationVar(&o.runTimeout, "run-timeout", 0, "how long the run may take; what is under way then is cleaned up and an error")
	f.Int64Var(&o.seed, "seed", 0, "makes random_int, mock_event and pauses repeatable; a run prints its own (default: a new one)")
	f.BoolVar(&o.emptyIsFine, "pass-with-no-tests", false, "exit with 0 when no case is selected")
	o.reporting.flags(f)
}

// excluded refuses flags that would be ignored beside another one.
func excluded(f *pflag.FlagSet) error {
	for _, other := range []string{"env", "profile", "region", "endpoint-url"} {
		if f.Changed("sandbox") && f.Changed(other) {
			return fmt.Errorf("--sandbox is a place of its own and takes no --%s", other)
		}
	}
	if f.Changed("endpoint-url") && f.Changed("env") {
		return errors.New("--endpoint-url chooses no environment and takes no --env; put endpoint_url into the environment, or leave one of the two out")
	}
	return nil
}

func (o *runOptions) run(ctx context.Context, paths []string, stdout, stderr io.Writer) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := o.reporting.check(); err != nil {
		return err
	}
	if err := o.removeOld(); err != nil {
		return exit{runner.ExitReport, err}
	}
	chosen, err := o.check()
	if err != nil {
		return err
	}
	p, err := load(paths, chosen, o.emptyIsFine, stderr)
	if err != nil {
		return err
	}
	warnOfAlone(p, chosen.Shard, stderr)
	where, stop, err := o.sandboxed(ctx)
	if err != nil {
		return err
	}
	defer stop()
	places, err := o.connect(ctx, p, where)
	if err != nil {
		return exit{runner.ExitUnusable, hiding(err, secretsOf(p)...)}
	}
	record, err := o.ledger(places)
	if err != nil {
		return exit{runner.ExitUnusable, err}
	}
	out, err := o.open(stdout, stderr)
	if err != nil {
		return exit{runner.ExitReport, errors.Join(err, record.Close())}
	}
	gentle, hard, release := signals(ctx, stderr,
		"no new work, cleaning up; the same signal again stops at once and lists what is left",
		"still cleaning up; the same signal again stops at once and lists what is left")
	defer release()
	code, broken := runner.Run(hard, runner.Options{
		ID: record.run, Plan: p, Parallel: o.parallel,
		Places: places, Schemas: schemas.Bind,
		HTTP:   awsclient.HTTPClient(where.Dial),
		Ledger: record.Ledger, Reapers: ledger.ReapersOf(catalogue.Kinds()),
		Started: o.started(p, places), Secrets: secrets(ctx, p, places),
		Sinks: out.sinks, Stop: gentle,
		Timeout: o.runTimeout, FailFast: o.failFast, FailOnFlaky: o.failOnFlaky, Seed: o.seed,
	})
	if errors.Is(broken, runner.ErrStuck) {
		return exit{code, broken}
	}
	if err := errors.Join(broken, out.close()); err != nil {
		fmt.Fprintln(stderr, err)
		if code == runner.ExitPassed || code == runner.ExitLeft {
			code = runner.ExitReport
		}
	}
	if code == runner.ExitPassed {
		return nil
	}
	return exit{code: code}
}

// check refuses flags that cannot be.
func (o *runOptions) check() (plan.Options, error) {
	chosen, err := o.options()
	if err != nil {
		return chosen, err
	}
	switch {
	case o.parallel < 1:
		return chosen, fmt.Errorf("--parallel takes a number from 1 on, got %d", o.parallel)
	case o.retries < 0 || o.retries > schema.MaxRetries:
		return chosen, fmt.Errorf("--retries takes a number from 0 to %d, got %d", schema.MaxRetries, o.retries)
	case o.given("timeout") && o.timeout <= 0:
		return chosen, fmt.Errorf("--timeout must be longer than nothing, got %s", o.timeout)
	case o.given("run-timeout") && o.runTimeout <= 0:
		return chosen, fmt.Errorf("--run-timeout must be longer than nothing, got %s", o.runTimeout)
	case len(o.faults) > 0 && !o.sandbox:
		return chosen, errors.New("--sandbox-fault breaks a system of the sandbox; give --sandbox with it")
	}
	chosen.Detached = o.sandbox || o.endpoint != ""
	chosen.Timeout = o.timeout
	if o.given("retries") {
		chosen.Retries = &o.retries
	}
	if !o.given("seed") {
		o.seed = rand.Int64N(1 << 31) // short enough to be typed
	}
	return chosen, nil
}

// runRecord is the ledger of a run and the run's id.
type runRecord struct {
	*ledger.Ledger
	run string
}

// ledger begins the record of what the run creates. What is created in the
// sandbox ends with this process, so that nothing needs to be on disk.
func (o *runOptions) ledger(places *runner.Places) (runRecord, error) {
	id := runner.NewID()
	if o.sandbox {
		return runRecord{ledger.InMemory(), id}, nil
	}
	folder, err := ledger.Folder()
	if err != nil {
		return runRecord{}, fmt.Errorf("there is no folder for the record of what this run creates: %w; set REHEARSE_STATE_DIR", err)
	}
	var origins []awsclient.Origin
	for _, p := range places.All() {
		origins = append(origins, p.Origin)
	}
	l, err := ledger.Open(folder, id, origins)
	return runRecord{l, id}, err
}

// started is what the stream says about the run's surroundings.
func (o *runOptions) started(p *plan.Plan, places *runner.Places) event.RunStart {
	cwd, _ := os.Getwd() // only shown
	s := event.RunStart{Tool: "rehearse " + versionText(), CWD: cwd, CI: os.Getenv("CI") != "", Shard: o.shard}
	if o.shard != "" {
		s.Selection = p.Sum
	}
	for _, suite := range p.Suites {
		place := places.Of(suite, "")
		s.Account, s.Region, s.Endpoint = place.Account, place.Region, place.Endpoint
		s.Env = cmp.Or(s.Env, suite.Env)
	}
	return s
}

// warnOfAlone tells that a case which is to run alone can only be kept apart
// from those of its own shard.
func warnOfAlone(p *plan.Plan, s plan.Shard, stderr io.Writer) {
	if s.N > 1 && slices.ContainsFunc(p.Cases, func(c *plan.Case) bool { return slices.Contains(c.Locks, "*") }) {
		fmt.Fprintf(stderr, "warning: cases with the lock \"*\" run alone in shard %s; what the other shards run meanwhile is not known here\n", s)
	}
}
