package runner_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	play "github.com/rehearse-dev/rehearse/steps/stage"
)

const traced = `
scenario: Traced
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {n: 1}}
assert:
  - trace: {id: "${scenario.trace_id}", %s}
`

// runTraced runs a step that looks at the trace of an event and a function.
func runTraced(t *testing.T, step string, change func(*stage, *runner.Options)) result {
	s := newStage(t, sandbox.Options{Functions: play.Functions()}, files(t, map[string]string{
		"rehearse.yaml":   "accounts:\n  away: {region: eu-west-1}\n",
		"a.scenario.yaml": fmt.Sprintf(traced, step),
	}))
	deployPlay(t, s.sandbox)
	s.change = func(o *runner.Options) {
		if change != nil {
			change(s, o)
		}
	}
	return s.run()
}

// TestTraceIsDrawn holds that a failure shows the tree, its data too, wherever it is told.
func TestTraceIsDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runTraced(t, "only: [Billing], no_errors: true", nil)
		f := r.steps()["assert/0"]
		if f.Status != event.Failed || f.Cause != event.CauseCheck || len(f.Picture) != 1 || !strings.HasSuffix(f.Picture[0], "← only: may not appear") {
			t.Fatalf("%s %s %q", f.Status, f.Summary, f.Picture)
		}
		wants(t, r.text, f.Picture[0], "only: greeter", "this can no longer change")
		wants(t, string(r.junit), "← only: may not appear")
		var told struct{ Services []struct{ Origin string } }
		b, _ := json.Marshal(f.Result)
		if err := json.Unmarshal(b, &told); err != nil || len(told.Services) != 1 || told.Services[0].Origin != "AWS::Lambda" {
			t.Errorf("%v: %s", err, b)
		}
	})
}

// TestTraceOfSeveralAccounts reads what another account has of the trace.
func TestTraceOfSeveralAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runTraced(t, "accounts: [away], paths: [Delivery], no_errors: true", func(s *stage, o *runner.Options) {
			away, err := awsclient.Connect(t.Context(), awsclient.Settings{Region: "eu-west-1", EndpointURL: sandbox.URL, Dial: s.sandbox.Dial, AccessKey: "test", SecretKey: "test"})
			if err != nil {
				t.Fatal(err)
			}
			o.Places.Add(o.Plan.Suites[0], "away", away)
			o.Sinks = append(o.Sinks, watcher(func(e event.Event) {
				if b, ok := e.Body.(*event.ScenarioStart); ok {
					doc := fmt.Sprintf(`{"trace_id": %q, "id": "00000000000000aa", "name": "Delivery", "start_time": %d, "end_time": %d}`, b.TraceID, e.Time.Unix(), e.Time.Unix())
					go func() {
						if _, err := away.XRay().PutTraceSegments(t.Context(), &xray.PutTraceSegmentsInput{TraceSegmentDocuments: []string{doc}}); err != nil {
							t.Error(err)
						}
					}()
				}
			}))
		})
		if f := r.steps()["assert/0"]; f.Status != event.Passed {
			t.Errorf("%s\n%s", f.Summary, r.text)
		}
	})
}

// TestWhoseResultIsUsedWaits: with an id, or an expect, more is asked for than
// visits and paths say.
func TestWhoseResultIsUsedWaits(t *testing.T) {
	for name, c := range map[string]struct {
		more  string
		waits bool
	}{
		"paths alone":  {"", false},
		"with an id":   {"    id: seen\n", true},
		"with expect":  {"    expect: {duration_ms: {lt: 5000}}\n", true},
		"with no more": {"    name: just a name\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, sandbox.Options{Functions: play.Functions()}, files(t, map[string]string{"a.scenario.yaml": fmt.Sprintf(traced, `paths: ["** > greeter"]`) + c.more}))
				deployPlay(t, s.sandbox)
				f := s.run().steps()["assert/0"]
				if f.Status != event.Passed || (f.MS >= 10_000) != c.waits {
					t.Errorf("%s after %d ms: %s", f.Status, f.MS, f.Summary)
				}
			})
		})
	}
}
