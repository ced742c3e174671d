package sandbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

type tracedKey struct{} // of a context: the trace header of what is going on

// traced makes what goes on under a context part of the trace that a header names. A header that is not valid is
// dropped, as AWS does.
func traced(ctx context.Context, header string) context.Context {
	if _, err := trace.Parse(header); err != nil || !strings.Contains(header, "Root=") {
		header = ""
	}
	return context.WithValue(ctx, tracedKey{}, header)
}

// tracedBy is the trace header of what goes on under a context; "" without one.
func tracedBy(ctx context.Context) string {
	header, _ := ctx.Value(tracedKey{}).(string)
	return header
}

// sampled reads a header that asks for segments.
func sampled(header string) (trace.Header, bool) {
	h, err := trace.Parse(header)
	return h, err == nil && slices.Contains(strings.Split(strings.ReplaceAll(header, " ", ""), ";"), "Sampled=1")
}

// tracing makes the calls of clients carry a header, as boto3 does inside Lambda.
func tracing(cfg aws.Config, header string) aws.Config {
	if header == "" {
		return cfg
	}
	carry := middleware.BuildMiddlewareFunc("TraceHeader", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			r.Header.Set(trace.HeaderName, header)
		}
		return next.HandleBuild(ctx, in)
	})
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(s *middleware.Stack) error { return s.Build.Add(carry, middleware.After) })
	return cfg
}

// segment is a segment document, or a subsegment, that a service of the sandbox writes.
type segment map[string]any

// newSegment begins one; what does not change until its end is in it.
func newSegment(name string, start time.Time) segment {
	return segment{"id": trace.New(start).Parent, "name": name, "start_time": epoch(start)}
}

func (s segment) id() string { return s["id"].(string) }

// in makes it a segment of its own of a trace.
func (s segment) in(h trace.Header, origin string) segment {
	s["trace_id"], s["origin"] = h.Trace, origin
	if h.Parent != "" {
		s["parent_id"] = h.Parent
	}
	return s
}

// answered notes the status of an answer.
func (s segment) answered(status int) segment {
	s["http"] = map[string]any{"response": map[string]any{"status": status}}
	return s
}

// end ends it; a failure is a fault.
func (s segment) end(at time.Time, failure *Failure) segment {
	s["end_time"] = epoch(at)
	if failure != nil {
		s["fault"] = true
		s["cause"] = map[string]any{"exceptions": []any{
			map[string]any{"id": trace.New(at).Parent, "type": failure.Type, "message": failure.Message},
		}}
	}
	return s
}

// epoch is a time as segment documents have it: seconds since 1970.
func epoch(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
