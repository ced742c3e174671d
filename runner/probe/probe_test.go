package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

// world answers looks by the time that has passed.
type world func(sinceStart time.Duration) (string, error)

var errReset = fmt.Errorf("reading: %w", io.ErrUnexpectedEOF) // passes by itself

// until gives "no" and from then on "yes".
func until(d time.Duration) world {
	return func(t time.Duration) (string, error) {
		if t < d {
			return "no", nil
		}
		return "yes", nil
	}
}

// wantYes is the only check of these tests.
func wantYes(doc any) ([]assertions.Result, []assertions.Mismatch) {
	if doc == "yes" {
		return nil, nil
	}
	return nil, []assertions.Mismatch{{Path: "$", Op: "equals", Message: fmt.Sprintf("it says %v", doc)}}
}

func TestRun(t *testing.T) {
	second := time.Second
	for _, c := range []struct {
		name    string
		policy  Policy
		world   world
		final   bool
		status  event.Status
		cause   event.Cause
		summary string // contained
		took    time.Duration
		sla     string
		late    int64 // observed_ms
	}{
		{name: "at once", policy: Policy{Within: 20 * second, SLA: true}, world: until(0), status: event.Passed, sla: "met"},
		{name: "after a while", policy: Policy{Within: 20 * second, SLA: true}, world: until(3 * second), status: event.Passed, took: 3 * second, sla: "met", late: 3000},
		{name: "one attempt only", policy: Policy{}, world: until(3 * second), status: event.Failed, cause: event.CauseCheck},
		{name: "never, without an SLA", policy: Policy{Within: 20 * second}, world: until(time.Hour), status: event.Failed, cause: event.CauseCheck, summary: "did not come true within 20s", took: 20 * second},
		{name: "never, with an SLA", policy: Policy{Within: 20 * second, SLA: true}, world: until(time.Hour), status: event.Failed, cause: event.CauseSLA, summary: "did not come true within 20s, nor in the 10s after it", took: 30 * second, sla: "missed", late: -1},
		{name: "too late", policy: Policy{Within: 20 * second, SLA: true}, world: until(23400 * time.Millisecond), status: event.Failed, cause: event.CauseSLA, summary: "came after 23.", took: 23400 * time.Millisecond, sla: "missed", late: 23400},
		{name: "looking on is bounded", policy: Policy{Within: 100 * second, SLA: true}, world: until(time.Hour), status: event.Failed, cause: event.CauseSLA, summary: "nor in the 15s after it", took: 115 * second, sla: "missed", late: -1},
		{name: "a warning", policy: Policy{Within: 20 * second, SLA: true, WarnAfter: 5 * second}, world: until(6 * second), status: event.Passed, took: 6 * second, sla: "warned", late: 6000},
		{name: "cannot change", policy: Policy{Within: 20 * second, SLA: true}, world: until(time.Hour), final: true, status: event.Failed, cause: event.CauseCheck, summary: "this can no longer change", sla: "missed", late: -1},
		{name: "holds", policy: Policy{Within: 20 * second, Hold: 2 * second}, world: until(second), status: event.Passed, took: 3 * second},
		{name: "holds not long enough", policy: Policy{Within: 20 * second, Hold: 2 * second}, world: func(t time.Duration) (string, error) {
			if t >= second && t < 2*second {
				return "yes", nil
			}
			return "no", nil
		}, status: event.Failed, cause: event.CauseCheck, summary: " only, it had to hold for 2s", took: 2 * second},
		{name: "throughout", policy: Policy{Throughout: 5 * second}, world: until(0), status: event.Passed, took: 5 * second},
		{name: "broken throughout", policy: Policy{Throughout: 5 * second}, world: func(t time.Duration) (string, error) {
			if t >= 2*second {
				return "no", nil
			}
			return "yes", nil
		}, status: event.Failed, cause: event.CauseCheck, summary: "did not hold throughout: broken 2", took: 2 * second},
		{name: "throughout counts from the first answer", policy: Policy{Throughout: 5 * second}, world: func(t time.Duration) (string, error) {
			if t < second {
				return "", errReset
			}
			return "yes", nil
		}, status: event.Passed, took: 6 * second},
		{name: "throughout without an answer", policy: Policy{Throughout: 5 * second}, world: func(time.Duration) (string, error) { return "", errReset }, status: event.Errored, cause: event.CauseStep, summary: "no answer in 5s: reading: unexpected EOF", took: 15 * second},
		{name: "throughout without an answer at its end", policy: Policy{Throughout: 5 * second}, world: func(t time.Duration) (string, error) {
			if t > 2*second {
				return "", errReset
			}
			return "yes", nil
		}, status: event.Errored, cause: event.CauseStep, summary: "no answer in 5s", took: 20 * second},
		{name: "never answered", policy: Policy{Within: 20 * second, SLA: true}, world: func(time.Duration) (string, error) { return "", errReset }, status: event.Errored, cause: event.CauseStep, summary: "no answer within 20s: reading: unexpected EOF", took: 20 * second},
		{name: "answered wrongly, then not at all", policy: Policy{Within: 20 * second}, world: func(t time.Duration) (string, error) {
			if t > second {
				return "", errReset
			}
			return "no", nil
		}, status: event.Failed, cause: event.CauseCheck, summary: "did not come true within 20s", took: 20 * second},
		{name: "an error that cannot pass", policy: Policy{Within: 20 * second, SLA: true}, world: func(time.Duration) (string, error) { return "", errors.New("no such bucket") }, status: event.Errored, cause: event.CauseStep, summary: "no such bucket"},
		{name: "lives through what passes by", policy: Policy{Within: 20 * second, SLA: true}, world: func(t time.Duration) (string, error) {
			if t < 4*second {
				return "", errReset
			}
			return "yes", nil
		}, status: event.Passed, took: 4 * second, sla: "met", late: 4000},
		{name: "a panic", policy: Policy{Within: 20 * second}, world: func(time.Duration) (string, error) { panic("oh") }, status: event.Errored, cause: event.CauseStep, summary: "internal error: oh"},
		{name: "an attempt that hangs", policy: Policy{Within: 3 * second, AttemptTimeout: second}, world: nil, status: event.Errored, cause: event.CauseStep, summary: "no answer within 3s: no answer to an attempt within 1s (attempt_timeout)", took: 4100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c.policy.Every = 100 * time.Millisecond
				look := func(ctx context.Context) (steps.Seen[any], error) {
					if c.world == nil {
						<-ctx.Done()
						return steps.Seen[any]{}, ctx.Err()
					}
					doc, err := c.world(time.Since(start))
					return steps.Seen[any]{Doc: doc, Final: c.final}, err
				}
				v := Run(t.Context(), c.policy, steps.Probe[any]{Look: look}, wantYes, nil)
				if v.Status != c.status || v.Cause != c.cause {
					t.Errorf("ended %s, %s (%s); want %s, %s", v.Status, v.Cause, v.Summary, c.status, c.cause)
				}
				if !strings.Contains(v.Summary, c.summary) {
					t.Errorf("says %q; want %q in it", v.Summary, c.summary)
				}
				// Polling is jittered by a tenth of 100 ms.
				if took := time.Since(start); took < c.took || took > c.took+150*time.Millisecond {
					t.Errorf("took %s; want %s", took, c.took)
				}
				switch {
				case c.sla == "" && v.SLA != nil:
					t.Errorf("measured %+v; want no SLA", v.SLA)
				case c.sla != "" && (v.SLA == nil || v.SLA.Status != c.sla):
					t.Errorf("measured %+v; want %s", v.SLA, c.sla)
				case c.sla != "" && (v.SLA.ObservedMS < c.late || v.SLA.ObservedMS > c.late+150):
					t.Errorf("observed %d ms; want %d", v.SLA.ObservedMS, c.late)
				}
			})
		})
	}
}

func TestLooksAtTheDeadlineItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		look := func(context.Context) (steps.Seen[any], error) {
			doc := "no"
			if time.Since(start) == 20*time.Second {
				doc = "yes"
			}
			return steps.Seen[any]{Doc: doc}, nil
		}
		v := Run(t.Context(), Policy{Within: 20 * time.Second, SLA: true, Every: 7 * time.Second}, steps.Probe[any]{Look: look}, wantYes, nil)
		if v.Status != event.Passed {
			t.Errorf("ended %s: %s", v.Status, v.Summary)
		}
	})
}

func TestSLAIsJudgedByTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		time.Sleep(30 * time.Second) // everything was held up; the source says it came in time
		look := func(context.Context) (steps.Seen[any], error) {
			return steps.Seen[any]{Doc: "yes", At: start.Add(3 * time.Second)}, nil
		}
		v := Run(t.Context(), Policy{Since: start, Within: 20 * time.Second, SLA: true}, steps.Probe[any]{Look: look}, wantYes, nil)
		if v.Status != event.Passed || v.SLA.ObservedMS != 3000 {
			t.Errorf("ended %s (%s), %+v", v.Status, v.Summary, v.SLA)
		}
	})
}

func TestWakesInsteadOfPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{}, 1)
		looks := 0
		var doc atomic.Value
		doc.Store("no")
		go func() {
			time.Sleep(7 * time.Second)
			doc.Store("yes")
			wake <- struct{}{}
		}()
		start := time.Now()
		v := Run(t.Context(), Policy{Within: 20 * time.Second, SLA: true, Every: time.Millisecond}, steps.Probe[any]{Wake: wake, Look: func(context.Context) (steps.Seen[any], error) {
			looks++
			return steps.Seen[any]{Doc: doc.Load()}, nil
		}}, wantYes, nil)
		if v.Status != event.Passed || looks != 2 || time.Since(start) != 7*time.Second {
			t.Errorf("ended %s after %d looks and %s", v.Status, looks, time.Since(start))
		}
	})
}

func TestStopsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("the scenario's timeout of 3s is used up"))
		defer cancel()
		look := func(ctx context.Context) (steps.Seen[any], error) { return steps.Seen[any]{Doc: "no"}, ctx.Err() }
		v := Run(ctx, Policy{Within: time.Minute, Every: time.Second}, steps.Probe[any]{Look: look}, wantYes, nil)
		if v.Status != event.Errored || v.Cause != event.CauseTimeout || v.Summary != "the scenario's timeout of 3s is used up; at the last answer: it says no" {
			t.Errorf("ended %s, %s: %s", v.Status, v.Cause, v.Summary)
		}
	})
}

func TestTellsFirstChangedAndLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var told []string
		look := func(context.Context) (steps.Seen[any], error) {
			doc := "no"
			if time.Since(start) > 5*time.Second {
				doc = "perhaps"
			}
			return steps.Seen[any]{Doc: doc}, nil
		}
		Run(t.Context(), Policy{Within: 10 * time.Second, Every: time.Second}, steps.Probe[any]{Look: look}, wantYes, func(p event.Probe) {
			told = append(told, strings.Join(p.Mismatches, ""))
		})
		want := []string{"it says no", "it says no", "it says perhaps", "it says perhaps"}
		if strings.Join(told, ";") != strings.Join(want, ";") {
			t.Errorf("told %q; want %q", told, want)
		}
	})
}
