package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

// Env is what a step is given to work with.
type Env struct {
	// AWS is the account and region the step runs in. Calls that must not be
	// carried out twice go through its Once, those of a probe through its Single.
	AWS *awsclient.Place
	// Account gives the place of an account that a parameter of the step names.
	Account func(AccountName) *awsclient.Place
	// HTTP makes requests to the application.
	HTTP *http.Client

	RunID      string
	ScenarioID string // unique to this attempt of this case; safe in names; "" in a suite's own steps
	Step       string // phase and place, such as act/0
	Owner      string // the case, or "run"

	// Seed is where what the step leaves to chance begins: the same whenever the
	// run's seed, the case, the attempt and the step's place are the same.
	Seed int64
	// Trace is what this attempt of the case began: its trace, and the id of the
	// runner's own segment in it. Zero in a suite's own steps.
	Trace trace.Header
	// Since is the start of act, from where reading kinds look by default. In
	// arrange it is the start of the attempt.
	Since time.Time
	// Started is the start of this attempt of the case.
	Started time.Time
	// Clock is where this step's clocks start.
	Clock time.Time

	Suite SuiteEnv
	// Ledger records what this step creates; it is taken back with the case, or
	// for a suite's own steps with the run.
	Ledger Ledger
	// Run is shared by everything in the run.
	Run *Shared
	// Life ends when nobody can ask any more about what this step opens: with the
	// attempt of the case. Nil: it lasts as long as the run.
	Life context.Context
	// Wanted says whether somebody may look at a part of the step's result, by its
	// key; other parts need not be fetched. Nil: all of them.
	Wanted func(key string) bool
	// Checked says that somebody may look at the step's result beyond what its
	// parameters ask for: its expect, or another step by its id.
	Checked bool
	// Keep says that the user wants to keep what this step creates.
	Keep bool
	// Hide keeps a value, every text in it, out of all events from now on.
	Hide func(value any)
	// Warn tells the user something that does not change the verdict.
	Warn func(format string, args ...any)
}

// SuiteEnv is what a suite says about every step.
type SuiteEnv struct {
	Name         string
	Tags         map[string]string
	CanarySource string
	Settle       time.Duration
}

// Resource is something that a step creates: data, so that it can be removed
// by this run, or by a later one that has only the record.
type Resource struct {
	Type  string            `json:"type"` // such as sqs.queue; names its Reaper
	ID    string            `json:"id"`
	ARN   string            `json:"arn,omitempty"`
	Place string            `json:"place,omitempty"` // where it is: a place's Key
	Data  map[string]string `json:"data,omitempty"`  // what the reaper needs beyond the id
}

// Ledger keeps the record of what was created.
type Ledger interface {
	// Intend records a resource, durably, before the call that creates it.
	Intend(ctx context.Context, r Resource) (Entry, error)
}

// Entry is one record of the ledger.
type Entry interface {
	// Created completes the record with what is known only afterwards.
	Created(r Resource)
	// Forget removes the record: nothing was created, or it is gone already.
	Forget()
}

// Reaper removes one type of resource. What is gone already is a success.
type Reaper struct {
	Type   string
	Remove func(context.Context, *awsclient.Place, Resource) error
}

// Create records an intent, makes the call, and completes or withdraws the
// record. Only an error that proves that nothing was created withdraws it.
func (e *Env) Create(ctx context.Context, r Resource, call func(context.Context) (Resource, error)) error {
	if e.AWS != nil {
		r.Place = e.AWS.Key()
	}
	entry, err := e.Ledger.Intend(ctx, r)
	if err != nil {
		return err
	}
	made, err := call(ctx)
	if err != nil {
		if awsclient.SurelyNotDone(err) {
			entry.Forget()
		}
		return err
	}
	made.Place = r.Place
	entry.Created(made)
	return nil
}

// finalError cannot pass by itself: a probe ends on it.
type finalError struct{ err error }

func (f finalError) Error() string { return f.err.Error() }
func (f finalError) Unwrap() error { return f.err }

// Final marks an error that looking again cannot change.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

// IsMarkedFinal says whether an error is one that Final made.
func IsMarkedFinal(err error) bool {
	var f finalError
	return errors.As(err, &f)
}

// Finalf makes an error that looking again cannot change.
func Finalf(format string, args ...any) error { return finalError{fmt.Errorf(format, args...)} }

// passingError says of itself that it passes, as errors of the network do.
type passingError struct{ error }

// Timeout makes it one of those that pass.
func (passingError) Timeout() bool { return true }

func (p passingError) Unwrap() error { return p.error }

// Passingf makes an error that looking again may change.
func Passingf(format string, args ...any) error { return passingError{fmt.Errorf(format, args...)} }

// IsFinal says whether looking again could not change an error: it is marked
// so, or it is an answer of a service that does not pass by itself.
func IsFinal(err error) bool {
	return IsMarkedFinal(err) || !awsclient.Transient(err)
}
