package runner_test

import (
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// headers notes the trace header of each request by the last part of its path.
type headers struct {
	mu    sync.Mutex
	asked map[string][]string
}

func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked == nil {
		h.asked = map[string][]string{}
	}
	name := path.Base(r.URL.Path)
	h.asked[name] = append(h.asked[name], r.Header.Get(trace.HeaderName))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

func TestOnlyActIsPartOfTheTrace(t *testing.T) {
	dir := files(t, map[string]string{
		"all.scenario.yaml": `scenario: every phase asks
arrange:
  - http_request: {url: http://shop.example/arrange}
act:
  - http_request: {url: http://shop.example/act}
  - parallel:
      - http_request: {url: http://shop.example/parallel}
  - use: {steps: "asks.steps.yaml#ask"}
  - http_request: {url: "http://shop.example/each${each.value}"}
    for_each: [1, 2]
  - http_request: {url: http://shop.example/own, headers: {x-amzn-trace-id: "Root=1-00000000-000000000000000000000000"}}
  - http_request: {url: http://shop.example/told, headers: {trace: "${scenario.trace_header}"}}
assert:
  - http_request: {url: http://shop.example/assert}
    expect: {status: 500}
    within: 1s
diagnose:
  - http_request: {url: http://shop.example/diagnose}
cleanup:
  - http_request: {url: http://shop.example/cleanup}
retries: 1
`,
		"asks.steps.yaml": `ask:
  steps:
    - http_request: {url: http://shop.example/use}
  cleanup:
    - http_request: {url: http://shop.example/use-cleanup}
`,
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sandbox.Options{}, dir)
		seen := &headers{}
		s.change = func(o *runner.Options) { o.HTTP = &http.Client{Transport: seen} }
		r := s.run()
		var ids []string
		for _, e := range r.events {
			if b, ok := e.Body.(*event.ScenarioStart); ok {
				ids = append(ids, b.TraceID)
			}
		}
		if len(ids) != 2 || ids[0] == ids[1] {
			t.Fatalf("traces %q: every attempt has its own", ids)
		}
		for _, name := range []string{"act", "parallel", "use", "each1", "each2", "told"} {
			if got := seen.asked[name]; len(got) != 2 || !of(got[0], ids[0]) || !of(got[1], ids[1]) {
				t.Errorf("%s: headers %q, want those of %q", name, got, ids)
			}
		}
		for _, name := range []string{"arrange", "assert", "diagnose", "cleanup", "use-cleanup"} {
			if got := seen.asked[name]; len(got) < 2 || slices.ContainsFunc(got, func(h string) bool { return h != "" }) {
				t.Errorf("%s: headers %q, want none", name, got)
			}
		}
		if got := seen.asked["own"]; len(got) != 2 || got[0] != "Root=1-00000000-000000000000000000000000" {
			t.Errorf("own: headers %q, want the step's own", got)
		}
	})
}

// of says whether a header is one of a trace, sampled and with a parent.
func of(header, id string) bool {
	h, err := trace.Parse(header)
	return err == nil && h.Trace == id && h.Parent != "" && strings.HasSuffix(header, ";Sampled=1")
}

// TestAHoldGoesOnBehindTheSettling: that a trace is settled does not end what the user wants to hold.
func TestAHoldGoesOnBehindTheSettling(t *testing.T) {
	for hold, least := range map[string]time.Duration{"": time.Second, "\n    hold: 7s": 8 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := perform(t, `scenario: S
act:
  - put_event: {bus: play-bus, source: shop, detail_type: placed, detail: {run: "${scenario.id}"}}
assert:
  - trace: {id: "${scenario.trace_id}", visits: [greeter], no_errors: true, settle: 1s}
    within: 30s`+hold+"\n")
			f := r.steps()["assert/0"]
			if took := time.Duration(f.MS) * time.Millisecond; f.Status != event.Passed || took < least || took > least+3*time.Second {
				t.Errorf("hold %q: %s after %s, want a pass after %s\n%s", hold, f.Status, took, least, r.text)
			}
		})
	}
}
