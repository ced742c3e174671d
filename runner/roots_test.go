package runner_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// rooted runs scenarios in a sandbox that counts calls of PutTraceSegments and lets them fail.
func rooted(t *testing.T, refuse error, scenarios string, look func(s *sandbox.Sandbox, id string)) (r result, calls int) {
	t.Helper()
	var n atomic.Int32
	s := newStage(t, sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
		if service == "xray" && operation == "PutTraceSegments" {
			n.Add(1)
			return refuse
		}
		return nil
	}}, files(t, map[string]string{"a.scenario.yaml": scenarios}))
	var ids []string
	s.watch = func(e event.Event) {
		switch b := e.Body.(type) {
		case *event.ScenarioStart:
			ids = append(ids, b.TraceID)
		case *event.RunFinish:
			for _, id := range ids {
				look(s.sandbox, id)
			}
		}
	}
	r = s.run()
	return r, int(n.Load())
}

func TestEveryAttemptPutsItsRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scenarios := `scenario: twice, because it fails
retries: 1
act:
  - wait: 2s
  - check: "false"
---
scenario: many
act:
  - wait: 1s
cases: [`
		for i := range 60 {
			scenarios += fmt.Sprintf("{name: c%d}, ", i)
		}
		found := 0
		r, calls := rooted(t, nil, scenarios+"]\n", func(s *sandbox.Sandbox, id string) {
			out, err := xray.NewFromConfig(s.Config()).BatchGetTraces(t.Context(), &xray.BatchGetTracesInput{TraceIds: []string{id}})
			if err != nil || len(out.Traces) != 1 || len(out.Traces[0].Segments) != 1 {
				t.Errorf("trace %s: %+v, %v", id, out, err)
				return
			}
			x, err := trace.ParseSegment([]byte(*out.Traces[0].Segments[0].Document))
			if err != nil || !trace.IsOwn(x, "") || x.TraceID != id {
				t.Errorf("trace %s begins with %+v, %v", id, x, err)
			}
			found++
		})
		if r.code != runner.ExitFailed || found != 62 {
			t.Errorf("exit code %d, %d roots, want those of 62 attempts\n%s", r.code, found, r.text)
		}
		if calls > 40 {
			t.Errorf("%d calls for 62 roots: those that wait are to go together", calls)
		}
	})
}

func TestARootThatIsRefusedIsToldOnce(t *testing.T) {
	const scenarios = "scenario: a\nact:\n  - wait: 1s\n---\nscenario: b\nact:\n  - wait: 2s\n"
	for _, c := range []struct {
		name   string
		refuse error
		level  string
	}{
		{"without permission", denied("xray:PutTraceSegments"), "warning"},
		{"where nobody knows X-Ray", &smithy.GenericAPIError{Code: "UnknownOperationException", Message: "no such thing"}, "info"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, calls := rooted(t, c.refuse, scenarios, func(*sandbox.Sandbox, string) {})
				var said []string
				for _, e := range r.events {
					if n, ok := e.Body.(*event.Note); ok {
						said = append(said, n.Level+": "+n.Text)
					}
				}
				if r.code != runner.ExitPassed || calls != 1 {
					t.Errorf("exit code %d, %d calls\n%s", r.code, calls, r.text)
				}
				if len(said) != 1 || !strings.HasPrefix(said[0], c.level+": ") || !strings.Contains(said[0], "PutTraceSegments") {
					t.Errorf("said %q", said)
				}
				t.Logf("%q", said)
			})
		})
	}
}

func TestWithoutActThereIsNoRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, calls := rooted(t, nil, "scenario: a\nassert:\n  - check: \"true\"\n", func(*sandbox.Sandbox, string) {})
		if calls != 0 {
			t.Errorf("%d calls", calls)
		}
	})
}
