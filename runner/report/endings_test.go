package report_test

import (
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

func cleanupFailed() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	object := event.Resource{Kind: "s3_object", ID: "videos/k3f9-1.mp4", Owner: a}
	queue := event.Resource{Kind: "sqs_queue", ID: "rehearse-k3f9-completions", ARN: "arn:aws:sqs:eu-west-1:111122223333:rehearse-k3f9-completions", Owner: "run"}
	s.begin(a, 1)
	s.emit("act/0", &event.ResourceChange{Resource: object, Status: "created"})
	s.setUp()
	s.step("assert/0", 3200, met(3180))
	s.step("assert/1", 10, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.step("cleanup/0", 40, event.StepFinish{
		Status: event.Errored, Cause: event.CauseCleanup, Summary: `the bucket "videos" cannot be written to`,
		Error: &event.Error{Type: "final", Code: "AccessDenied", Message: "User: arn:aws:iam::111122223333:role/ci is not authorized to perform: s3:DeleteObject"},
	})
	s.phase("cleanup", 40, event.Errored)
	s.emit("", &event.ResourceChange{Resource: object, Status: "left", Error: "AccessDenied: not authorized to perform s3:DeleteObject"})
	s.phase("take_back", 80, event.Errored)
	s.finish(event.ScenarioFinish{Status: event.Passed, MS: 4400, Final: true, Cleanup: &event.Cleanup{Status: event.Errored, Left: []string{"s3_object videos/k3f9-1.mp4"}}})
	s.emit("", &event.ResourceChange{Resource: queue, Status: "left", Error: "QueueDoesNotExist"})
	return s.end(4, "", "s3_object videos/k3f9-1.mp4", "sqs_queue rehearse-k3f9-completions")
}

func died() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	b := s.plan(hooks, "It was under way")
	s.plan(hooks, "It had not begun")
	s.pass(a, 800)
	s.begin(b, 1)
	s.emit("act/0", &event.ResourceChange{Resource: event.Resource{Kind: "s3.object", ID: "videos/k3f9-2.mp4"}, Status: "created"})
	s.emit("act/1", &event.ResourceChange{Resource: event.Resource{Kind: "s3.object", ID: "videos/other.mp4"}, Status: "created"})
	s.emit("", &event.ResourceChange{Resource: event.Resource{Kind: "s3.object", ID: "videos/other.mp4"}, Status: "released"})
	s.setUp()
	s.emit("assert/0", &event.StepStart{Phase: "assert"})
	s.now += 2000
	s.emit("assert/0", &event.Probe{N: 4, Outcome: "transient", Error: &event.Error{Type: "transient", Message: "connection reset by peer"}})
	s.key, s.attempt = "", 0
	s.emit("", &event.ResourceChange{Resource: event.Resource{Kind: "sqs.queue", ID: "rehearse-k3f9-completions"}, Status: "created"})
	return s.events
}

func flaky() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 30_000, neverCame())
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseSLA, FailedStep: "assert/0", MS: 31_000})
	s.begin(a, 2)
	s.step("arrange/0", 210, event.StepFinish{Status: event.Errored, Error: &event.Error{Type: "final", Code: "LimitExceededException", Message: "300 rules"}})
	s.finish(event.ScenarioFinish{Status: event.Errored, MS: 300})
	s.begin(a, 3)
	s.setUp()
	s.step("assert/0", 3200, met(3180))
	s.step("assert/1", 10, event.StepFinish{Status: event.Passed, Attempts: 1})
	s.finish(event.ScenarioFinish{Status: event.Passed, MS: 4300, Final: true})
	return s.end(0, "")
}

// repeated is --repeat 5 with a retry: the SLA of the first case is met twice,
// met late once, missed late once, and missed twice because nothing came.
func repeated() []event.Event {
	s := newStream()
	times := []int64{3180, 7204, -1, 23_418, 900}
	const name = "Plugin announces completion within its SLA [post-validate]"
	for i := range times {
		s.planRepeated(hooks, name, i+1, len(times))
	}
	other := s.planRepeated(hooks, "It only has a warn_after", 1, 1)
	for i, ms := range times {
		f := met(ms)
		f.SLA.WarnMS = 5000
		switch {
		case ms < 0:
			f = neverCame()
		case ms > 20_000:
			f = event.StepFinish{Status: event.Failed, Cause: event.CauseSLA, Summary: "came after 23.4s, the limit is 20s", SLA: &event.SLA{LimitMS: 20_000, WarnMS: 5000, ObservedMS: ms, NotBeforeMS: ms - 500, Status: "missed"}}
		case ms > 5000:
			f.SLA.Status = "warned"
		}
		last := 1
		if ms < 0 {
			last = 2
		}
		for n := 1; n <= last; n++ {
			s.begin(fmt.Sprintf("%s#%s@%d", hooks, name, i+1), n)
			s.setUp()
			s.step("assert/0", max(ms, 1), f)
			s.finish(event.ScenarioFinish{Status: f.Status, Cause: f.Cause, MS: 1000 + max(ms, 1), Final: n == last})
		}
	}
	s.begin(other, 1)
	s.setUp()
	s.step("assert/0", 400, event.StepFinish{Status: event.Passed, Attempts: 1, SLA: &event.SLA{WarnMS: 5000, ObservedMS: 400, Status: "met"}})
	s.finish(event.ScenarioFinish{Status: event.Passed, MS: 1400, Final: true})
	return s.end(1, "")
}

func retriesFailed() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	for n := 1; n <= 2; n++ {
		s.begin(a, n)
		s.setUp()
		s.step("assert/0", 30_000, neverCame())
		s.finish(event.ScenarioFinish{Status: event.Failed, FailedStep: "assert/0", MS: 31_000, Final: n == 2})
	}
	return s.end(1, "")
}

func diagnosed() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.begin(a, 1)
	s.setUp()
	s.step("assert/0", 20_000, event.StepFinish{Status: event.Failed, Cause: event.CauseCheck, Attempts: 40, Summary: "no event matched in 20s", Arrived: num(0)})
	var logged []any
	for i := range 12 {
		logged = append(logged, map[string]any{"timestamp": 1773480413000 + i, "message": fmt.Sprintf("ERROR Task %d failed", i), "stream": "2026/03/14/[$LATEST]0123"})
	}
	logged[1] = map[string]any{"message": "Traceback (most recent call last):\n  File \"index.py\", line 12, in handler\nKeyError: 'title'\n", "timestamp": 1773480413001}
	s.step("diagnose/0", 300, event.StepFinish{Status: event.Passed, Result: map[string]any{"count": 12, "events": logged}, Truncated: true})
	s.step("diagnose/1", 300, event.StepFinish{Status: event.Errored, Summary: "the log group does not exist", Error: &event.Error{Type: "final", Code: "ResourceNotFoundException", Message: "no such group"}})
	s.step("diagnose/2", 300, event.StepFinish{Status: event.Passed})
	s.finish(event.ScenarioFinish{Status: event.Failed, Cause: event.CauseCheck, FailedStep: "assert/0", MS: 21_600, Final: true})
	return s.end(1, "")
}

func control() []event.Event {
	s := newStream()
	a := s.plan("scenarios/odd\x1b[2J.scenario.yaml", "A name\nwith \x00 and ]]> & <b>")
	s.begin(a, 1)
	s.setUp()
	s.emit("", &event.Note{Level: "error", Text: "one\r\nerase \x1b[2K this\u009b3m"})
	s.step("assert/0", 100, event.StepFinish{
		Status: event.Failed, Cause: event.CauseCheck, Summary: "found \x1b[31mred\x1b[0m text \x00\x08 ]]> \xff\ufffe and \u202eturned",
		Checks: []event.Check{{Path: "a\x07", Op: "equals", Expected: "x\u2028y", Found: "\x00\ufffe]]>"}},
		Error:  &event.Error{Type: "final", Message: "line one\nline \x1btwo"},
		Result: map[string]any{"text": "a\x1bb\r\nc", "k\x1b": "\x7f"},
	})
	s.finish(event.ScenarioFinish{Status: event.Failed, FailedStep: "assert/0", MS: 1100, Final: true, Reason: "\x1b]0;title\x07"})
	return s.end(1, "a\x1bb")
}

func longDocuments() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	long := strings.Repeat("äöü and so on ", 400)
	var diff []event.Difference
	for i := range 20 {
		diff = append(diff, event.Difference{Path: fmt.Sprintf("$.items[%d].price", i), Kind: "changed", Expected: i, Found: i + 1})
	}
	s.begin(a, 1)
	s.setUp()
	s.emit("assert/0", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{long}})
	s.step("assert/0", 100, event.StepFinish{
		Status: event.Failed, Cause: event.CauseCheck, Attempts: 1,
		Checks: []event.Check{
			{Path: "a", Op: "equals", Expected: long + "x" + long, Found: long + "y" + long},
			{Path: "b", Op: "equals", Expected: "short", Found: long},
			{Path: "c", Op: "match", Expected: "big", Found: "big", Diff: diff},
		},
		Result: map[string]any{"body": long},
	})
	for i := range 40 {
		s.step(fmt.Sprintf("assert/1/%d", i), 5, event.StepFinish{Status: event.Passed, Result: map[string]any{"body": long, "lines": strings.Repeat("line\n", 100)}})
	}
	s.finish(event.ScenarioFinish{Status: event.Failed, FailedStep: "assert/0", MS: 1100, Final: true})
	return s.end(1, "")
}

func many() []event.Event {
	s := newStream()
	var keys []string
	for i := range 14 {
		keys = append(keys, s.plan(fmt.Sprintf("scenarios/orders/part%d.scenario.yaml", i/5), fmt.Sprintf("Order %d is delivered", i)))
	}
	for i, k := range keys {
		if i != 4 && i != 9 {
			s.pass(k, int64(700+137*i))
			continue
		}
		s.begin(k, 1)
		s.setUp()
		f, status := failedCheck(), event.Failed
		if i == 9 {
			f, status = event.StepFinish{Status: event.Errored, Summary: `the table "orders" does not exist`}, event.Errored
		}
		s.step("assert/1", 30_020, f)
		s.finish(event.ScenarioFinish{Status: status, FailedStep: "assert/1", MS: 31_000, Final: true})
	}
	return s.end(1, "")
}

func suiteSetUp() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.step("arrange/0", 400, event.StepFinish{
		Status: event.Errored, Cause: event.CauseArrange, Summary: `the stack "video-dev" does not exist`,
		Error: &event.Error{Type: "final", Code: "ValidationError", Message: "Stack with id video-dev does not exist"},
	})
	s.key = a
	s.finish(event.ScenarioFinish{Status: event.Errored, Cause: event.CauseArrange, Reason: `the suite's arrange failed: the stack "video-dev" does not exist`, Final: true})
	return s.end(1, "")
}

// nothingExplains is a run that failed although every case passed.
func nothingExplains() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	s.pass(a, 10)
	return s.end(5, "the ledger could not be written: no space left on device")
}

// unknown is a stream with what a later version might say.
func unknown() []event.Event {
	s := newStream()
	a := s.plan(hooks, "Plugin announces completion within its SLA")
	b := s.plan(hooks, "Never begun though the run ended well")
	s.begin(a, 1)
	s.setUp()
	s.finish(event.ScenarioFinish{Status: "dreamt", Final: true, MS: 1000})
	_ = b
	return s.end(0, "")
}
