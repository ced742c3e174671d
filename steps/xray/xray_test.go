package xray_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/probe"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
	"github.com/rehearse-dev/rehearse/steps/xray"
)

// scene is a stage with a trace that its own run began.
type scene struct {
	*stage.Stage
	t     *testing.T
	own   trace.Header
	start time.Time

	mu    sync.Mutex
	calls map[string]int // by operation
}

// inBubble runs a test where waits cost no time. Calls are counted.
func inBubble(t *testing.T, o sandbox.Options, f func(*scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{t: t, calls: map[string]int{}}
		fail := o.Intercept
		o.Intercept = func(ctx context.Context, service, operation string) error {
			s.mu.Lock()
			s.calls[operation]++
			s.mu.Unlock()
			if fail != nil {
				return fail(ctx, service, operation)
			}
			return nil
		}
		s.Stage = stage.New(t, o)
		t.Cleanup(func() { _ = s.Run.Close(t.Context()) })
		s.start = time.Now()
		s.own = trace.New(s.start)
		f(s)
	})
}

// doc is a segment document. Its id is made of a number, the trace is the run's
// own, and it lasts 100 ms from the start of the test.
type doc map[string]any

func (s *scene) segment(n int, name string, more doc) doc {
	d := doc{"trace_id": s.own.Trace, "id": sid(n), "name": name, "start_time": s.at(0), "end_time": s.at(100 * time.Millisecond)}
	maps.Copy(d, more)
	for k, v := range d {
		if v == nil {
			delete(d, k)
		}
	}
	return d
}

// under makes a segment one below another.
func under(n int) doc { return doc{"parent_id": sid(n)} }

// links makes a segment lead on to other traces.
func links(ids ...string) doc {
	var l []doc
	for _, id := range ids {
		l = append(l, doc{"trace_id": id, "id": sid(1), "attributes": doc{"aws.xray.reserved.reference_type": "child"}})
	}
	return doc{"links": l}
}

func sid(n int) string { return fmt.Sprintf("%016x", n) }

// at is a time since the start of the test as documents have it.
func (s *scene) at(d time.Duration) float64 { return float64(s.start.Add(d).UnixMicro()) / 1e6 }

// put records segments at a place, the stage's own if none is given.
func (s *scene) put(docs ...doc) { s.putAt(s.Place, docs...) }

func (s *scene) putAt(place *awsclient.Place, docs ...doc) {
	s.t.Helper()
	var texts []string
	for _, d := range docs {
		b, err := json.Marshal(d)
		if err != nil {
			s.t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	ctx := context.WithoutCancel(s.t.Context()) // the test may end while later puts something
	out, err := place.XRay().PutTraceSegments(ctx, &sdk.PutTraceSegmentsInput{TraceSegmentDocuments: texts})
	if err != nil {
		if s.t.Context().Err() == nil { // else the test is over, and this came too late for it
			s.t.Error(err)
		}
		return
	}
	for _, u := range out.UnprocessedTraceSegments {
		s.t.Error(aws.ToString(u.Message))
	}
}

// later does something after a while, if the test still runs.
func (s *scene) later(d time.Duration, f func()) {
	done := make(chan struct{})
	timer := time.AfterFunc(d, func() {
		defer close(done)
		f()
	})
	s.t.Cleanup(func() {
		if !timer.Stop() { // it began before the test ended
			<-done
		}
	})
}

// other is the id of another trace than the run's own, by its number.
func (s *scene) other(n int) string { return fmt.Sprintf("%s%024x", s.own.Trace[:11], n) }

// how a step is run.
type how struct {
	expect   string // YAML
	within   time.Duration
	sla      bool // within was written down
	accounts map[steps.AccountName]*awsclient.Place
	since    time.Duration // since the start of the test
}

// ended is how a step ended.
type ended struct {
	probe.Verdict
	took   time.Duration
	result trace.Result
}

// judge runs a step as the runner would in assert.
func (s *scene) judge(params string, h how) ended {
	s.t.Helper()
	params = strings.NewReplacer("OWN", s.own.Trace, "HEADER", s.own.String()).Replace(params)
	var p schema.Problems
	var expect assertions.Checks
	if h.expect != "" {
		docs := schema.ReadDocuments("expect.yaml", []byte(h.expect), &p)
		expect.ReadNode(docs[0], &p)
		if err := p.Err(); err != nil {
			s.t.Fatal(err)
		}
	}
	began := time.Now()
	env := s.Env()
	env.Trace, env.Checked, env.Since = s.own, h.expect != "", s.start.Add(h.since)
	env.Account = func(name steps.AccountName) *awsclient.Place { return h.accounts[name] }
	bound := s.Bind(xray.Trace, params)
	if h.within == 0 {
		h.within = xray.Trace.Within
	}
	look, err := bound.Watch(s.t.Context(), env)
	if err != nil {
		return ended{Verdict: probe.Verdict{Status: event.Errored, Summary: err.Error(), Err: err}}
	}
	checks := bound.Success.Uncovered(expect).And(bound.Demands).And(expect)
	v := probe.Run(s.t.Context(), probe.Policy{Since: began, Within: h.within, SLA: h.sla, Every: 500 * time.Millisecond, AttemptTimeout: 30 * time.Second}, look, checks.Run, func(event.Probe) {})
	out := ended{Verdict: v, took: time.Since(began)}
	b, _ := json.Marshal(v.Last.Doc)
	_ = json.Unmarshal(b, &out.result)
	return out
}

// said is all that a person is told of a step that did not pass.
func (e ended) said() string {
	l := []string{e.Summary}
	for _, u := range e.Unmet {
		l = append(l, u.Message)
	}
	if e.Last.Explain != nil && e.Status == event.Failed {
		x := e.Last.Explain()
		l = append(append(l, x.Summary), x.Picture...)
	}
	return strings.Join(l, "\n")
}

// is fails the test unless the step ended so, after so long, saying these things.
func (e ended) is(t *testing.T, status event.Status, atLeast, atMost time.Duration, says ...string) {
	t.Helper()
	if e.Status != status || e.took < atLeast || e.took > atMost {
		t.Errorf("%s after %s, want %s after %s to %s\n%s", e.Status, e.took, status, atLeast, atMost, e.said())
	}
	for _, want := range says {
		if !strings.Contains(e.said(), want) {
			t.Errorf("want %q in:\n%s", want, e.said())
		}
	}
}
