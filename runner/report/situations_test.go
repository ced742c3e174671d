package report_test

import (
	"encoding/json"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// situations are runs, each with its golden files.
var situations = map[string]func() []event.Event{
	"all_passed":       allPassed,
	"check_failed":     checkFailed,
	"sla_late":         slaLate,
	"sla_never":        slaNever,
	"never_answered":   neverAnswered,
	"arrange_error":    arrangeError,
	"interrupted":      interrupted,
	"skipped":          skipped,
	"not_run":          notRun,
	"cleanup_failed":   cleanupFailed,
	"died":             died,
	"flaky":            flaky,
	"repeated":         repeated,
	"retries_failed":   retriesFailed,
	"diagnosed":        diagnosed,
	"control":          control,
	"long_documents":   longDocuments,
	"many":             many,
	"suite_set_up":     suiteSetUp,
	"nothing_explains": nothingExplains,
	"unknown":          unknown,
}

func allPassed() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA [post-validate]", "eventbridge", "smoke")
	b := s.plan(hooks, "Plugin announces completion within its SLA [pre-metadata]", "eventbridge", "smoke")
	c := s.plan("scenarios/audit.log/writes.scenario.yml", "An upload is entered once")
	s.emit("", &event.Note{Level: "warning", Text: "this received names neither scenario.id nor a step's result: another case's event could satisfy it", File: hooks, Line: 16})
	s.pass(a, 3204)
	s.begin(b, 1)
	s.setUp()
	s.step("assert/0", 7250, event.StepFinish{Status: event.Passed, Attempts: 9, SLA: &event.SLA{LimitMS: 20_000, WarnMS: 5000, ObservedMS: 7204, Status: "warned"}})
	s.step("assert/1", 10, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.finish(event.ScenarioFinish{Status: event.Passed, MS: 8300, Final: true})
	s.pass(c, 40)
	return s.end(0, "")
}

func failedCheck() event.StepFinish {
	return event.StepFinish{
		Status: event.Failed, Cause: event.CauseCheck, Attempts: 61,
		Summary: "the execution did not end as expected",
		Checks: []event.Check{
			{Path: "status", Op: "equals", Expected: "SUCCEEDED", Found: "FAILED"},
			{Path: "output.height", Op: "equals", Expected: json.Number("178"), Found: "178", Message: "the text \"178\" is not the number 178"},
			{Path: "output", Op: "match", Expected: map[string]any{"a": 1}, Found: map[string]any{"a": 2}, Diff: []event.Difference{
				{Path: "$.title", Kind: "changed", Expected: "Herr der Ringe", Found: "Herr der <Ringe> & mehr"},
				{Path: "$.height", Kind: "type", Expected: 178, Found: "178"},
				{Path: "$.tags[2]", Kind: "missing", Expected: "slow"},
				{Path: "$.extra", Kind: "extra", Found: map[string]any{"b": 1, "a": []any{true, nil}}},
			}},
			{Path: "error", Op: "starts_with", Expected: "States.", Found: "Lambda.Unknown", Message: `error: expected starts_with "States.", found "Lambda.Unknown"`},
			{Path: "input", Op: "equals", Expected: strings.Repeat("a", 60) + "b", Found: strings.Repeat("a", 60) + "c", Message: `input: expected equals "aaa…", found "aaa…"; they part at character 61: "…ab" and "…ac"`},
			{Message: "the execution has no history"},
			{Path: "duration_ms", Op: "lt", Expected: 10000, Found: 812, OK: true},
			{Path: "cause", Op: "exists", Expected: true},
		},
	}
}

func checkFailed() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA", "smoke")
	b := s.plan(hooks, "Another one")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 3200, met(3180))
	s.emit("assert/1", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{`status: expected "SUCCEEDED", found "RUNNING"`}})
	s.emit("assert/1", &event.Probe{N: 61, Outcome: "miss", Collapsed: 59, Mismatches: []string{`status: expected "SUCCEEDED", found "FAILED"`}})
	s.step("assert/1", 30_020, failedCheck())
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseCheck, FailedStep: "assert/1", MS: 34_220, Final: true})
	s.pass(b, 900)
	return s.end(1, "")
}

func slaLate() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 23_500, event.StepFinish{
		Status: event.Failed, Cause: event.CauseSLA, Attempts: 41, Arrived: num(1), PacingMS: 1200,
		Summary: "the event came, but later than allowed",
		SLA:     &event.SLA{LimitMS: 20_000, ObservedMS: 23_418, NotBeforeMS: 22_900, Status: "missed"},
	})
	s.step("assert/1", 10, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseSLA, FailedStep: "assert/0", MS: 24_600, Final: true})
	return s.end(1, "")
}

func neverCame() event.StepFinish {
	return event.StepFinish{
		Status: event.Failed, Cause: event.CauseSLA, Attempts: 52, Arrived: num(5), Summary: "no event matched in 20s",
		Checks: []event.Check{{Path: "count", Op: "equals", Expected: 1, Found: 0}},
		SLA:    &event.SLA{LimitMS: 20_000, ObservedMS: -1, Status: "missed"},
		Misses: []event.Miss{
			{Summary: "plugin-complete from video.plugin.PythonMinimalPlugin, 3.2s after the start of act", Diff: []event.Difference{
				{Path: "$.detail.run", Kind: "changed", Expected: "k3f9-1", Found: "k3f9-2"},
			}},
			{Summary: "plugin-failed from video.plugin.PythonMinimalPlugin, 3.9s after the start of act", Diff: []event.Difference{
				{Path: "$.detail.run", Kind: "missing", Expected: "k3f9-1"},
				{Path: "$['detail-type']", Kind: "changed", Expected: "plugin-complete", Found: "plugin-failed"},
			}},
			{Summary: "a third"},
			{Summary: "a fourth"},
			{Summary: "a fifth"},
		},
	}
}

func slaNever() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	b := s.plan(hooks, "Nothing at all")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 30_000, neverCame())
	s.step("assert/1", 10, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseSLA, FailedStep: "assert/0", MS: 31_100, Final: true})
	s.begin(b, 1)
	s.setUp()
	s.step("assert/0", 30_000, event.StepFinish{Status: event.Failed, Attempts: 3, Arrived: num(0), SLA: &event.SLA{LimitMS: 20_000, ObservedMS: -1, Status: "missed"}})
	s.finish(event.ScenarioFinish{Status: event.Failed, FailedStep: "assert/0", MS: 31_000, Final: true})
	return s.end(1, "")
}

func neverAnswered() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 3200, met(3180))
	s.emit("assert/1", &event.Probe{N: 1, Outcome: "transient", Error: &event.Error{Type: "transient", Code: "ThrottlingException", Message: "Rate exceeded"}})
	s.step("assert/1", 30_000, event.StepFinish{
		Status: event.Errored, Cause: event.CauseTimeout, Attempts: 17, PacingMS: 4000, Summary: "no answer in 30s",
		Error: &event.Error{Type: "transient", Code: "ThrottlingException", Message: "Rate exceeded"},
	})
	s.finish(event.ScenarioFinish{Status: event.Errored, Cause: event.CauseTimeout, FailedStep: "assert/1", MS: 34_000, Final: true})
	return s.end(1, "")
}

func arrangeError() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.step("arrange/0", 210, event.StepFinish{
		Status: event.Errored, Cause: event.CauseArrange,
		Summary: `the rule "video-plugin-success" does not exist on the bus "default"`,
		Error:   &event.Error{Type: "final", Code: "ResourceNotFoundException", Message: "Rule video-plugin-success does not exist on EventBus default."},
	})
	s.phase("arrange", 210, event.Errored)
	s.finish(event.ScenarioFinish{Status: event.Errored, Cause: event.CauseArrange, FailedStep: "arrange/0", MS: 220, Final: true})
	return s.end(1, "")
}

func interrupted() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	b := s.plan(hooks, "Not begun")
	s.plan(hooks, "Not begun and nothing said of it")
	s.begin(a, 1)
	s.setUp()
	s.emit("assert/0", &event.StepStart{Phase: "assert"})
	s.emit("assert/0", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{"no event has arrived"}})
	s.now += 2000
	s.finish(event.ScenarioFinish{Status: event.Errored, Cause: event.CauseInterrupted, Reason: "interrupted by SIGINT", MS: 3100, Final: true})
	s.key = b
	s.finish(event.ScenarioFinish{Status: event.Skipped, Reason: "interrupted before it began", Final: true})
	return s.end(130, "interrupted by SIGINT; everything was cleaned up")
}

func skipped() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	b := s.plan(hooks, "Only in production")
	s.pass(a, 800)
	s.key = b
	s.finish(event.ScenarioFinish{Status: event.Skipped, Reason: "waits for VID-812", Final: true})
	return s.end(0, "")
}

func notRun() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 20_000, event.StepFinish{Status: event.Failed, Cause: event.CauseCheck, Attempts: 40, Summary: "no event matched in 20s", Arrived: num(0)})
	s.emit("assert/1", &event.StepFinish{Status: event.NotRun, Summary: "waits for completions"})
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseCheck, FailedStep: "assert/0", MS: 21_000, Final: true})
	return s.end(1, "")
}
