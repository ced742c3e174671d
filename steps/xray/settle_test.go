package xray_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

const second = time.Second

func TestWaitsUntilTheTraceIsWhole(t *testing.T) {
	for _, c := range []struct {
		name   string
		put    func(*scene)
		params string
		how    how
		status event.Status
		from   time.Duration
		to     time.Duration
		says   []string
	}{
		{
			"late and in pieces", func(s *scene) {
				s.put(s.segment(1, "Orders", doc{"end_time": nil, "in_progress": true}))
				s.later(3*second, func() { s.put(s.segment(2, "Bus", under(1))) })
				s.later(8*second, func() { s.put(s.segment(1, "Orders", nil)) })
			},
			"{id: OWN, visits: [Orders, Bus], no_errors: true}",
			how{},
			event.Passed, 18 * second, 20 * second, nil,
		},
		{
			"visits pass before it is whole", func(s *scene) {
				s.put(s.segment(1, "Orders", doc{"end_time": nil, "in_progress": true}))
				s.later(3*second, func() { s.put(s.segment(2, "Bus", under(1))) })
			},
			"{id: OWN, visits: [Orders, Bus], paths: [Orders > Bus]}",
			how{},
			event.Passed, 3 * second, 4 * second, nil,
		},
		{
			"visits with expect wait", func(s *scene) { s.put(s.segment(1, "Orders", nil)) },
			"{id: OWN, visits: [Orders], settle: 4s}",
			how{expect: "duration_ms: {lt: 200}"},
			event.Passed, 4 * second, 6 * second, nil,
		},
		{
			"a parent that comes 10 s later", func(s *scene) {
				s.put(s.segment(2, "Bus", under(1)))
				s.later(10*second, func() { s.put(s.segment(1, "Orders", nil)) })
			},
			"{id: OWN, only: [Orders, Bus]}",
			how{},
			event.Passed, 20 * second, 22 * second, nil,
		},
		{
			"it never settles", func(s *scene) {
				for n := range 80 {
					s.later(time.Duration(n)*5*second+second/5, func() { s.put(s.segment(n+1, "Orders", nil)) })
				}
			},
			"{id: OWN, no_errors: true}",
			how{within: 60 * second},
			event.Failed, 60 * second, 61 * second,
			[]string{"did not come true within 1m", "the trace has not settled: nothing is known to be missing, but it has not yet stayed as it is for 10s", "so far, the last change was seen", "Orders"},
		},
		{
			"what is missing is named", func(s *scene) {
				s.put(s.segment(1, "Orders", doc{"end_time": nil, "in_progress": true}), s.segment(2, "Bus", under(99)))
			},
			"{id: OWN}",
			how{},
			event.Failed, 90 * second, 91 * second,
			[]string{"segment Bus (0000000000000002) is an orphan: its parent 0000000000000063 has not arrived; segment Orders (0000000000000001) has not ended; what is missing may be in another account or region than 000000000000, us-east-1 (in and accounts name others)", "(in progress)", "(orphan"},
		},
		{
			"an error is final when the trace has settled", func(s *scene) {
				s.put(s.segment(1, "Orders", nil), s.segment(2, "Pay", doc{"parent_id": sid(1), "fault": true, "cause": doc{"exceptions": []doc{{"id": sid(7), "type": "CardDeclined", "message": "no money"}}}}))
			},
			"{id: OWN, no_errors: true}",
			how{},
			event.Failed, 10 * second, 12 * second,
			[]string{"this can no longer change", "no_errors: 1 segment or subsegment has an error: Pay (fault): CardDeclined: no money", "← no_errors"},
		},
		{
			"and so is a stranger", func(s *scene) { s.put(s.segment(1, "Orders", nil), s.segment(2, "Spy", under(1))) },
			"{id: OWN, only: [Orders], settle: 2s}",
			how{},
			event.Failed, 2 * second, 4 * second,
			[]string{"only: Spy appears at Orders > Spy", "← only"},
		},
		{
			"expect is final where visits say what there is", func(s *scene) { s.put(s.segment(1, "Orders", nil)) },
			"{id: OWN, visits: [Orders]}",
			how{expect: "duration_ms: {gt: 5000}"},
			event.Failed, 10 * second, 12 * second,
			[]string{"this can no longer change"},
		},
		{
			"and waits for more where nothing does", func(s *scene) {
				s.put(s.segment(1, "Orders", nil))
				s.later(40*second, func() {
					s.put(s.segment(2, "Bus", doc{"parent_id": sid(1), "start_time": s.at(7 * second), "end_time": s.at(8 * second)}))
				})
			},
			"{id: OWN}",
			how{expect: "duration_ms: {gt: 5000}"},
			event.Passed, 50 * second, 52 * second, nil,
		},
		{
			"a place that two paths miss is marked once", func(s *scene) { s.put(s.segment(1, "Orders", nil), s.segment(2, "Zed", under(1))) },
			"{id: OWN, paths: [Orders > Bus, Orders > Bus > **]}",
			how{within: 5 * second},
			event.Failed, 5 * second, 6 * second,
			[]string{"← paths: Bus should come below it\n└─ Zed"},
		},
		{
			"visits that never come", func(s *scene) { s.put(s.segment(1, "Orders", nil)) },
			"{id: OWN, visits: [Orders, Bus]}",
			how{within: 20 * second},
			event.Failed, 20 * second, 21 * second,
			[]string{"visits: no service is called Bus"},
		},
		{
			"no settling at all", func(s *scene) { s.put(s.segment(1, "Orders", nil)) },
			"{id: OWN, no_errors: true, settle: 0s}",
			how{},
			event.Passed, 0, second, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				c.put(s)
				s.judge(c.params, c.how).is(t, c.status, c.from, c.to, c.says...)
			})
		})
	}
}

func TestTheRunsOwnSegmentCountsInNothing(t *testing.T) {
	for name, arrives := range map[string]bool{"when it arrives": true, "when it may not be put": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				if arrives {
					s.put(s.segment(1, "rehearse", doc{"id": s.own.Parent, "annotations": doc{"rehearse_scenario": "case1", "rehearse_run": "run1"}, "end_time": nil, "in_progress": true}))
				}
				s.put(s.segment(2, "Orders", doc{"parent_id": s.own.Parent}))
				for _, id := range []string{"OWN", `"HEADER"`} {
					e := s.judge("{id: "+id+", only: [Orders], no_errors: true}", how{expect: "paths: [Orders]"})
					e.is(t, event.Passed, 10*second, 12*second)
					if e.result.Services[0].Orphan || e.result.DurationMS != 100 {
						t.Errorf("%+v", e.result)
					}
				}
			})
		})
	}
}

// TestAForeignParentIsNobodysOwn: the header that an application answers with
// names a segment of the application.
func TestAForeignParentIsNobodysOwn(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		s.put(doc{"trace_id": s.other(5), "id": sid(1), "name": "Api", "start_time": s.at(0), "end_time": s.at(second), "fault": true})
		id := fmt.Sprintf(`"Root=%s;Parent=%s;Sampled=1"`, s.other(5), sid(1))
		s.judge("{id: "+id+", no_errors: true}", how{}).is(t, event.Failed, 10*second, 12*second, "Api (fault)")
	})
}

func TestNothingComes(t *testing.T) {
	t.Run("at all", func(t *testing.T) {
		inBubble(t, sandbox.Options{}, func(s *scene) {
			for _, params := range []string{"{id: OWN}", "{id: OWN, only: [A]}", "{id: OWN, no_errors: true}", "{id: OWN, visits: [A]}"} {
				e := s.judge(params, how{within: 20 * second})
				e.is(t, event.Failed, 20*second, 21*second, "no service has appeared in trace "+s.own.Trace, "by its id",
					"active tracing is off", "does not pass the trace header on", "another account or region than 000000000000, us-east-1")
				if strings.Contains(e.said(), "Transaction Search") {
					t.Errorf("that was known:\n%s", e.said())
				}
			}
		})
	})
	t.Run("but the run's own segment", func(t *testing.T) {
		inBubble(t, sandbox.Options{}, func(s *scene) {
			s.put(s.segment(1, "rehearse", doc{"id": s.own.Parent, "annotations": doc{"rehearse_scenario": "case1"}}))
			e := s.judge("{id: OWN, no_errors: true}", how{within: 20 * second})
			e.is(t, event.Failed, 20*second, 21*second, "active tracing is off")
			if strings.Contains(e.said(), "another account") {
				t.Errorf("X-Ray has something of it here:\n%s", e.said())
			}
		})
	})
	t.Run("of what is not sampled, or long gone", func(t *testing.T) {
		inBubble(t, sandbox.Options{}, func(s *scene) {
			s.judge(`{id: "Root=OWN;Sampled=0"}`, how{within: 5 * second}).is(t, event.Failed, 5*second, 6*second, "Sampled=0")
			s.judge(`{id: 1-11111111-000000000000000000000001}`, how{within: 5 * second}).is(t, event.Failed, 5*second, 6*second, "older than the 30 days")
		})
	})
	t.Run("and where it goes may not be asked", func(t *testing.T) {
		o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "GetTraceSegmentDestination" {
				return deniedError
			}
			return nil
		}}
		inBubble(t, o, func(s *scene) {
			s.judge("{id: OWN}", how{within: 20 * second}).is(t, event.Failed, 20*second, 21*second, "Transaction Search is on, and that cannot be known without the permission xray:GetTraceSegmentDestination")
			s.put(s.segment(1, "Orders", nil))
			s.judge("{id: OWN}", how{}).is(t, event.Passed, 10*second, 12*second)
			if n := s.calls["GetTraceSegmentDestination"]; n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	})
}

// TestWhatOnlyTheRunCanTell is what expressions give.
func TestWhatOnlyTheRunCanTell(t *testing.T) {
	for params, want := range map[string]string{
		`{id: ""}`:                    "gave nothing, so any trace would do",
		"{annotation: {}}":            "gave nothing, so any trace would do",
		"{id: x}":                     `"x" is neither the id of an X-Ray trace`,
		"{id: OWN, visits: []}":       "visits is an empty list",
		"{id: OWN, only: []}":         "only is an empty list",
		"{id: OWN, paths: [A >]}":     "a name is missing",
		`{id: OWN, visits: [""]}`:     "empty text",
		"{annotation: {a: [1]}}":      "must be text, a number, true or false",
		`{annotation: {"a b": x}}`:    "cannot be the key of an annotation",
		"{annotation: {order: null}}": "must be text, a number, true or false",
		`{annotation: {a: 1, b: ""}}`: "the annotation b is empty text",
		"{id: OWN, paths: ['**', A]}": "names no service",
		"{id: OWN, only: [A > B]}":    "belongs into paths",
		`{id: "Root=OWN;Parent=x"}`:   "16 hexadecimal digits",
	} {
		t.Run(params, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				if e := s.judge(params, how{}); e.Status != event.Errored || !steps.IsMarkedFinal(e.Err) || !strings.Contains(e.Summary, want) {
					t.Errorf("%s: %s, want %q", e.Status, e.Summary, want)
				}
			})
		})
	}
}
