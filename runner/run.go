// Package runner runs a plan: slots, phases, suite set-up, clean-up and taking
// back. Everything it decides leaves as one stream of events; it knows no
// report and no kind of step.
package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Options are what a run needs.
type Options struct {
	ID       string // of the run, safe in names: NewID
	Plan     *plan.Plan
	Parallel int     // cases in arrange, act and clean-up at once; at least 1
	Places   *Places // where steps run; each was connected before
	HTTP     *http.Client
	Ledger   *ledger.Ledger
	Reapers  ledger.Reapers
	Started  event.RunStart // what run_started tells beyond what the runner knows
	Secrets  []string       // values that never leave in an event
	// Schemas reads the schemas of registries that checks name; nil: none can be.
	Schemas steps.SchemaBinder
	Sinks   []event.Sink
	// Stop ends the run softly when it is closed: no new work, clean up, report.
	Stop <-chan struct{}

	Timeout     time.Duration // of the run; 0: none. What is under way then is an error
	FailFast    bool          // no case begins after one that did not pass
	FailOnFlaky bool          // a case that passed only when tried again fails the run
	Seed        int64         // makes random numbers and pauses repeatable
}

// Exit codes of a run.
const (
	ExitPassed      = 0
	ExitFailed      = 1
	ExitInvalid     = 2
	ExitUnusable    = 3
	ExitLeft        = 4
	ExitReport      = 5
	ExitInterrupted = 130
)

// takeBackTimeout is what removing everything that was created may take, for a
// case and again for the run.
const takeBackTimeout = time.Minute

var errInterrupted = errors.New("the run was interrupted")

// run is a run under way.
type run struct {
	Options
	stream *stream
	work   context.Context // ends with an interrupt, or when the run's time is used up
	starts context.Context // ends with work, or when no more cases may begin
	noMore context.CancelCauseFunc
	base   context.Context // ends with a second one; clean-up derives from it
	slots  *semaphore.Weighted
	door   *semaphore.Weighted // of cases that have not begun: who has it is the next to get a slot
	locks  *locks
	shared *steps.Shared
	scope  *ledger.Scope // what belongs to the run
	names  *names
	roots  *roots
	suites map[*plan.Suite]*suiteRun

	mu     sync.Mutex
	counts event.Counts
	left   []string
}

// Run runs the plan and gives the exit code. When ctx ends, the run stops at
// once and leaves what it created; Stop is the gentle way. An error is that of
// a sink that broke: its report is not whole.
func Run(ctx context.Context, o Options) (int, error) {
	r := &run{
		Options: o, base: ctx, slots: semaphore.NewWeighted(int64(max(1, o.Parallel))), door: semaphore.NewWeighted(1),
		locks: newLocks(), suites: map[*plan.Suite]*suiteRun{},
	}
	r.stream = newStream(o.ID, o.Secrets, o.Sinks)
	r.names = newNames(o.ID)
	r.roots = &roots{run: r, byPlace: map[*awsclient.Place]*rootsOf{}}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if o.Timeout > 0 {
		var end context.CancelFunc
		work, end = context.WithTimeoutCause(work, o.Timeout, fmt.Errorf("%w: --run-timeout is %s", errRunTimeout, o.Timeout))
		defer end()
	}
	r.work = work
	r.starts, r.noMore = context.WithCancelCause(work)
	defer r.noMore(nil)
	r.scope = o.Ledger.Scope("run", r.resourceChanged(nil))
	r.shared = steps.NewShared(ctx, r.scope.Keeping(false))
	ended := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-o.Stop:
			stop(errInterrupted)
		case <-ended:
		}
	})
	r.begin()
	r.cases()
	why := context.Cause(work)
	r.end()
	if r.interrupted() { // as late as this it is an interrupt all the same
		why = errInterrupted
	}
	close(ended)
	watcher.Wait()
	return r.finish(why)
}

// interrupted says whether somebody has asked the run to stop.
func (r *run) interrupted() bool {
	select {
	case <-r.Stop:
		return true
	default:
		return r.base.Err() != nil
	}
}

// begin tells what the run will do.
func (r *run) begin() {
	start := r.Started
	start.Parallel, start.Cases, start.Seed = r.Parallel, len(r.Plan.Cases), r.Seed
	for _, s := range r.Plan.Suites {
		start.Suites = append(start.Suites, s.Label)
		r.suites[s] = newSuiteRun(r, s)
	}
	r.stream.emit(event.Event{Type: event.RunStarted, Body: &start})
	var said []string
	for _, place := range r.Places.All() {
		for _, text := range place.Warnings {
			if !slices.Contains(said, text) {
				said = append(said, text)
				r.say("warning", "%s", text)
			}
		}
	}
	for _, c := range r.Plan.Cases {
		r.stream.emit(event.Event{Type: event.CasePlanned, Case: c.ID, Body: planned(c)})
	}
}

func planned(c *plan.Case) *event.CasePlan {
	p := &event.CasePlan{File: c.File, Line: c.Line, Scenario: c.Scenario, Name: c.Name, Tags: c.Tags, Locks: c.Locks, Skip: c.Skip, Steps: []event.StepPlan{}}
	for _, s := range c.Steps.All() {
		p.Steps = append(p.Steps, plannedStep(s, c.File))
	}
	return p
}

// plannedStep tells of a step; its file where that is not the case's own.
func plannedStep(s *plan.Step, file string) event.StepPlan {
	x := event.StepPlan{Step: s.Place(), Kind: s.Kind.Name, ID: s.Common.ID, Name: s.Common.Name, Line: s.Pos.Line, Col: s.Pos.Col}
	if s.Common.Within != nil {
		x.WithinMS = s.Common.Within.Milliseconds()
	}
	if s.Pos.File != file {
		x.File = s.Pos.File
	}
	return x
}

func (r *run) skip(c *plan.Case, reason string) {
	r.count(event.Skipped)
	r.stream.emit(event.Event{Type: event.ScenarioFinished, Case: c.ID, Attempt: 1, Body: &event.ScenarioFinish{
		Status: event.Skipped, Reason: reason, Final: true,
	}})
}

func (r *run) count(s event.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.Total++
	switch s {
	case event.Passed:
		r.counts.Passed++
	case event.Failed:
		r.counts.Failed++
	case event.Errored:
		r.counts.Errors++
	default:
		r.counts.Skipped++
	}
}

// end cleans up what belongs to the suites and to the run.
func (r *run) end() {
	for _, s := range r.Plan.Suites {
		r.suites[s].cleanUp()
	}
	ctx, cancel := withTimeout(awsclient.Urgent(r.base), takeBackTimeout, "the minute for removing the run's own resources is over")
	defer cancel()
	if err := r.shared.Close(ctx); err != nil {
		r.say("warning", "ending the run: %s", awsclient.Explain(err))
	}
	r.addLeft(r.scope.TakeBack(ctx, r.Reapers, r.Places.At))
	r.roots.wait()
}

func (r *run) addLeft(left []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = append(r.left, left...)
}

// finish tells the end and gives the exit code; why is what ended the work
// before its time, nil when nothing did.
func (r *run) finish(why error) (int, error) {
	if err := r.Ledger.Close(); err != nil {
		r.say("error", "%v", err)
		r.addLeft([]string{err.Error()})
	}
	f := &event.RunFinish{Counts: r.counts, Left: r.left, Ledger: r.Ledger.Path(), MS: time.Since(r.stream.start).Milliseconds()}
	switch {
	case errors.Is(why, errRunTimeout):
		f.ExitCode, f.Reason = ExitFailed, why.Error()
	case why != nil:
		f.ExitCode, f.Reason = ExitInterrupted, "interrupted"
	case r.counts.Failed+r.counts.Errors > 0:
		f.ExitCode = ExitFailed
	case r.FailOnFlaky && r.counts.Flaky > 0:
		f.ExitCode, f.Reason = ExitFailed, fmt.Sprintf("%s passed only when tried again, and --fail-on-flaky is given", schema.CountOf(r.counts.Flaky, "case"))
	case len(r.left) > 0:
		f.ExitCode, f.Reason = ExitLeft, "something could not be cleaned up"
	case r.counts.Total == 0:
		r.say("warning", "no case was selected: nothing was tested")
	case r.counts.Skipped == r.counts.Total:
		r.say("warning", "every selected case was skipped: nothing was tested")
	}
	r.stream.emit(event.Event{Type: event.RunFinished, Body: f})
	return f.ExitCode, r.stream.close(r.base)
}

func (r *run) say(level, format string, args ...any) {
	r.stream.emit(event.Event{Type: event.Message, Body: &event.Note{Level: level, Text: fmt.Sprintf(format, args...)}})
}

// resourceChanged tells of what is created and removed for a case's attempt,
// nil for the run itself.
func (r *run) resourceChanged(a *attempt) func(ledger.Change) {
	return func(c ledger.Change) {
		e := event.Event{Type: event.ResourceReleased}
		if a != nil {
			e.Case, e.Attempt = a.c.ID, a.number
		}
		if c.Status == "created" {
			e.Type = event.ResourceCreated
		}
		body := &event.ResourceChange{Status: c.Status, Resource: event.Resource{
			Kind: c.Resource.Type, ID: c.Resource.ID, ARN: c.Resource.ARN, Owner: c.Owner,
		}}
		if place := r.Places.At(c.Resource.Place); place != nil {
			body.Resource.Account, body.Resource.Region = place.Account, place.Region
		}
		if c.Err != nil {
			body.Error = awsclient.Explain(c.Err)
		}
		e.Body = body
		r.stream.emit(e)
	}
}

// withTimeout bounds a context and says in its cause what the bound was.
func withTimeout(ctx context.Context, d time.Duration, format string, args ...any) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf(format, args...))
}
