package runner_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// calls finds out what a healthy run asks for: services and operations.
func calls(t *testing.T, scenario string) []string {
	t.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
			mu.Lock()
			defer mu.Unlock()
			seen[service+" "+operation] = service != "sts"
			return nil
		}}, scenario)
		if r.code != runner.ExitPassed {
			t.Fatalf("exit code %d\n%s", r.code, r.text)
		}
	})
	maps.DeleteFunc(seen, func(_ string, asked bool) bool { return !asked })
	return slices.Sorted(maps.Keys(seen))
}

// harmless are the actions without which a run can do: it passes rightly.
var harmless = []string{"xray PutTraceSegments"}

// TestEachActionDenied denies, one after the other, each action that a run
// uses: it ends with an error or with something left, its message names the
// action, and what could be removed is removed.
func TestEachActionDenied(t *testing.T) {
	all := calls(t, whole)
	if len(all) < 15 {
		t.Fatalf("a healthy run asks for %q only", all)
	}
	for _, what := range all {
		t.Run(what, func(t *testing.T) { actionDenied(t, what) })
	}
}

func actionDenied(t *testing.T, what string) {
	t.Helper()
	service, operation, _ := strings.Cut(what, " ")
	synctest.Test(t, func(t *testing.T) {
		r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, s, o string) error {
			if s == service && o == operation {
				return denied(service + ":" + operation)
			}
			return nil
		}}, whole)
		ends := slices.Collect(maps.Values(r.ends()))
		errored := slices.Contains(ends, event.Errored)
		switch {
		case slices.Contains(harmless, what):
			if r.code != runner.ExitPassed {
				t.Errorf("exit code %d, want 0", r.code)
			}
		case errored && r.code != runner.ExitFailed, !errored && r.code != runner.ExitLeft, slices.Contains(ends, event.Failed):
			t.Errorf("exit code %d with %v", r.code, ends)
		default:
			says(t, r, operation)
		}
		onlyNamedIsLeft(t, r)
		t.Log(r.text)
	})
}

// kindOf is what the inventory counts of each type of resource.
var kindOf = map[string]string{
	"queues": "sqs.queue", "rules": "events.rule", "targets": "events.rule", "objects": "s3.object", "items": "dynamodb.item",
	"executions_running": "states.execution",
}

// onlyNamedIsLeft fails the test when something is left that the run does not name.
func onlyNamedIsLeft(t *testing.T, r result) {
	t.Helper()
	left := r.events[len(r.events)-1].Body.(*event.RunFinish).Left
	for what, n := range r.after {
		named := slices.ContainsFunc(left, func(l string) bool { return kindOf[what] != "" && strings.HasPrefix(l, kindOf[what]) })
		if what != "log_groups" && n != r.before[what] && !named {
			t.Errorf("%s: %d before the run, %d after it, and the run names only %q", what, r.before[what], n, left)
		}
	}
}

// TestLeftBehindIsToldOnceInACase: each resource in one line.
func TestLeftBehindIsToldOnceInACase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := performWith(t, sandbox.Options{Intercept: func(_ context.Context, _, o string) error {
			if o == "DeleteObject" {
				return denied("s3:DeleteObject")
			}
			return nil
		}}, strings.ReplaceAll(creates, "%KEEP%", "false"))
		lines := strings.Split(r.text, "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return !strings.Contains(l, "left: s3.object") })
		if len(lines) != 2 {
			t.Errorf("%d lines tell of 2 objects\n%s", len(lines), r.text)
		}
	})
}
