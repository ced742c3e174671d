package xray_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps"
)

var deniedError = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}

func names(e ended) string { return strings.Join(e.result.Visited, " ") }

func TestGathersTracesThatAreNotReady(t *testing.T) {
	for name, x := range map[string]sandbox.XRay{
		"unprocessed at first":      {Unprocessed: 3},
		"in pages":                  {Page: 1},
		"unprocessed, and in pages": {Unprocessed: 5, Page: 2},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{XRay: x}, func(s *scene) {
				s.put(s.segment(1, "A", nil), s.segment(2, "B", under(1)), s.segment(3, "C", under(2)))
				e := s.judge("{id: OWN, no_errors: true, settle: 2s}", how{})
				if e.is(t, event.Passed, 2*second, 15*second); names(e) != "A B C" {
					t.Error(names(e))
				}
			})
		})
	}
}

func TestTracesForEver(t *testing.T) {
	t.Run("unprocessed", func(t *testing.T) {
		inBubble(t, sandbox.Options{XRay: sandbox.XRay{Unprocessed: 1e6}}, func(s *scene) {
			s.put(s.segment(1, "A", nil))
			s.judge("{id: OWN}", how{}).is(t, event.Failed, 90*second, 92*second, "X-Ray has not processed it yet, or knows no such trace")
		})
	})
	t.Run("too large", func(t *testing.T) {
		inBubble(t, sandbox.Options{XRay: sandbox.XRay{Limit: 300}}, func(s *scene) {
			s.put(s.segment(1, "A", nil), s.segment(2, "B", under(1)), s.segment(3, "C", under(2)))
			s.judge("{id: OWN, visits: [A]}", how{}).is(t, event.Passed, 0, second)
			s.judge("{id: OWN, no_errors: true}", how{}).is(t, event.Errored, 10*second, 12*second, "cannot be known", "LimitExceeded", s.own.Trace)
			s.judge("{id: OWN, only: [B]}", how{}).is(t, event.Failed, 10*second, 12*second, "the trace is not all there", "only: A")
			s.judge("{id: OWN, visits: [C]}", how{within: 20 * second}).is(t, event.Failed, 20*second, 21*second, "the trace is not all there", "visits: no service is called C")
		})
	})
}

func TestFollowsLinks(t *testing.T) {
	for _, c := range []struct {
		name, params, visited string
		traces                int
		put                   func(*scene)
	}{
		{"two deep", "{id: OWN, settle: 2s}", "A B C", 3, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))))
			s.put(s.segment(1, "B", doc{"trace_id": s.other(1), "subsegments": []doc{s.segment(2, "Invocation", links(s.other(2)))}}))
			s.put(s.segment(1, "C", doc{"trace_id": s.other(2)}))
		}},
		{"a cycle", "{id: OWN, settle: 2s}", "A B", 2, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))))
			b := s.segment(1, "B", links(s.own.Trace, s.other(1)))
			b["trace_id"] = s.other(1)
			s.put(b)
		}},
		{"eight wide", "{id: OWN, settle: 2s, only: [A, B]}", "A B", 9, func(s *scene) {
			var ids []string
			for n := range 8 {
				ids = append(ids, s.other(n+1))
				s.put(s.segment(1, "B", doc{"trace_id": s.other(n + 1), "start_time": s.at(time.Millisecond)}))
			}
			s.put(s.segment(1, "A", links(ids...)))
		}},
		{"not where it is told so", "{id: OWN, settle: 2s, linked: false}", "A", 1, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))))
			s.put(s.segment(1, "B", doc{"trace_id": s.other(1)}))
		}},
		{"to what comes later", "{id: OWN, settle: 2s}", "A B", 2, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))))
			s.later(30*second, func() { s.put(s.segment(1, "B", doc{"trace_id": s.other(1)})) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				c.put(s)
				e := s.judge(c.params, how{})
				if e.is(t, event.Passed, 2*second, 35*second); names(e) != c.visited || len(e.result.TraceIDs) != c.traces {
					t.Errorf("%s in %q", names(e), e.result.TraceIDs)
				}
			})
		})
	}
	t.Run("no further than 500 traces", func(t *testing.T) {
		inBubble(t, sandbox.Options{}, func(s *scene) {
			var ids []string
			for n := range 505 {
				ids = append(ids, s.other(n+1))
			}
			n := 0
			for some := range slices.Chunk(ids, 100) {
				n++
				s.put(s.segment(n, "A", links(some...)))
			}
			for _, id := range ids {
				s.put(s.segment(1, "B", doc{"trace_id": id}))
			}
			s.judge("{id: OWN, no_errors: true}", how{}).is(t, event.Errored, 10*second, 30*second, "links to more than 500 traces")
		})
	})
}

func TestOneTraceFromSeveralPlaces(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		away, err := awsclient.Connect(s.t.Context(), awsclient.Settings{Dial: s.Dial, EndpointURL: sandbox.URL, Region: "eu-west-1", AccessKey: "test", SecretKey: "test"})
		if err != nil {
			t.Fatal(err)
		}
		s.put(s.segment(1, "Orders", links(s.other(1))))
		s.putAt(away, s.segment(2, "Delivery", under(1)))
		s.putAt(away, s.segment(3, "Late", doc{"trace_id": s.other(1)}))
		h := how{accounts: map[steps.AccountName]*awsclient.Place{"delivery": away, "again": away}}
		e := s.judge("{id: OWN, settle: 2s, accounts: [delivery, again]}", h)
		if e.is(t, event.Passed, 2*second, 5*second); names(e) != "Orders Delivery Late" {
			t.Error(names(e))
		}
		if calls := s.calls["BatchGetTraces"]; calls > 2*e.Looks+4 { // one a look and place, and those that find the link
			t.Errorf("%d calls in %d looks", calls, e.Looks)
		}
		if e := s.judge("{id: OWN, settle: 2s}", how{within: 10 * second}); e.Status != event.Failed {
			t.Error("from one place alone the linked trace cannot be seen")
		}
		e = s.judge("{id: "+s.other(9)+", accounts: [delivery]}", how{accounts: h.accounts, within: 5 * second})
		e.is(t, event.Failed, 5*second, 6*second, "000000000000, us-east-1 or 000000000000, eu-west-1")
	})
}

func TestTransactionSearchIsRead(t *testing.T) {
	x := sandbox.XRay{Destination: "CloudWatchLogs", RetrievalTime: 3 * second, Page: 1}
	t.Run("with what is linked", func(t *testing.T) {
		inBubble(t, sandbox.Options{XRay: x}, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))), s.segment(2, "B", under(1)))
			s.put(s.segment(1, "C", doc{"trace_id": s.other(1)}))
			e := s.judge("{id: OWN, no_errors: true}", how{})
			if e.is(t, event.Passed, 10*second, 30*second); names(e) != "A B C" || s.calls["BatchGetTraces"] > 0 {
				t.Error(names(e), s.calls)
			}
		})
	})
	t.Run("however long it takes", func(t *testing.T) {
		x := x
		x.RetrievalTime = 40 * second
		inBubble(t, sandbox.Options{XRay: x}, func(s *scene) {
			s.put(s.segment(1, "A", nil))
			s.judge("{id: OWN, no_errors: true}", how{within: 5 * time.Minute}).is(t, event.Passed, 80*second, 4*time.Minute)
		})
	})
	t.Run("though not allowed", func(t *testing.T) {
		o := sandbox.Options{XRay: x, Intercept: func(_ context.Context, _, operation string) error {
			if operation == "StartTraceRetrieval" {
				return deniedError
			}
			return nil
		}}
		inBubble(t, o, func(s *scene) {
			s.judge("{id: OWN}", how{}).is(t, event.Errored, 0, second, "needs the permission xray:StartTraceRetrieval", "000000000000")
		})
	})
}

func TestCallsThatFail(t *testing.T) {
	fails := func(err error, until time.Duration) sandbox.Options {
		var start time.Time
		return sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation != "BatchGetTraces" {
				return nil
			}
			if start.IsZero() {
				start = time.Now()
			}
			if time.Since(start) < until {
				return err
			}
			return nil
		}}
	}
	for _, c := range []struct {
		name     string
		o        sandbox.Options
		status   event.Status
		from, to time.Duration
		says     string
	}{
		{"access denied", fails(deniedError, time.Hour), event.Errored, 0, second, "needs the permission xray:BatchGetTraces"},
		{"throttled for a while", fails(sandbox.Throttling("xray"), 15*second), event.Passed, 25 * second, 29 * second, ""},
		{"throttled for ever", fails(sandbox.Throttling("xray"), time.Hour), event.Errored, 90 * second, 93 * second, "ThrottledException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, c.o, func(s *scene) {
				s.put(s.segment(1, "A", nil))
				s.judge("{id: OWN, no_errors: true}", how{}).is(t, c.status, c.from, c.to, c.says)
			})
		})
	}
	t.Run("often", func(t *testing.T) {
		inBubble(t, sandbox.Options{Unkind: sandbox.Unkind{Throttled: 0.2, Failed: 0.1, Reset: 0.1, Cut: 0.1, Untouched: func(_, operation string) bool { return operation == "PutTraceSegments" }}}, func(s *scene) {
			s.put(s.segment(1, "A", links(s.other(1))))
			s.put(s.segment(1, "B", doc{"trace_id": s.other(1)}))
			s.judge("{id: OWN, no_errors: true}", how{}).is(t, event.Passed, 10*second, 60*second)
		})
	})
}

// TestManyAtASlowPlace: one reading cannot come to all of them.
func TestManyAtASlowPlace(t *testing.T) {
	o := sandbox.Options{Unkind: sandbox.Unkind{Slow: 1, SlowBy: second, Untouched: func(_, operation string) bool { return operation == "PutTraceSegments" }}}
	inBubble(t, o, func(s *scene) {
		var all sync.WaitGroup
		for i := range 200 {
			s.put(s.segment(1, "A", doc{"trace_id": s.other(i + 1)}))
			all.Go(func() {
				s.judge(fmt.Sprintf("{id: %s, visits: [A]}", s.other(i+1)), how{}).is(t, event.Passed, 0, 75*second)
			})
		}
		all.Wait()
	})
}

// TestManyAtOnce measures what many steps cost: five traces a call, one reading
// at a time.
func TestManyAtOnce(t *testing.T) {
	for _, n := range []int{6, 200} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(s *scene) {
				for i := range n {
					s.put(s.segment(1, fmt.Sprintf("S%d", i), doc{"trace_id": s.other(i + 1)}))
				}
				began := time.Now()
				var all sync.WaitGroup
				for i := range n {
					all.Go(func() {
						e := s.judge(fmt.Sprintf("{id: %s, only: [S%d]}", s.other(i+1), i), how{})
						e.is(t, event.Passed, 10*second, 20*second)
					})
				}
				all.Wait()
				calls, took := s.calls["BatchGetTraces"], time.Since(began)
				t.Logf("%d steps: %d calls in %s, %.1f a second", n, calls, took, float64(calls)/took.Seconds())
				if perSecond := float64(calls) / took.Seconds(); perSecond > 24 || n == 6 && perSecond > 5 {
					t.Errorf("%.1f calls a second", perSecond)
				}
			})
		})
	}
}
