package runner_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// TestRootsThatHangHoldNoRun: where PutTraceSegments is never answered, a run ends
// ten seconds after its last act at the latest.
func TestRootsThatHangHoldNoRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{Intercept: func(ctx context.Context, _, operation string) error {
			if operation == "PutTraceSegments" {
				<-ctx.Done()
			}
			return nil
		}}, files(t, map[string]string{"a.scenario.yaml": "scenario: a\nact:\n  - wait: 1s\n---\nscenario: b\nact:\n  - wait: 5s\n---\nscenario: c\nact:\n  - wait: 1h\n"}))
		began := time.Now()
		time.AfterFunc(6*time.Second, func() { close(s.stop) })
		s.run()
		if took := time.Since(began); took > 17*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
