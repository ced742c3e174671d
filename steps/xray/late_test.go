package xray_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// TestAForeignParentIsWaitedFor: what hangs on a segment of the application that
// has not come yet is no tree of its own.
func TestAForeignParentIsWaitedFor(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		s.put(doc{"trace_id": s.other(5), "id": sid(2), "parent_id": sid(1), "name": "Orders", "start_time": s.at(0), "end_time": s.at(second)})
		s.later(20*second, func() {
			s.put(doc{"trace_id": s.other(5), "id": sid(1), "name": "Api", "start_time": s.at(0), "end_time": s.at(second), "fault": true})
		})
		id := fmt.Sprintf(`"Root=%s;Parent=%s;Sampled=1"`, s.other(5), sid(1))
		s.judge("{id: "+id+", no_errors: true}", how{}).is(t, event.Failed, 30*second, 32*second, "Api (fault)")
	})
}

// TestOwnTraceByAnnotation: its id says when the attempt began, which is before act.
func TestOwnTraceByAnnotation(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		time.Sleep(30 * second) // arrange
		s.put(s.segment(1, "Orders", doc{"annotations": doc{"order": "x"}, "start_time": s.at(31 * second), "end_time": s.at(32 * second)}))
		s.judge("{annotation: {order: x}, visits: [Orders]}", how{since: 30 * second}).is(t, event.Passed, 0, 5*second)
	})
}

func TestOwnTraceByAnnotationWhereClocksDiffer(t *testing.T) {
	for _, skew := range []time.Duration{5 * time.Minute, -4 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			inBubble(t, sandbox.Options{Skew: skew}, func(s *scene) {
				s.judge("{annotation: {order: x}}", how{within: 5 * second}) // the clock is known then
				s.put(s.segment(1, "Orders", doc{"annotations": doc{"order": "x"}}))
				s.judge("{annotation: {order: x}, visits: [Orders]}", how{}).is(t, event.Passed, 0, 5*second)
			})
		})
	}
}

// TestALinkToNoTrace: what an application writes into a link keeps no other
// trace from being read.
func TestALinkToNoTrace(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		s.put(s.segment(1, "A", links("nonsense")))
		s.put(s.segment(1, "B", doc{"trace_id": s.other(1)}))
		var all sync.WaitGroup
		all.Go(func() {
			s.judge("{id: OWN, no_errors: true}", how{within: 20 * second}).is(t, event.Failed, 20*second, 22*second, "linked trace nonsense")
		})
		all.Go(func() {
			s.judge("{id: "+s.other(1)+", no_errors: true}", how{}).is(t, event.Passed, 10*second, 15*second)
		})
		all.Wait()
	})
}

func TestRetrievalWhereClocksDiffer(t *testing.T) {
	for _, skew := range []time.Duration{time.Hour, 10 * time.Minute, -10 * time.Minute, -time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			inBubble(t, sandbox.Options{Skew: skew, XRay: sandbox.XRay{Destination: "CloudWatchLogs"}}, func(s *scene) {
				id := fmt.Sprintf("1-%08x-%024x", s.start.Add(skew).Unix(), 1) // of the application
				s.put(s.segment(1, "A", doc{"trace_id": id}))
				s.judge("{id: "+id+", no_errors: true}", how{within: 30 * second}).is(t, event.Passed, 10*second, 20*second)
			})
		})
	}
}

// TestRetrievalAmongOthers: others ask for other traces all the time.
func TestRetrievalAmongOthers(t *testing.T) {
	x := sandbox.XRay{Destination: "CloudWatchLogs", RetrievalTime: 20 * second}
	inBubble(t, sandbox.Options{XRay: x}, func(s *scene) {
		s.put(s.segment(1, "A", nil))
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 9 * second)
				s.judge("{id: "+s.other(i+1)+"}", how{within: 30 * second})
			})
		}
		s.judge("{id: OWN, no_errors: true}", how{within: 3 * time.Minute}).is(t, event.Passed, 10*second, 3*time.Minute)
		all.Wait()
	})
}

func failing(op string, when func(n int) error) sandbox.Options {
	var mu sync.Mutex
	n := 0
	return sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
		if operation != op {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		n++
		return when(n)
	}}
}

func TestPagesThatFailHalfWay(t *testing.T) {
	o := failing("BatchGetTraces", func(n int) error {
		if n%2 == 0 {
			return sandbox.Throttling("xray")
		}
		return nil
	})
	o.XRay.Page = 1
	inBubble(t, o, func(s *scene) {
		s.put(s.segment(1, "A", nil), s.segment(2, "B", doc{"parent_id": sid(1), "fault": true}))
		s.judge("{id: OWN, no_errors: true}", how{within: 30 * second}).is(t, event.Errored, 30*second, 33*second, "ThrottledException")
	})
}

func TestSegmentsThatAreSentAgain(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(s *scene) {
		s.put(s.segment(1, "A", nil))
		s.later(5*second, func() { s.put(s.segment(1, "A", doc{"end_time": s.at(3 * second)})) })
		s.later(9*second, func() { s.put(s.segment(1, "A", doc{"end_time": nil, "in_progress": true})) })
		e := s.judge("{id: OWN, no_errors: true}", how{})
		e.is(t, event.Passed, 15*second, 17*second)
		if e.result.DurationMS != 3000 {
			t.Errorf("%+v", e.result)
		}
	})
}

// TestManyLinkedAtASlowPlace: a reading that ends before it came to the links says nothing of them.
func TestManyLinkedAtASlowPlace(t *testing.T) {
	o := sandbox.Options{Unkind: sandbox.Unkind{Slow: 1, SlowBy: second, Untouched: func(_, operation string) bool { return operation == "PutTraceSegments" }}}
	inBubble(t, o, func(s *scene) {
		var all sync.WaitGroup
		for i := range 60 {
			s.put(s.segment(1, "A", doc{"trace_id": s.other(i + 1), "links": links(s.other(i + 101))["links"]}))
			s.put(s.segment(2, "B", doc{"trace_id": s.other(i + 101)}))
			all.Go(func() {
				s.judge(fmt.Sprintf("{id: %s, only: [A, B], no_errors: true}", s.other(i+1)), how{}).is(t, event.Passed, 0, 91*second)
			})
		}
		all.Wait()
	})
}

// TestAThousandAtOnce: answers that take a while keep nobody from settling in time.
func TestAThousandAtOnce(t *testing.T) {
	for name, x := range map[string]sandbox.XRay{"traces": {}, "retrievals": {Destination: "CloudWatchLogs", RetrievalTime: 2 * second}} {
		t.Run(name, func(t *testing.T) {
			o := sandbox.Options{XRay: x, Unkind: sandbox.Unkind{Slow: 1, SlowBy: 300 * time.Millisecond, Untouched: func(_, operation string) bool { return operation == "PutTraceSegments" }}}
			inBubble(t, o, func(s *scene) {
				var all sync.WaitGroup
				for i := range 1000 {
					s.put(s.segment(1, "A", doc{"trace_id": s.other(i + 1)}))
					all.Go(func() {
						s.judge(fmt.Sprintf("{id: %s, only: [A], no_errors: true}", s.other(i+1)), how{}).is(t, event.Passed, 10*second, 90*second)
					})
				}
				all.Wait()
			})
		})
	}
}
