package stepfunctions

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// calls counts what is asked of the sandbox.
type calls struct {
	mu sync.Mutex
	of map[string]int
}

func (c *calls) count(_ context.Context, _, operation string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[operation]++
	return nil
}

func TestTheHistoryIsReadWhenItIsWanted(t *testing.T) {
	for _, c := range []struct {
		name    string
		wanted  func(string) bool
		running any // visited while it runs
		reads   int // of the history, at three looks: two while it runs, one at its end
	}{
		{"nobody says", nil, []any{"Choose", "Nap"}, 3},
		{"a check on visited", func(key string) bool { return key == "visited" }, []any{"Choose", "Nap"}, 3},
		{"a check on states", func(key string) bool { return key == "states" }, []any{"Choose", "Nap"}, 3},
		{"only a check on status", func(key string) bool { return key == "status" }, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked calls
				s := stage.New(t, sandbox.Options{Intercept: asked.count})
				arn := s.Must(StartExecution, "{state_machine: play-slow}")["execution_arn"].(string)
				env := s.Env()
				env.Wanted = c.wanted
				probe, err := s.Bind(Execution, "{arn: "+arn+"}").Watch(t.Context(), env)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					synctest.Wait()
					seen, err := probe.Look(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					doc := seen.Doc.(map[string]any)
					if _, there := doc["states"]; !cmp.Equal(doc["visited"], c.running) || there != (c.running != nil) || doc["status"] != "RUNNING" {
						t.Errorf("while it runs: %v", doc)
					}
					if x := seen.Explain(); x.Summary != `the execution is RUNNING in state "Nap"` {
						t.Errorf("a failure would be told so: %q", x.Summary)
					}
					asked.of["GetExecutionHistory"] -= btoi(c.running == nil) // that was for telling it
				}
				wait(t, 4*time.Second)
				seen, err := probe.Look(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if doc := seen.Doc.(map[string]any); !cmp.Equal(doc["visited"], []any{"Choose", "Nap", "Done"}) || len(doc["states"].([]any)) != 3 {
					t.Errorf("at its end: %v", doc)
				}
				if n := asked.of["GetExecutionHistory"]; n != c.reads {
					t.Errorf("the history was read %d times, want %d", n, c.reads)
				}
			})
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestTheEndOnOurClock(t *testing.T) {
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stage.New(t, sandbox.Options{Skew: skew})
				time.Sleep(300 * time.Millisecond)
				arn := s.Must(StartExecution, "{state_machine: play-slow}")["execution_arn"].(string)
				ended := time.Now().Add(3 * time.Second)
				look := s.Watch(Execution, "{arn: "+arn+"}")
				wait(t, 8*time.Second)
				seen, err := look()
				if err != nil {
					t.Fatal(err)
				}
				if d := seen.At.Sub(ended); !seen.ByService || d < 0 || d >= time.Second {
					t.Errorf("its end is told %s late", d)
				}
				if doc := seen.Doc.(map[string]any); doc["duration_ms"] != json.Number("3000") || doc["status"] != "SUCCEEDED" {
					t.Errorf("found %v", doc)
				}
			})
		})
	}
}
