package report_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
)

// later moves a run in time and gives it another id.
func later(events []event.Event, run string, by time.Duration, shard string) []event.Event {
	for i := range events {
		events[i].Run, events[i].Time = run, events[i].Time.Add(by)
		if s, ok := events[i].Body.(*event.RunStart); ok {
			s.Shard = shard
		}
	}
	return events
}

// shardOne leaves something behind and has a flaky case; shardTwo has cases of
// the same file, fails and is cut off before its end.
func shardOne() []event.Event {
	s := newStream()
	a, b := s.plan(hooks, "First"), s.plan(hooks, "Second")
	s.pass(a, 1200)
	s.begin(b, 1)
	s.setUp()
	s.step("assert/0", 20_000, neverCame())
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseSLA, FailedStep: "assert/0", MS: 21_000})
	s.passAt(b, 2, 900)
	queue := event.Resource{Kind: "sqs_queue", ID: "rehearse-a1a1-completions", Owner: "run"}
	s.emit("", &event.ResourceChange{Resource: queue, Status: "left", Error: "QueueDoesNotExist"})
	return later(s.end(4, "", "sqs_queue rehearse-a1a1-completions: QueueDoesNotExist"), "a1a1", 0, "1/3")
}

func shardTwo() []event.Event {
	s := newStream()
	a, b := s.plan("scenarios/orders.scenario.yaml", "Third"), s.plan(hooks, "Fourth")
	s.pass(a, 700)
	s.begin(b, 1)
	s.setUp()
	s.emit("assert/0", &event.StepStart{Phase: "assert"})
	s.now += 2000
	s.emit("assert/0", &event.Probe{N: 4, Outcome: "miss", Mismatches: []string{"no event has arrived"}})
	return later(s.events, "b2b2", 5*time.Second, "2/3")
}

func recordedTo(t *testing.T, name string, events []event.Event) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	err := report.WriteFile(file, func(w io.Writer) error {
		for _, e := range events {
			if err := event.Write(w, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// gathered builds the reports of recordings.
func gathered(t *testing.T, files ...string) (found report.Gathered, console, junit string, code int) {
	t.Helper()
	var text bytes.Buffer
	c, j := report.NewConsole(&text, report.ConsoleOptions{Several: true}), report.NewJUnit()
	found = report.Gather(files, io.Discard, c, j)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return found, text.String(), string(xmlOf(t, j)), c.ExitCode()
}

func TestShards(t *testing.T) {
	found, console, junit, code := gathered(t, recordedTo(t, "one", shardOne()), recordedTo(t, "two", shardTwo()))
	if len(found.Problems)+len(found.Warnings) > 0 || code != 1 {
		t.Errorf("%+v, exit code %d", found, code)
	}
	wellFormed(t, []byte(junit))
	golden(t, "shards.console.txt", []byte(console))
	golden(t, "shards.junit.xml", []byte(junit))
}

// TestOneRunGathered: of one run, gathering gives what was given live.
func TestOneRunGathered(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			found, text, junit, code := gathered(t, recordedTo(t, "events", events()))
			if len(found.Problems)+len(found.Warnings) > 0 {
				t.Errorf("%+v", found)
			}
			if text != string(console(t, events(), report.ConsoleOptions{})) {
				t.Errorf("the console says something else:\n%s", text)
			}
			if junit != string(junitOf(t, events())) {
				t.Errorf("the file is another one:\n%s", junit)
			}
			all := events()
			last, ended := all[len(all)-1].Body.(*event.RunFinish)
			switch {
			case name == "unknown" || !ended:
				if code != 1 {
					t.Errorf("exit code %d, want 1", code)
				}
			case code != last.ExitCode:
				t.Errorf("exit code %d, want %d", code, last.ExitCode)
			}
		})
	}
}

// TestCutAnywhere cuts a recording of a run that passed around every line end
// and here and there between: it is never well, and never without a word.
func TestCutAnywhere(t *testing.T) {
	whole := content(t, recordedTo(t, "events", skipped()))
	file := filepath.Join(t.TempDir(), "cut")
	for n := range len(whole) - 1 {
		if n%97 > 0 && !strings.Contains(whole[max(0, n-2):n+2], "\n") {
			continue
		}
		if err := report.WriteFile(file, write(whole[:n])); err != nil {
			t.Fatal(err)
		}
		found, console, junit, code := gathered(t, file)
		atEnd := strings.HasSuffix(whole[:n], "}") && whole[n] == '\n' || strings.HasSuffix(whole[:n], "\n")
		switch {
		case len(found.Problems) > 0:
			if strings.Contains(whole[:n], "\n") {
				t.Errorf("cut at byte %d: %v", n, found.Problems)
			}
			continue
		case len(found.Warnings) == 0 != atEnd:
			t.Errorf("cut at byte %d: warnings %v", n, found.Warnings)
		}
		if code != 1 || !strings.Contains(junit, "<error ") || !strings.Contains(console, "the run died") {
			t.Errorf("cut at byte %d: exit code %d", n, code)
		}
	}
}

func TestExitCodeOfSeveralRuns(t *testing.T) {
	for _, x := range []struct {
		codes []int
		want  int
	}{
		{[]int{0}, 0},
		{[]int{0, 0}, 0},
		{[]int{0, 4}, 4},
		{[]int{5, 4}, 5},
		{[]int{5, 1, 4}, 1},
		{[]int{130, 1}, 130},
		{[]int{0, 130, 0}, 130},
		{[]int{0, 77}, 1},
		{[]int{3}, 1},
	} {
		t.Run(fmt.Sprint(x.codes), func(t *testing.T) {
			var files []string
			for i, code := range x.codes {
				s := newStream()
				s.pass(s.plan(hooks, fmt.Sprintf("Case %d", i)), 10)
				files = append(files, recordedTo(t, "events", later(s.end(code, ""), fmt.Sprintf("r%d", i), 0, "")))
			}
			found, _, junit, code := gathered(t, files...)
			if len(found.Problems) > 0 || code != x.want {
				t.Errorf("%+v, exit code %d, want %d", found, code, x.want)
			}
			if red := strings.Contains(junit, "<error "); red != (x.want != 0) {
				t.Errorf("an error in the file: %v\n%s", red, junit)
			}
		})
	}
}
