package sandbox

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// lambdaTrace is what Lambda records of one call of a function with active tracing: a segment of the service, and one
// of the function whose work hangs on the subsegment Invocation.
// https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
type lambdaTrace struct {
	home                          *home
	service, function, invocation segment
	attempt                       segment // of the service, of a call from its queue; nil when a caller waits for its end
}

// record begins what is written of a call; nil when nothing is. queued says that no caller waits for its end.
func (l *lambdaService) record(f *function, header string, queued bool) *lambdaTrace {
	h, ok := sampled(header)
	if !ok || !f.active {
		return nil
	}
	start := l.home.now()
	facts := map[string]any{"account_id": l.home.account, "function_arn": f.arn, "resource_names": []any{f.name}}
	t := &lambdaTrace{home: l.home, service: newSegment(f.name, start).in(h, "AWS::Lambda")}
	answered := t.service
	if queued {
		t.attempt = newSegment("Attempt #1", start)
		answered = t.attempt
		t.service.answered(http.StatusAccepted).end(start, nil) // the queue has it
		t.service["subsegments"] = []any{newSegment("Dwell Time", start).end(start, nil), t.attempt}
	}
	answered.answered(http.StatusOK)
	parent := answered.id()
	t.function = newSegment(f.name, start).in(trace.Header{Trace: h.Trace, Parent: parent}, "AWS::Lambda::Function")
	t.invocation = newSegment("Invocation", start)
	for _, s := range []segment{t.service, t.function} {
		s["aws"], s["resource_arn"] = facts, f.arn
	}
	return t
}

// header is what the function is told, and hands on with its calls.
func (t *lambdaTrace) header(incoming string) string {
	if t == nil {
		return incoming
	}
	return trace.Header{Trace: t.service["trace_id"].(string), Parent: t.invocation.id()}.String()
}

// end writes the segments, at once or late.
func (t *lambdaTrace) end(done invocation, late time.Duration) {
	if t == nil {
		return
	}
	now := t.home.now()
	overhead := newSegment("Overhead", now).end(now, nil)
	t.invocation.end(now, done.err)
	t.function.end(now, done.err)
	if t.attempt != nil {
		t.attempt.end(now, nil)
	} else if t.service.end(now, nil); done.err != nil {
		t.service["fault"] = true
	}
	if late > 0 {
		t.dribble(overhead, late)
		return
	}
	t.function["subsegments"] = []any{t.invocation, overhead}
	t.home.xray.put(t.service)
	t.home.xray.put(t.function)
}

// dribble writes the segments in pieces: the service's unended one first, subsegments without their segment after half
// of the time, the rest at the end.
func (t *lambdaTrace) dribble(overhead segment, late time.Duration) {
	begun := maps.Clone(t.service)
	delete(begun, "end_time")
	delete(begun, "subsegments")
	begun["in_progress"] = true
	t.home.xray.put(begun)
	t.home.spawn(func(ctx context.Context) {
		if !pause(ctx, late/2) {
			return
		}
		for _, s := range []segment{t.invocation, overhead} {
			s["type"], s["trace_id"], s["parent_id"] = "subsegment", t.function["trace_id"], t.function.id()
			t.home.xray.put(s)
		}
		if pause(ctx, late-late/2) {
			t.home.xray.put(t.service)
			t.home.xray.put(t.function)
		}
	})
}
