package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

// sent puts two events, two seconds apart, and looks at what came of them.
const sent = `
scenario: S
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}", n: 1}}
  - wait: 2s
  - put_event: {bus: play-bus, source: shop, detail_type: paid, detail: {run: "${scenario.id}", n: 2}}
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, %s
`

// TestDelivery: events come twice, late and out of order, as EventBridge may
// deliver them, and checks say what is true of the events.
func TestDelivery(t *testing.T) {
	twice := sandbox.Options{Delivery: sandbox.Delivery{Twice: true}}
	late := sandbox.Options{Delivery: sandbox.Delivery{Delay: 5 * time.Second}}
	lateTwice := sandbox.Options{Delivery: sandbox.Delivery{Delay: 5 * time.Second, Twice: true}}
	mixed := func(seed uint64) sandbox.Options {
		return sandbox.Options{Unkind: sandbox.Unkind{Seed: seed, Jitter: 8 * time.Second, Twice: .5}}
	}
	for _, c := range []struct {
		name, check string
		sandbox.Options
		status event.Status
		cause  event.Cause
		says   []string
	}{
		{"doubles are counted once", "count: 2}", twice, event.Passed, "", nil},
		{"doubles are not three", "at_least: 3}\n    within: 5s", twice, event.Failed, event.CauseSLA, []string{"2 events matched"}},
		{"doubles show in deliveries", "count: 2}\n    expect: {deliveries: 4}", twice, event.Passed, "", nil},
		{"doubles are at most two", "at_most: 2}\n    hold: 5s", twice, event.Passed, "", nil},
		{"doubles are more than one", "at_most: 1}\n    throughout: 5s", twice, event.Failed, event.CauseCheck, []string{"2 events matched"}},
		{"doubles stand in order", "in_order: [{detail-type: placed}, {detail-type: paid}], count: 2}", twice, event.Passed, "", nil},
		{"doubles are not an order", "in_order: [{detail-type: paid}, {detail-type: placed}]}\n    within: 5s", twice, event.Failed, event.CauseSLA, nil},
		{"late within the limit", "count: 2}\n    within: 6s", late, event.Passed, "", nil},
		{"late, beyond the limit", "count: 2}\n    within: 4s", late, event.Failed, event.CauseSLA, []string{"came after 5s, the limit is 4s"}},
		{"late, and nothing was to come", "none: true}\n    throughout: 8s", late, event.Failed, event.CauseCheck, []string{"did not hold throughout: broken 3s after the first look"}},
		{"late, and no more were to come", "at_most: 1}\n    hold: 8s", late, event.Failed, event.CauseCheck, []string{"2 events matched"}},
		{"late, and exactly one was to come", "count: 1}\n    hold: 8s", late, event.Failed, event.CauseCheck, []string{"held for 2s only, it had to hold for 8s"}},
		{"late doubles, and no more were to come", "at_most: 2}\n    hold: 8s", lateTwice, event.Passed, "", nil},
		{"out of order, in order by their times", "in_order: [{detail-type: placed}, {detail-type: paid}], count: 2}", mixed(1), event.Passed, "", nil},
		{"out of order, the other way round", "in_order: [{detail-type: placed}, {detail-type: paid}], count: 2}", mixed(4), event.Passed, "", nil},
		{"out of order is no other order", "in_order: [{detail-type: paid}, {detail-type: placed}]}\n    within: 15s", mixed(4), event.Failed, event.CauseSLA, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := performWith(t, c.Options, fmt.Sprintf(sent, c.check))
				f := r.steps()["assert/0"]
				code := runner.ExitPassed
				if c.status != event.Passed {
					code = runner.ExitFailed
				}
				if r.code != code || f.Status != c.status || f.Cause != c.cause {
					t.Errorf("exit code %d, %s, %s; want %d, %s, %s\n%s", r.code, f.Status, f.Cause, code, c.status, c.cause, r.text)
				}
				says(t, r, c.says...)
				r.clean(t)
			})
		})
	}
}

// TestFlood: an application that sends 10,000 events in answer to one. They
// are counted to the last one, and a failure shows a few of them only.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		functions := play.Functions()
		functions["play/Greeter"] = flood(10_000)
		s := newStage(t, sandbox.Options{Functions: functions}, files(t, map[string]string{"a.scenario.yaml": `
scenario: S
arrange:
  - listen: {event_bus: play-bus, pattern: {source: [flood]}}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, where: {detail.n: 9999}, count: 1}
    id: last
    within: 2m
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, at_most: 9999}
    hold: 30s
    after: last
`}))
		deployPlay(t, s.sandbox)
		r := s.run()
		steps := r.steps()
		if steps["assert/0"].Status != event.Passed || steps["assert/1"].Status != event.Failed {
			t.Errorf("assert ended as %s, %s\n%.5000s", steps["assert/0"].Status, steps["assert/1"].Status, r.text)
		}
		says(t, r, "10000 events matched", "count: expected lte 9999, found 10000")
		if len(r.text) > 20_000 || len(r.junit) > 200_000 || len(r.json) > 1_000_000 {
			t.Errorf("the console got %d characters, JUnit %d, the stream %d", len(r.text), len(r.junit), len(r.json))
		}
		r.clean(t)
	})
}

// flood answers an event with many.
func flood(many int) sandbox.Function {
	return func(ctx context.Context, c *sandbox.Call) (any, error) {
		detail := c.Event.(map[string]any)["detail"].(map[string]any)
		for n := 0; n < many; n += 10 {
			in := &eventbridge.PutEventsInput{}
			for i := range 10 {
				in.Entries = append(in.Entries, types.PutEventsRequestEntry{
					EventBusName: aws.String("play-bus"), Source: aws.String("flood"), DetailType: aws.String("drop"),
					Detail: aws.String(fmt.Sprintf(`{"run":%q,"n":%d}`, detail["run"], n+i)),
				})
			}
			if out, err := eventbridge.NewFromConfig(c.Config).PutEvents(ctx, in); err != nil || out.FailedEntryCount > 0 {
				return nil, fmt.Errorf("the flood dries up at %d: %w", n, err)
			}
		}
		return nil, nil
	}
}

// TestLargeEvent: an event of nearly 256 KB arrives whole, its result is cut in
// reports, and a check that fails on it says so in few words.
func TestLargeEvent(t *testing.T) {
	large := strings.Repeat("x", 255<<10)
	for _, c := range []struct {
		name, expect string
		status       event.Status
	}{
		{"whole", `{"events[0].detail.text": {length: 261120}}`, event.Passed},
		{"not as expected", `{"events[0].detail.text": y}`, event.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := perform(t, `
scenario: S
vars: {text: `+large+`}
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}", text: "${vars.text}"}}
    id: put
assert:
  - received: {from: l, match: {id: "${put.event_id}"}, count: 1}
    within: 10s
    expect: `+c.expect+`
`)
				if f := r.finish(t); f.Status != c.status {
					t.Errorf("ended as %s, want %s\n%.5000s", f.Status, c.status, r.text)
				}
				if f := r.steps()["assert/0"]; !f.Truncated {
					t.Error("the result of 255 KB is not said to be cut")
				}
				if len(r.text) > 10_000 || len(r.junit) > 500_000 {
					t.Errorf("the console got %d characters, JUnit %d", len(r.text), len(r.junit))
				}
				r.clean(t)
			})
		})
	}
}
