package runner_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// away runs everything with an endpoint that goes away for a time or, with 0,
// for good: at the first call of an operation, or after a while.
func away(t *testing.T, when string, d time.Duration) result {
	t.Helper()
	var s *stage
	leave := func() {
		s.sandbox.GoAway()
		if d > 0 {
			time.AfterFunc(d, s.sandbox.ComeBack)
		}
	}
	service, operation, called := strings.Cut(when, " ")
	o := sandbox.Options{Intercept: nth(service, operation, 1, func(context.Context) error {
		leave()
		return errCut
	})}
	return performWith(t, o, whole, func(x *stage) {
		if s = x; called {
			return
		}
		after, err := time.ParseDuration(when)
		if err != nil {
			t.Fatal(err)
		}
		x.change = func(*runner.Options) { time.AfterFunc(after, leave) } // the way to AWS has been found
	})
}

func TestEndpointGoesAwayAndComesBack(t *testing.T) {
	for name, when := range map[string]string{
		"at the first call": "cloudformation DescribeStacks",
		"in clean-up":       "dynamodb DeleteItem",
		"while taking back": "states StopExecution",
		"at the very end":   "events RemoveTargets",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				passesBy(t, away(t, when, 15*time.Second))
			})
		})
	}
}

// TestEndpointGoesAwayAmongDeeds: of a deed whose answer never came it is
// found out what became of it, or it is an error that says so, whether it was
// done or not; what was done is taken back.
func TestEndpointGoesAwayAmongDeeds(t *testing.T) {
	for name, when := range map[string]string{"in arrange": "s3 PutObject", "in act": "events PutEvents"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := away(t, when, 15*time.Second)
				for name, status := range r.ends() {
					switch status {
					case event.Passed:
					case event.Errored:
						says(t, r, "it may have happened, so it is not sent again")
					default:
						t.Errorf("%s ended as %s\n%s", name, status, r.text)
					}
				}
				r.clean(t)
			})
		})
	}
}

// TestEndpointGoesAwayForGood: what was not answered is an error, and what
// cannot be removed is named. Nothing waits for ever.
func TestEndpointGoesAwayForGood(t *testing.T) {
	for _, c := range []struct {
		name, when string
		code       int
		ends       map[string]event.Status
		says       []string
		left       []string // types of resources
	}{
		{
			name: "at the first call", when: "cloudformation DescribeStacks",
			code: runner.ExitFailed, ends: map[string]event.Status{"Events": event.Errored, "Things": event.Errored},
			says: []string{"the suite's arrange failed", "connection refused"},
		},
		{
			name: "in assert", when: "2500ms",
			code: runner.ExitFailed, ends: map[string]event.Status{"Events": event.Errored, "Things": event.Errored},
			says: []string{"connection refused", "Left behind"},
			left: []string{"events.rule", "sqs.queue", "s3.object", "dynamodb.item"},
		},
		{
			name: "in clean-up", when: "dynamodb DeleteItem",
			code: runner.ExitLeft, ends: map[string]event.Status{"Events": event.Passed, "Things": event.Passed},
			says: []string{"Left behind", "connection refused", "exit 4: something could not be cleaned up"},
			left: []string{"events.rule", "sqs.queue", "s3.object", "dynamodb.item"},
		},
		{
			name: "at the very end", when: "events RemoveTargets",
			code: runner.ExitLeft, ends: map[string]event.Status{"Events": event.Passed, "Things": event.Passed},
			says: []string{"Left behind", "connection refused", "exit 4: something could not be cleaned up"},
			left: []string{"events.rule", "sqs.queue"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := away(t, c.when, 0)
				if ends := r.ends(); r.code != c.code || !maps.Equal(ends, c.ends) {
					t.Errorf("exit code %d, %v; want %d, %v", r.code, ends, c.code, c.ends)
				}
				says(t, r, c.says...)
				left := r.events[len(r.events)-1].Body.(*event.RunFinish).Left
				for _, want := range c.left {
					if !slices.ContainsFunc(left, func(l string) bool { return strings.Contains(l, want) }) {
						t.Errorf("%s is not named among what is left: %q", want, left)
					}
				}
				if took := time.Since(start); took > 5*time.Minute {
					t.Errorf("the run took %s", took)
				}
				if t.Failed() {
					t.Log(r.text)
				}
			})
		})
	}
}

// late holds a call back for longer than an attempt may take.
func late(ctx context.Context) error {
	select {
	case <-time.After(40 * time.Second):
	case <-ctx.Done():
	}
	return nil
}

// TestSlowCall: one call takes longer than an attempt may, and the next does not.
func TestSlowCall(t *testing.T) {
	for _, what := range []string{
		"states DescribeExecution", "logs FilterLogEvents", "sqs DeleteQueue", "cloudformation DescribeStacks",
		"events PutEvents", // a canary of the listener: another one is sent
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service, operation, _ := strings.Cut(what, " ")
				r := performWith(t, sandbox.Options{Intercept: nth(service, operation, 1, late)}, whole)
				if r.code != runner.ExitPassed {
					t.Errorf("exit code %d, want 0\n%s", r.code, r.text)
				}
				r.clean(t)
			})
		})
	}
}

// TestReasonOutlivesTheDeadline: what could not be removed is told with what
// kept it, and not with the end of the time for it.
func TestReasonOutlivesTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := away(t, "dynamodb DeleteItem", 0)
		if r.code != runner.ExitLeft {
			t.Errorf("exit code %d", r.code)
		}
		for _, l := range r.events[len(r.events)-1].Body.(*event.RunFinish).Left {
			if strings.Contains(l, "context deadline exceeded") {
				t.Error(l)
			}
		}
	})
}

// TestDeedThatTookTooLongIsNotSentAgain: an answer that did not come in an
// attempt's time may stand for a deed, with a within too.
func TestDeedThatTookTooLongIsNotSentAgain(t *testing.T) {
	for operation, act := range map[string]string{
		"events PutEvents":      `put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {}}`,
		"states StartExecution": `start_execution: {state_machine: play-machine}`,
		"dynamodb PutItem":      `put_item: {table: play-table, item: {pk: "${scenario.id}"}}`,
		"s3 PutObject":          `upload_object: {bucket: play-bucket, key: "${scenario.id}", text: x}`,
	} {
		for _, within := range []string{"", "\n    within: 2m"} {
			t.Run(operation+within, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var n atomic.Int64
					r := performWith(t, sandbox.Options{Intercept: func(ctx context.Context, service, o string) error {
						if service+" "+o == operation && n.Add(1) == 1 {
							return late(ctx)
						}
						return nil
					}}, "scenario: S\nact:\n  - "+act+within+"\nassert:\n  - check: 1 == 1\n")
					if f := r.finish(t); f.Status != event.Errored || n.Load() != 1 {
						t.Errorf("ended as %s after it was sent %d times", f.Status, n.Load())
					}
					says(t, r, "no answer to an attempt within 30s (attempt_timeout); it may have happened, so it is not sent again")
					r.clean(t)
				})
			})
		}
	}
}
