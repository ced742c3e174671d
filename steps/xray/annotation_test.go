package xray_test

import (
	"context"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
)

func TestFindsByAnnotation(t *testing.T) {
	annotated := func(s *scene, trace string, values doc) doc {
		return s.segment(1, "Orders", doc{"trace_id": trace, "annotations": values})
	}
	for _, c := range []struct {
		name, annotation string
		put              func(*scene)
		status           event.Status
		from, to         time.Duration
		says             []string
	}{
		{"one that is there", `{order: "a \"b\" \\ c", n: 5}`, func(s *scene) {
			s.put(annotated(s, s.other(1), doc{"order": `a "b" \ c`, "n": 5.0}))
			s.put(annotated(s, s.other(2), doc{"order": `a "b" \ c`, "n": 6}))
		}, event.Passed, 0, second, nil},
		{"one that comes later", `{ok: true}`, func(s *scene) {
			s.later(20*second, func() { s.put(annotated(s, s.other(1), doc{"ok": true})) })
		}, event.Passed, 20 * second, 23 * second, nil},
		{"on two segments", `{a: 1, b: x.y}`, func(s *scene) {
			s.put(annotated(s, s.other(1), doc{"a": 1}), s.segment(2, "B", doc{"trace_id": s.other(1), "parent_id": sid(1), "annotations": doc{"b": "x.y"}}))
		}, event.Passed, 0, second, nil},
		{
			"none", `{order: x}`, func(s *scene) { s.put(annotated(s, s.other(1), doc{"order": "X"})) }, event.Failed, 90 * second, 93 * second,
			[]string{`no trace was found by annotation.order = "x"`, "X-Ray finds no trace with these annotations that began since 2000-01-01", "its value is text and not a number"},
		},
		{"text is no number", `{n: "5"}`, func(s *scene) { s.put(annotated(s, s.other(1), doc{"n": 5})) }, event.Failed, 90 * second, 93 * second, nil},
		{"two", `{order: x}`, func(s *scene) {
			s.put(annotated(s, s.other(1), doc{"order": "x"}))
			s.put(annotated(s, s.other(2), doc{"order": "x"}))
		}, event.Errored, 0, second, []string{"2 traces since", "have annotation.order = \"x\"", "000000000000000000000001", "000000000000000000000002"}},
		{"one from before the act", `{order: x}`, func(s *scene) {
			old := s.own.Trace[:2] + "386d4200" + s.own.Trace[10:] // some minutes before
			s.put(annotated(s, old, doc{"order": "x"}))
		}, event.Failed, 90 * second, 93 * second, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, sandbox.Options{XRay: sandbox.XRay{Page: 1}}, func(s *scene) {
				c.put(s)
				s.judge("{annotation: "+c.annotation+", visits: [Orders]}", how{}).is(t, c.status, c.from, c.to, c.says...)
			})
		})
	}
	t.Run("a second one that comes while it settles", func(t *testing.T) {
		inBubble(t, sandbox.Options{}, func(s *scene) {
			s.put(annotated(s, s.other(1), doc{"order": "x"}))
			s.later(5*second, func() { s.put(annotated(s, s.other(2), doc{"order": "x"})) })
			s.judge("{annotation: {order: x}, no_errors: true}", how{}).is(t, event.Errored, 5*second, 8*second, "2 traces since")
		})
	})
	t.Run("without the permission", func(t *testing.T) {
		o := sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "GetTraceSummaries" {
				return deniedError
			}
			return nil
		}}
		inBubble(t, o, func(s *scene) {
			s.judge("{annotation: {order: x}}", how{}).is(t, event.Errored, 0, second, "needs the permission xray:GetTraceSummaries")
		})
	})
	t.Run("on a clock that is ahead of ours", func(t *testing.T) {
		inBubble(t, sandbox.Options{Skew: time.Hour}, func(s *scene) {
			id := "1-386d5190-000000000000000000000001" // an hour later
			s.put(annotated(s, id, doc{"order": "x"}))
			s.judge("{annotation: {order: x}, visits: [Orders]}", how{}).is(t, event.Passed, 0, 5*second)
		})
	})
}
