package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
)

// all are the reports of one run.
type all struct {
	sinks   []event.Sink
	plain   bytes.Buffer
	verbose bytes.Buffer
	junit   *report.JUnit
	strict  *report.JUnit
	closers []func() error
}

func newAll() *all {
	a := &all{junit: report.NewJUnit(), strict: report.NewJUnit()}
	a.strict.Strict = true
	plain, verbose := report.NewConsole(&a.plain, report.ConsoleOptions{}), report.NewConsole(&a.verbose, report.ConsoleOptions{Color: true, Verbose: true, Width: 60})
	a.sinks = []event.Sink{a.junit, a.strict, plain, verbose}
	a.closers = []func() error{plain.Close, verbose.Close}
	return a
}

// text is everything that the reports say.
func (a *all) text() (string, error) {
	for _, c := range a.closers {
		if err := c(); err != nil {
			return "", err
		}
	}
	var b bytes.Buffer
	_, err1 := a.junit.WriteTo(&b)
	_, err2 := a.strict.WriteTo(&b)
	return a.plain.String() + a.verbose.String() + b.String(), errors.Join(err1, err2)
}

// rebuilt says how the reports of a run differ from those built from its
// recording, and whether a report changed what it was given.
func rebuilt(events []event.Event) error {
	recording := func() (string, error) {
		var b bytes.Buffer
		for _, e := range events {
			if err := event.Write(&b, e); err != nil {
				return "", err
			}
		}
		return b.String(), nil
	}
	recorded, err := recording()
	if err != nil {
		return err
	}
	live, later := newAll(), newAll()
	for _, e := range events {
		for _, s := range live.sinks {
			s.Emit(e)
		}
	}
	if err := event.Read(bytes.NewBufferString(recorded), later.sinks...); err != nil {
		return err
	}
	now, err1 := live.text()
	then, err2 := later.text()
	after, err3 := recording()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if diff := cmp.Diff(now, then); diff != "" {
		return fmt.Errorf("the rebuilt reports differ (-live +rebuilt):\n%s", diff)
	}
	if after != recorded {
		return fmt.Errorf("a report changed the events:\n%s", cmp.Diff(recorded, after))
	}
	return nil
}

// TestRebuilt writes every run as JSON and builds the reports again from that
// alone; a run that broke off too, wherever it did.
func TestRebuilt(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			if err := rebuilt(events()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("cut anywhere", func(t *testing.T) {
		whole := flaky()
		for n := range whole {
			if err := rebuilt(whole[:n]); err != nil {
				t.Errorf("after %d of %d events: %v", n, len(whole), err)
			}
		}
	})
}

// TestAnythingIsRebuilt does the same with documents and texts of every kind.
func TestAnythingIsRebuilt(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.Just(""), rapid.SampledFrom([]string{"\xff\xfe", "a\xffb", "<&>\u2028", "line\nline", "\x1b[2J", "***", "9007199254740993"}))
	var document *rapid.Generator[any]
	document = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.Int().Draw(t, "int")
		case 3:
			return rapid.Float64Range(-1e30, 1e30).Draw(t, "float")
		case 4:
			return json.Number("9007199254740993.10")
		case 5:
			return map[string]any(nil)
		case 6:
			return []any(nil)
		case 7:
			return struct {
				Name string `json:"name"`
				Rest []string
			}{texts.Draw(t, "name"), []string{"a"}}
		case 8:
			return []string{texts.Draw(t, "element")}
		case 9:
			return rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return document }), 0, 3).Draw(t, "list")
		case 10:
			return rapid.MapOfN(texts, rapid.Deferred(func() *rapid.Generator[any] { return document }), 0, 3).Draw(t, "map")
		}
		return texts.Draw(t, "text")
	})
	rapid.Check(t, func(t *rapid.T) {
		s := newStream()
		a := s.plan(hooks, "A case", texts.Draw(t, "tag"))
		for n := 1; n <= rapid.IntRange(1, 2).Draw(t, "attempts"); n++ {
			s.begin(a, n)
			s.setUp()
			s.emit("assert/0", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{texts.Draw(t, "mismatch")}})
			f := event.StepFinish{Status: event.Failed, Summary: texts.Draw(t, "summary"), Result: document.Draw(t, "result"), Matched: []string{}}
			f.Checks = []event.Check{{Path: texts.Draw(t, "path"), Op: "equals", Expected: document.Draw(t, "expected"), Found: document.Draw(t, "found"), Message: texts.Draw(t, "message")}}
			f.Misses = []event.Miss{{Summary: texts.Draw(t, "miss"), Diff: []event.Difference{{Path: "$.a", Kind: "type", Expected: document.Draw(t, "one"), Found: document.Draw(t, "other")}}}}
			s.step("assert/0", 30_000, f)
			s.finish(event.ScenarioFinish{Status: event.Failed, Reason: texts.Draw(t, "reason"), MS: 31_000})
		}
		s.begin(a, 3)
		s.step("assert/0", 300, met(300))
		s.finish(event.ScenarioFinish{Status: rapid.SampledFrom([]event.Status{event.Passed, event.Failed, event.Errored, event.Skipped}).Draw(t, "status"), MS: 300, Final: true})
		if err := rebuilt(s.end(1, texts.Draw(t, "why"), texts.Draw(t, "left"))); err != nil {
			t.Fatal(err)
		}
	})
}

// TestReportsKeepLittle holds what the console and JUnit keep of a case that
// passed, whatever its documents were.
func TestReportsKeepLittle(t *testing.T) {
	const cases, most = 2000, 3 << 10 // bytes a case
	c, j := report.NewConsole(io.Discard, report.ConsoleOptions{}), report.NewJUnit()
	before := heap()
	s := newStream()
	s.to = []event.Sink{c, j}
	for i := range cases {
		key := s.plan(hooks, fmt.Sprintf("Order %d is delivered", i))
		s.begin(key, 1)
		s.setUp()
		s.emit("assert/0", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{"no event has arrived"}})
		f := met(3180)
		f.Result = document()
		s.step("assert/0", 3180, f)
		s.step("assert/1", 50, event.StepFinish{Status: event.Passed, Result: document()})
		s.finish(event.ScenarioFinish{Status: event.Passed, MS: 4200, Final: true})
	}
	kept := (heap() - before) / cases
	runtime.KeepAlive(c)
	runtime.KeepAlive(j)
	if kept > most {
		t.Errorf("%d bytes a case are kept, want at most %d", kept, most)
	}
	t.Logf("%d bytes a case", kept)
}
