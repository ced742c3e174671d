package runner_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// TestAnOutageInsideTheWindow disables every listener's rule for a while and
// enables it again before the window is over.
func TestAnOutageInsideTheWindow(t *testing.T) {
	const scenario = `
scenario: Nothing is cancelled
arrange:
  - listen: {event_bus: play-bus, pattern: {source: [shop]}}
    id: orders
act:
  - %s
assert:
  - received: {from: orders, match: {detail-type: order-cancelled, detail: {run: "${scenario.id}"}}, none: true}
    throughout: 20s
`
	for _, c := range []struct {
		name, act string
		from, to  time.Duration // of the outage; to 0: there is none
		want      event.Status
	}{
		{"no outage", "wait: 1s", 0, 0, event.Passed},
		{"in throughout", "wait: 1s", 6 * time.Second, 13 * time.Second, event.Errored},
		{"in act, before anybody looks", "wait: 15s", 3 * time.Second, 9 * time.Second, event.Errored},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, sandbox.Options{Functions: play.Functions()}, files(t, map[string]string{"a.scenario.yaml": fmt.Sprintf(scenario, c.act)}))
				deployPlay(t, s.sandbox)
				var group sync.WaitGroup
				if c.to > 0 {
					group.Go(func() {
						time.Sleep(c.from)
						turn(t, s.sandbox, false)
						time.Sleep(c.to - c.from)
						turn(t, s.sandbox, true)
					})
				}
				r := s.run()
				group.Wait()
				if got := r.finish(t).Status; got != c.want {
					t.Errorf("ended %s, want %s:\n%s", got, c.want, r.text)
				}
				if c.want == event.Errored {
					wants(t, r.text, "was not proven live from ", "was disabled while the run needed it")
				}
				r.clean(t)
			})
		})
	}
}

// turn switches the rules of all listeners off or on.
func turn(t *testing.T, s *sandbox.Sandbox, on bool) {
	t.Helper()
	client, bus := eventbridge.NewFromConfig(s.Config()), aws.String("play-bus")
	rules, err := client.ListRules(t.Context(), &eventbridge.ListRulesInput{EventBusName: bus, NamePrefix: aws.String("rehearse-")})
	if err != nil || len(rules.Rules) == 0 {
		t.Errorf("rules %v, %v", rules, err)
		return
	}
	for _, r := range rules.Rules {
		if on {
			_, err = client.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: r.Name, EventBusName: bus})
		} else {
			_, err = client.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: r.Name, EventBusName: bus})
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// TestNoCanariesOnceNobodyListens runs a case that listens and then one that does not.
func TestNoCanariesOnceNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		puts := map[string]int{}
		phase := "listening"
		s := newStage(t, sandbox.Options{Functions: play.Functions(), Intercept: func(_ context.Context, _, operation string) error {
			mu.Lock()
			defer mu.Unlock()
			if operation == "PutEvents" {
				puts[phase]++
			}
			return nil
		}}, files(t, map[string]string{"a.scenario.yaml": `
scenario: Listens
arrange:
  - listen: {event_bus: play-bus, pattern: {source: [shop]}}
    id: orders
act:
  - wait: 60s
assert:
  - received: {from: orders, match: {detail: {run: "${scenario.id}"}}, none: true}
    hold: 1s
---
scenario: Waits
act:
  - wait: 3m
assert:
  - check: "${1 == 1}"
`}))
		deployPlay(t, s.sandbox)
		s.watch = func(e event.Event) {
			if e.Type == event.ScenarioFinished {
				mu.Lock()
				defer mu.Unlock()
				phase = "afterwards"
			}
		}
		r := s.run()
		if r.code != 0 || puts["listening"] < 15 || puts["listening"] > 20 || puts["afterwards"] > 0 {
			t.Errorf("exit %d, canaries %v\n%s", r.code, puts, r.text)
		}
	})
}

// TestAnExecutionsHistoryIsReadWhereItIsLookedAt counts the readings while an
// execution of three seconds runs.
func TestAnExecutionsHistoryIsReadWhereItIsLookedAt(t *testing.T) {
	for _, c := range []struct {
		name, step string
		once       bool
	}{
		{"status only", "execution: {arn: \"${started.execution_arn}\"}", true},
		{"visited", "{execution: {arn: \"${started.execution_arn}\"}, expect: {visited: {contains: Done}}}", false},
		{"with an id", "{execution: {arn: \"${started.execution_arn}\"}, id: x}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				reads := 0
				s := newStage(t, sandbox.Options{Functions: play.Functions(), Intercept: func(_ context.Context, _, operation string) error {
					mu.Lock()
					defer mu.Unlock()
					if strings.HasPrefix(operation, "GetExecutionHistory") {
						reads++
					}
					return nil
				}}, files(t, map[string]string{"a.scenario.yaml": "scenario: It ends\nact:\n  - {start_execution: {state_machine: play-slow}, id: started}\nassert:\n  - " + c.step + "\n"}))
				deployPlay(t, s.sandbox)
				r := s.run()
				if r.code != 0 || (reads == 1) != c.once {
					t.Errorf("exit %d, read %d times\n%s", r.code, reads, r.text)
				}
			})
		})
	}
}
