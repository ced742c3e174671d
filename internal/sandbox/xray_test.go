package sandbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// tracer puts and reads traces.
type tracer struct{ *clients }

func withXRay(t *testing.T, o sandbox.Options, f func(*tracer)) {
	t.Helper()
	bubble(t, o, func(c *clients) { f(&tracer{c}) })
}

// traceID is the n-th trace that began now.
func traceID(n int) string { return fmt.Sprintf("1-%08x-%024x", time.Now().Unix(), n) }

// segment is a document of the n-th trace, which has an id of its own by its number.
func segment(trace, id int, rest string) string {
	return fmt.Sprintf(`{"trace_id": %q, "id": "%016x", "name": "s%d", "start_time": %d.5%s}`, traceID(trace), id, id, time.Now().Unix(), rest)
}

const ended = `, "end_time": 4e9`

// record puts documents and gives the error codes of those that were refused.
func (c *tracer) record(docs ...string) (codes []string) {
	c.t.Helper()
	out := must[*xray.PutTraceSegmentsOutput](c.t)(c.xray.PutTraceSegments(c.ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: docs}))
	for _, u := range out.UnprocessedTraceSegments {
		codes = append(codes, *u.ErrorCode)
	}
	return codes
}

// read gives the segments of traces as "trace:ids", and the number of pages.
func (c *tracer) read(ids ...string) (traces, unprocessed []string, pages int) {
	c.t.Helper()
	in := &xray.BatchGetTracesInput{TraceIds: ids}
	for {
		pages++
		out := must[*xray.BatchGetTracesOutput](c.t)(c.xray.BatchGetTraces(c.ctx, in))
		for _, t := range out.Traces {
			var segments []string
			for _, s := range t.Segments {
				if !strings.Contains(*s.Document, *s.Id) {
					c.t.Errorf("document %s of segment %s", *s.Document, *s.Id)
				}
				segments = append(segments, strings.TrimLeft(*s.Id, "0"))
			}
			text := strings.TrimLeft((*t.Id)[11:], "0") + ":" + strings.Join(segments, ",")
			if *t.LimitExceeded {
				text += "!"
			}
			traces = append(traces, text)
		}
		unprocessed = append(unprocessed, out.UnprocessedTraceIds...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return traces, unprocessed, pages
		}
	}
}

func (c *tracer) reads(want string, ids ...string) {
	c.t.Helper()
	if got, _, _ := c.read(ids...); strings.Join(got, " ") != want {
		c.t.Errorf("read %q, want %q", got, want)
	}
}

func TestTracesAreRead(t *testing.T) {
	withXRay(t, sandbox.Options{}, func(c *tracer) {
		c.record(segment(1, 1, `, "in_progress": true`), segment(1, 2, ended), segment(2, 3, ended))
		c.reads("1:1,2 2:3", traceID(1), traceID(2), traceID(9))
		c.record(segment(1, 1, ended))
		c.record(segment(1, 1, `, "in_progress": true`)) // the complete one stays
		c.reads("1:2,1", traceID(1))
		for name, ids := range map[string][]string{"none": nil, "six": slices.Repeat([]string{traceID(1)}, 6), "no id": {"x"}} {
			if _, err := c.xray.BatchGetTraces(c.ctx, &xray.BatchGetTracesInput{TraceIds: append([]string{}, ids...)}); code(err) != "InvalidRequestException" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestSegmentsAreChecked(t *testing.T) {
	withXRay(t, sandbox.Options{}, func(c *tracer) {
		for name, x := range map[string]struct{ doc, want string }{
			"good":            {segment(1, 1, ended), ""},
			"no JSON":         {"{", "ParseError"},
			"no id":           {strings.Replace(segment(1, 1, ended), `"id"`, `"i"`, 1), "MissingId"},
			"short id":        {strings.Replace(segment(1, 1, ended), `"0000`, `"`, 1), "InvalidId"},
			"another's trace": {strings.Replace(segment(1, 1, ended), traceID(1), "x", 1), "InvalidTraceId"},
			"an old trace":    {strings.Replace(segment(1, 1, ended), traceID(1), "1-11111111"+traceID(1)[10:], 1), "InvalidTraceId"},
			"no name":         {strings.Replace(segment(1, 1, ended), `"name"`, `"n"`, 1), "InvalidName"},
			"a name with $":   {strings.Replace(segment(1, 1, ended), `"s1"`, `"$"`, 1), "InvalidName"},
			"no end":          {segment(1, 1, ""), "MissingEndTime"},
			"no start":        {strings.Replace(segment(1, 1, ended), `start_time`, `start`, 1), "MissingStartTime"},
			"lost subsegment": {segment(1, 1, ended+`, "type": "subsegment"`), "MissingParentId"},
		} {
			if got := strings.Join(c.record(x.doc), " "); got != x.want {
				t.Errorf("%s: %q, want %q", name, got, x.want)
			}
		}
	})
}

func TestSegmentsComeInPages(t *testing.T) {
	withXRay(t, sandbox.Options{XRay: sandbox.XRay{Page: 2}}, func(c *tracer) {
		ids := []string{traceID(1), traceID(2)}
		c.record(segment(1, 1, ended), segment(1, 2, ended), segment(2, 3, ended), segment(1, 4, ended))
		got, _, pages := c.read(ids...)
		if strings.Join(got, " ") != "1:1,2 2:3 1:4" || pages != 2 {
			t.Errorf("%q on %d pages", got, pages)
		}
	})
}

func TestTracesThatAreNotReady(t *testing.T) {
	withXRay(t, sandbox.Options{XRay: sandbox.XRay{Unprocessed: 2, Limit: 200}}, func(c *tracer) {
		ids := []string{traceID(1), traceID(2)}
		c.record(segment(1, 1, ended))
		for range 2 {
			if got, un, _ := c.read(ids...); got != nil || len(un) != 2 {
				t.Errorf("%q, unprocessed %q", got, un)
			}
		}
		c.reads("1:1", ids...)
		c.record(segment(1, 2, ended))
		c.reads("1:1!", ids...)
	})
}

func TestTransactionSearch(t *testing.T) {
	withXRay(t, sandbox.Options{XRay: sandbox.XRay{Destination: "CloudWatchLogs", RetrievalTime: 3 * time.Second, Page: 1}}, func(c *tracer) {
		now, id := time.Now(), traceID(1)
		d := must[*xray.GetTraceSegmentDestinationOutput](t)(c.xray.GetTraceSegmentDestination(c.ctx, &xray.GetTraceSegmentDestinationInput{}))
		if d.Destination != "CloudWatchLogs" {
			t.Errorf("destination %s", d.Destination)
		}
		c.record(segment(1, 1, ended), segment(1, 2, ended))
		c.reads("", id)
		list := func(from, to time.Time) string {
			r := must[*xray.StartTraceRetrievalOutput](t)(c.xray.StartTraceRetrieval(c.ctx, &xray.StartTraceRetrievalInput{TraceIds: []string{id}, StartTime: &from, EndTime: &to}))
			in := &xray.ListRetrievedTracesInput{RetrievalToken: r.RetrievalToken, TraceFormat: "XRAY"}
			var said []string
			for {
				out := must[*xray.ListRetrievedTracesOutput](t)(c.xray.ListRetrievedTraces(c.ctx, in))
				said = append(said, string(out.RetrievalStatus))
				for _, x := range out.Traces {
					said = append(said, *x.Spans[0].Id)
				}
				if out.RetrievalStatus == "COMPLETE" && out.NextToken == nil {
					return strings.Join(said, " ")
				}
				in.NextToken = out.NextToken
				<-time.After(2 * time.Second)
			}
		}
		if got := list(now, now.Add(time.Hour)); got != "RUNNING RUNNING COMPLETE 0000000000000001 COMPLETE 0000000000000002" {
			t.Errorf("said %q", got)
		}
		if got := list(now.Add(time.Minute), now.Add(time.Hour)); got != "RUNNING RUNNING COMPLETE" {
			t.Errorf("at another time %q", got)
		}
		if _, err := c.xray.ListRetrievedTraces(c.ctx, &xray.ListRetrievedTracesInput{RetrievalToken: aws.String("x")}); code(err) != "ResourceNotFoundException" {
			t.Error(err)
		}
	})
}

func TestTraceSummaries(t *testing.T) {
	withXRay(t, sandbox.Options{XRay: sandbox.XRay{Page: 1}}, func(c *tracer) {
		begun := time.Now()
		c.record(segment(1, 1, ended+`, "annotations": {"order": "a \"b\" \\", "n": 5}`), segment(1, 2, ended+`, "annotations": {"ok": true}`),
			segment(2, 3, ended+`, "annotations": {"order": "x", "n": 5}`))
		<-time.After(time.Minute)
		find := func(filter string, since time.Time) string {
			var found []string
			in := &xray.GetTraceSummariesInput{StartTime: &since, EndTime: aws.Time(time.Now()), FilterExpression: &filter}
			for {
				out, err := c.xray.GetTraceSummaries(c.ctx, in)
				if err != nil {
					return code(err)
				}
				for _, s := range out.TraceSummaries {
					found = append(found, (*s.Id)[len(*s.Id)-1:])
				}
				if in.NextToken = out.NextToken; in.NextToken == nil {
					return strings.Join(found, " ")
				}
			}
		}
		for filter, want := range map[string]string{
			"": "1 2", `annotation.n = 5`: "1 2", `annotation[n] = 5.0 AND annotation.ok = true`: "1", `annotation.order = "x"`: "2", `annotation.n = "5"`: "",
			`annotation[order] = "a \"b\" \\"`: "1", `annotation.ok = false`: "", `service("x")`: "InvalidRequestException", `annotation.n = 5 AND`: "InvalidRequestException",
			`annotation.n = 5 OR annotation.n = 6`: "InvalidRequestException",
		} {
			if got := find(filter, begun); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
		if got := find("", begun.Add(2*time.Second)); got != "" {
			t.Errorf("later: %q", got)
		}
	})
}

// TestXRayIsUnkind has the faults that all services have.
func TestXRayIsUnkind(t *testing.T) {
	t.Run("throttled", func(t *testing.T) {
		withXRay(t, sandbox.Options{Unkind: sandbox.Unkind{Throttled: 1}}, func(c *tracer) {
			if _, err := c.xray.BatchGetTraces(c.ctx, &xray.BatchGetTracesInput{TraceIds: []string{traceID(1)}}); code(err) != "ThrottledException" {
				t.Error(err)
			}
		})
	})
	t.Run("intercepted", func(t *testing.T) {
		var asked []string
		o := sandbox.Options{
			Intercept: func(_ context.Context, service, operation string) error {
				asked = append(asked, service+"."+operation)
				return nil
			},
			Answer: func(context.Context, string, string) error { return sandbox.Throttling("xray") },
		}
		synctest.Test(t, func(t *testing.T) {
			c := start(t, o)
			defer c.Close()
			cfg := c.Config()
			cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
			_, err := xray.NewFromConfig(cfg).BatchGetTraces(c.ctx, &xray.BatchGetTracesInput{TraceIds: []string{traceID(1)}})
			if code(err) != "ThrottledException" || !slices.Equal(asked, []string{"xray.BatchGetTraces"}) {
				t.Errorf("%v, asked %v", err, asked)
			}
		})
	})
}
