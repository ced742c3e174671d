package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/xray"
)

// shop is an application that puts segments of what it claims to have done. The path of a request says how.
type shop struct {
	client *xray.Client

	mu      sync.Mutex
	asked   []header
	errs    []error
	sending sync.WaitGroup
}

// header is what a request's trace header says.
type header struct{ trace, parent string }

// segment is a segment document.
type segment map[string]any

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, err := readHeader(r.Header.Get("X-Amzn-Trace-Id"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	put, ok := behaviours[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	put(s, h)
	s.mu.Lock()
	s.asked = append(s.asked, h)
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
}

func readHeader(text string) (h header, err error) {
	sampled := false
	for part := range strings.SplitSeq(text, ";") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "Root":
			h.trace = value
		case "Parent":
			h.parent = value
		case "Sampled":
			sampled = value == "1"
		}
	}
	return h, unless(h.trace != "" && h.parent != "" && sampled, "the trace header is %q", text)
}

// at puts segments of a trace after a while.
func (s *shop) at(after time.Duration, documents ...segment) {
	s.sending.Add(1)
	time.AfterFunc(after, func() {
		defer s.sending.Done()
		in := &xray.PutTraceSegmentsInput{}
		for _, d := range documents {
			text, err := json.Marshal(d)
			s.failed(err)
			in.TraceSegmentDocuments = append(in.TraceSegmentDocuments, string(text))
		}
		out, err := s.client.PutTraceSegments(context.Background(), in)
		s.failed(err)
		if err == nil && len(out.UnprocessedTraceSegments) > 0 {
			s.failed(fmt.Errorf("segments were refused: %+v", out.UnprocessedTraceSegments))
		}
	})
}

func (s *shop) failed(err error) {
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.errs = append(s.errs, err)
	}
}

// wait returns when everything is put.
func (s *shop) wait() { s.sending.Wait() }

func (s *shop) errors() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}

func (s *shop) headers() []header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// newSegment is one that began and ended some milliseconds after now.
func newSegment(h header, name string, from, to int, more segment) segment {
	now := time.Now()
	second := func(ms int) float64 { return float64(now.UnixMilli()+int64(ms)) / 1000 }
	d := segment{"id": id(8), "trace_id": h.trace, "parent_id": h.parent, "name": name, "start_time": second(from), "end_time": second(to)}
	for k, v := range more {
		d[k] = v
	}
	return d
}

// begun is a segment as it stands while its work goes on.
func (d segment) begun() segment {
	c := segment{}
	for k, v := range d {
		c[k] = v
	}
	delete(c, "end_time")
	c["in_progress"] = true
	return c
}

// below is where what a segment calls hangs.
func (h header) below(d segment) header { return header{h.trace, d["id"].(string)} }

func id(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func newTrace() string { return fmt.Sprintf("1-%08x-%s", time.Now().Unix(), id(12)) }

// call is a subsegment of a call to something else.
func call(h header, name string, more segment) segment {
	d := newSegment(h, name, 20, 80, segment{"namespace": "aws"})
	delete(d, "trace_id")
	delete(d, "parent_id")
	for k, v := range more {
		d[k] = v
	}
	return d
}

// order is a request to the shop, handled by a function that calls what the calls say.
func order(h header, calls ...segment) (front, service, function segment) {
	front = newSegment(h, "Shop", 0, 120, segment{
		"http":        segment{"request": segment{"method": "POST"}, "response": segment{"status": 201}},
		"annotations": segment{"order": json.Number("9007199254740993")},
	})
	service = newSegment(h.below(front), "PlaceOrder", 10, 100, segment{"origin": "AWS::Lambda"})
	function = newSegment(h.below(service), "PlaceOrder", 15, 95, segment{"origin": "AWS::Lambda::Function", "subsegments": calls})
	return front, service, function
}

var behaviours = map[string]func(*shop, header){
	"whole": func(s *shop, h header) {
		store := call(h, "Store", nil)
		front, service, function := order(h, store, call(h, "unfinished", nil).begun())
		inferred := newSegment(h.below(store), "Store", 20, 80, segment{"inferred": true, "origin": "AWS::DynamoDB::Table"})
		stock := newSegment(h.below(front), "Stock", 30, 40, nil)
		s.at(0, inferred, function, front, stock, service)
	},
	"pieces": func(s *shop, h header) {
		front, service, function := order(h)
		store := newSegment(h.below(function), "Store", 20, 80, segment{"type": "subsegment", "namespace": "aws"})
		inferred := newSegment(h.below(store), "Store", 20, 80, segment{"inferred": true, "origin": "AWS::DynamoDB::Table"})
		s.at(0, front.begun())
		s.at(time.Second, inferred)
		s.at(2*time.Second, service, store)
		s.at(4*time.Second, function)
		s.at(5*time.Second, front)
	},
	"linked": func(s *shop, h header) {
		second, third := header{trace: newTrace()}, header{trace: newTrace()}
		worker, printer := newSegment(second, "Worker", 200, 300, nil), newSegment(third, "Printer", 300, 350, nil)
		delete(worker, "parent_id")
		delete(printer, "parent_id")
		worker["links"] = links(third, printer)
		front, service, function := order(h, call(h, "Invocation", segment{"subsegments": []segment{call(h, "SQS", segment{"links": links(second, worker)})}}))
		s.at(0, front, service, function)
		s.at(2*time.Second, worker)
		s.at(3*time.Second, printer)
	},
	"twice": func(s *shop, h header) {
		front, service, function := order(h)
		s.at(0, front, service, function)
		s.at(500*time.Millisecond, function, service.begun(), front)
	},
	"fourth": func(s *shop, h header) {
		front, service, function := order(h)
		s.at(0, front, service, function, newSegment(h.below(function), "Auditor", 20, 30, nil))
	},
	"error": func(s *shop, h header) {
		refused := segment{"exceptions": []segment{{"id": id(8), "type": "PaymentRefused", "message": "the card is not valid"}}}
		front, service, function := order(h, call(h, "charge", segment{"fault": true, "cause": refused}))
		s.at(0, front, service, function)
	},
	"endless": func(s *shop, h header) {
		front, service, function := order(h)
		s.at(0, front, service, function.begun())
	},
	"orphan": func(s *shop, h header) {
		front, _, function := order(h)
		s.at(0, front, function)
	},
	"untraced": func(*shop, header) {},
}

func links(h header, to segment) []segment {
	return []segment{{"trace_id": h.trace, "id": to["id"], "attributes": segment{"aws.xray.reserved.reference_type": "child"}}}
}
