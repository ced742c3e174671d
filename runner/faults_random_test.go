package runner_test

import (
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// repetitions is how often the suite runs with random faults:
// REHEARSE_TEST_REPETITIONS, else ten times.
func repetitions(t *testing.T) int {
	t.Helper()
	text := os.Getenv("REHEARSE_TEST_REPETITIONS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("REHEARSE_TEST_REPETITIONS is %q, want a number", text)
	}
	return n
}

// unruly has one call in twenty throttled, one answered with 500, one reset,
// one cut in the middle of its answer, one late, and one delivery in twenty
// doubled; and all deliveries out of order. Deeds of which nobody could know
// whether they were done are spared what is not throttling.
func unruly(seed uint64) sandbox.Unkind {
	const share = .05
	return sandbox.Unkind{
		Seed: seed, Throttled: share, Failed: share, Reset: share, Cut: share, Slow: share, SlowBy: 2 * time.Second, Twice: share, Jitter: time.Second,
		Untouched: func(_, operation string) bool { return operation == "ReceiveMessage" }, // answers that are lost so often make silence unprovable: TestSomeReceivesFail
		Spared: func(service, operation string) bool {
			switch service + " " + operation {
			case "events PutEvents", "states StartExecution", "s3 PutObject", "dynamodb PutItem":
				return true
			}
			return false
		},
	}
}

// fails is a suite whose cases do not pass: the application is not as they say.
const fails = `
scenario: No such event
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: l, match: {detail-type: paid, detail: {run: "${scenario.id}"}}}
    within: 10s
---
scenario: One too many
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, count: 1}
    within: 20s
---
scenario: Not silent
arrange:
  - listen: {event_bus: play-bus, all: true}
    id: l
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
assert:
  - received: {from: l, match: {detail: {run: "${scenario.id}"}}, none: true}
    throughout: 10s
---
scenario: Not so
arrange:
  - put_item: {table: play-table, item: {pk: "${scenario.id}", n: 1}}
assert:
  - item: {table: play-table, key: {pk: "${scenario.id}"}}
    expect: {item.n: 2}
    within: 10s
---
scenario: Not there
assert:
  - object: {bucket: play-bucket, key: "${scenario.id}"}
    within: 10s
---
scenario: Broke
act:
  - start_execution: {state_machine: play-slow, input: {fail: true}}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
`

// TestVerdictsStayTheSame with faults of every sort at once: who passes
// without them passes with them, who fails fails, and nothing is left.
func TestVerdictsStayTheSame(t *testing.T) {
	for n := range repetitions(t) {
		for _, c := range []struct {
			name, scenario string
			code           int
			status         event.Status
		}{
			{"sound", whole, runner.ExitPassed, event.Passed},
			{"broken", fails, runner.ExitFailed, event.Failed},
		} {
			t.Run(c.name+" "+strconv.Itoa(n+1), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := performWith(t, sandbox.Options{Unkind: unruly(uint64(n + 1))}, c.scenario)
					for name, status := range r.ends() {
						if status != c.status {
							t.Errorf("%s ended as %s, want %s", name, status, c.status)
						}
					}
					if r.code != c.code {
						t.Errorf("exit code %d, want %d", r.code, c.code)
					}
					r.clean(t)
					if t.Failed() {
						t.Log(r.text)
					}
				})
			})
		}
	}
}
