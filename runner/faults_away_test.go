package runner_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// from lets the endpoint go away when the first event comes that is waited
// for, for a time or, with 0, for good.
func from(when func(event.Event) bool, d time.Duration) func(*stage) {
	return func(s *stage) {
		gone := false
		s.watch = func(e event.Event) {
			if gone || !when(e) {
				return
			}
			gone = true
			s.sandbox.GoAway()
			if d > 0 {
				time.AfterFunc(d, s.sandbox.ComeBack)
			}
		}
	}
}

// begins is the start of a step.
func begins(step string) func(event.Event) bool {
	return func(e event.Event) bool { return e.Type == event.StepStarted && e.Step == step }
}

// eventsBegin is the start of a step of the case that listens.
func eventsBegin(step string) func(event.Event) bool {
	return func(e event.Event) bool { return begins(step)(e) && strings.Contains(e.Case, "Events") }
}

func TestEndpointGoesAwayAndComesBack(t *testing.T) {
	for _, c := range []struct {
		name string
		when func(event.Event) bool
	}{
		{"before the first call", func(e event.Event) bool { return e.Type == event.RunStarted }},
		{"in assert", eventsBegin("assert/0")},
		{"in clean-up", begins("cleanup/0")},
		{"while taking back", func(e event.Event) bool { return e.Type == event.ResourceReleased }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, whole, from(c.when, 15*time.Second))
				if r.code != runner.ExitPassed {
					t.Errorf("exit code %d, want 0\n%s", r.code, r.text)
				}
				r.clean(t)
			})
		})
	}
}

// TestEndpointGoesAwayAmongDeeds: a deed whose answer never came is an error
// that says so, whether it was done or not, and what was done is taken back.
func TestEndpointGoesAwayAmongDeeds(t *testing.T) {
	for name, when := range map[string]func(event.Event) bool{
		"in arrange": func(e event.Event) bool { return e.Type == event.ResourceCreated },
		"in act":     begins("act/0"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, whole, from(when, 15*time.Second))
				for case_, status := range r.ends() {
					switch {
					case status == event.Errored:
						says(t, r, "it may have happened, so it is not sent again")
					case status != event.Passed:
						t.Errorf("%s ended as %s\n%s", case_, status, r.text)
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
		name string
		when func(event.Event) bool
		code int
		ends map[string]event.Status
		says []string
		left []string // types of resources
	}{
		{
			name: "before the first call", when: func(e event.Event) bool { return e.Type == event.RunStarted },
			code: runner.ExitFailed, ends: map[string]event.Status{"Events": event.Errored, "Things": event.Errored},
			says: []string{"the suite's arrange failed", "connection refused"},
		},
		{
			name: "in assert", when: eventsBegin("assert/0"),
			code: runner.ExitFailed, ends: map[string]event.Status{"Events": event.Errored, "Things": event.Errored},
			says: []string{"connection refused", "Left behind"},
			left: []string{"events.rule", "sqs.queue", "s3.object", "dynamodb.item"},
		},
		{
			name: "in clean-up", when: begins("cleanup/0"),
			code: runner.ExitLeft, ends: map[string]event.Status{"Events": event.Passed, "Things": event.Passed},
			says: []string{"Left behind", "connection refused", "exit 4: something could not be cleaned up"},
			left: []string{"events.rule", "sqs.queue", "s3.object", "dynamodb.item"},
		},
		{
			name: "when all is over", when: func(e event.Event) bool {
				return e.Type == event.ScenarioFinished && strings.Contains(e.Case, "Things")
			},
			code: runner.ExitLeft, ends: map[string]event.Status{"Events": event.Passed, "Things": event.Passed},
			says: []string{"Left behind", "connection refused", "exit 4: something could not be cleaned up"},
			left: []string{"events.rule", "sqs.queue"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := perform(t, whole, from(c.when, 0))
				if r.code != c.code {
					t.Errorf("exit code %d, want %d", r.code, c.code)
				}
				ends := r.ends()
				for name, want := range c.ends {
					if ends[name] != want {
						t.Errorf("%s ended as %s, want %s", name, ends[name], want)
					}
				}
				says(t, r, c.says...)
				left := r.events[len(r.events)-1].Body.(*event.RunFinish).Left
				for _, want := range c.left {
					if !slices.ContainsFunc(left, func(l string) bool { return strings.HasPrefix(l, want) }) {
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
		r := perform(t, whole, from(begins("cleanup/0"), 0))
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
