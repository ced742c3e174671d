package report_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// stream writes a run by hand. Its clock moves only when told to.
type stream struct {
	events  []event.Event
	to      []event.Sink // where the events go instead
	seq     int64
	run     string
	now     int64 // ms since the run's start
	key     string
	attempt int
}

var began = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func newStream() *stream {
	return newStreamOf(event.RunStart{
		Tool: "rehearse 0.1.0", CWD: "/home/dev/app", Suites: []string{"scenarios"}, Region: "eu-west-1",
		Account: "111122223333", Env: "dev", Seed: 42, Parallel: 100,
	}, "k3f9")
}

// newStreamOf begins a run that says this of itself.
func newStreamOf(start event.RunStart, run string) *stream {
	s := &stream{run: run}
	s.emit("", &start)
	return s
}

func (s *stream) emit(step string, b event.Body) {
	s.seq++
	e := event.Event{
		V: event.Version, Seq: s.seq, Time: began.Add(time.Duration(s.now) * time.Millisecond),
		TMS: s.now, Type: typeOf(b), Run: s.run, Case: s.key, Attempt: s.attempt, Step: step, Body: b,
	}
	for _, sink := range s.to {
		sink.Emit(e)
	}
	if s.to == nil {
		s.events = append(s.events, e)
	}
}

func typeOf(b event.Body) event.Type {
	switch b := b.(type) {
	case *event.RunStart:
		return event.RunStarted
	case *event.CasePlan:
		return event.CasePlanned
	case *event.ScenarioStart:
		return event.ScenarioStarted
	case *event.PhaseFinish:
		return event.PhaseFinished
	case *event.StepStart:
		return event.StepStarted
	case *event.Probe:
		return event.ProbeAttempt
	case *event.StepFinish:
		return event.StepFinished
	case *event.ScenarioFinish:
		return event.ScenarioFinished
	case *event.ResourceChange:
		if b.Status == "created" {
			return event.ResourceCreated
		}
		return event.ResourceReleased
	case *event.Note:
		return event.Message
	case *event.RunFinish:
		return event.RunFinished
	}
	panic("a body without a type")
}

const hooks = "scenarios/video-plugins/hooks.scenario.yaml"

// planned are the steps that every hand-made case has.
func planned() []event.StepPlan {
	return []event.StepPlan{
		{Step: "arrange/0", Kind: "listen", ID: "completions", Line: 7, Col: 5},
		{Step: "act/0", Kind: "start_execution", ID: "lifecycle", Line: 10, Col: 5},
		{Step: "assert/0", Kind: "received", Name: "the plugin announces that it is done", Line: 16, Col: 5, WithinMS: 20_000},
		{Step: "assert/1", Kind: "execution", Line: 22, Col: 5, WithinMS: 30_000},
		{Step: "diagnose/0", Kind: "log_events", Line: 26, Col: 5},
		{Step: "cleanup/0", Kind: "delete_object", Line: 29, Col: 5},
	}
}

// plan plans a case; begin chooses it.
func (s *stream) plan(file, name string, tags ...string) string {
	return s.planCase(file+"#"+name, event.CasePlan{File: file, Line: 3, Scenario: name, Name: name, Tags: tags, Steps: planned()})
}

// planRepeated plans one repetition, from 1, of several.
func (s *stream) planRepeated(file, name string, n, of int) string {
	return s.planCase(fmt.Sprintf("%s#%s@%d", file, name, n), event.CasePlan{
		File: file, Line: 3, Scenario: name, Name: fmt.Sprintf("%s (%d/%d)", name, n, of), Steps: planned(),
	})
}

func (s *stream) planCase(key string, p event.CasePlan) string {
	s.key, s.attempt = key, 0
	s.emit("", &p)
	s.key = ""
	return key
}

func (s *stream) begin(key string, attempt int) {
	s.key, s.attempt = key, attempt
	s.emit("", &event.ScenarioStart{ScenarioID: "k3f9-1", TraceID: "1-65f2c7ad-0123456789abcdef01234567", QueuedMS: 120})
}

// step runs a step for ms.
func (s *stream) step(place string, ms int64, f event.StepFinish) {
	phase, _, _ := strings.Cut(place, "/")
	s.emit(place, &event.StepStart{Phase: phase})
	s.now += ms
	f.MS = ms
	s.emit(place, &f)
}

func (s *stream) phase(name string, ms int64, status event.Status) {
	s.emit("", &event.PhaseFinish{Phase: name, StartMS: s.now - ms, MS: ms, Status: status})
}

// setUp is a listener that came up and an execution that was started.
func (s *stream) setUp() {
	s.step("arrange/0", 900, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.phase("arrange", 900, event.Passed)
	s.step("act/0", 100, event.StepFinish{Status: event.Passed, Attempts: 1, Result: map[string]any{"execution_arn": "arn:aws:states:eu-west-1:111122223333:execution:PluginLifecycleWorkflow:k3f9"}})
	s.phase("act", 100, event.Passed)
}

func (s *stream) finish(f event.ScenarioFinish) {
	if f.Cleanup == nil {
		f.Cleanup = &event.Cleanup{Status: event.Passed}
	}
	s.emit("", &f)
	s.key, s.attempt = "", 0
}

// pass runs a case that passes after ms.
func (s *stream) pass(key string, ms int64) { s.passAt(key, 1, ms) }

func (s *stream) passAt(key string, attempt int, ms int64) {
	s.begin(key, attempt)
	s.setUp()
	s.step("assert/0", ms, met(ms))
	s.step("assert/1", 50, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.finish(event.ScenarioFinish{Status: event.Passed, MS: 1050 + ms, Final: true})
}

func met(ms int64) event.StepFinish {
	return event.StepFinish{Status: event.Passed, Attempts: 3, SLA: &event.SLA{LimitMS: 20_000, ObservedMS: ms, Status: "met"}}
}

func (s *stream) end(code int, reason string, left ...string) []event.Event {
	s.emit("", &event.RunFinish{ExitCode: code, Reason: reason, MS: s.now, Left: left})
	return s.events
}

func num(n int) *int { return &n }
