package trace

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseSegment(t *testing.T) {
	s, err := ParseSegment([]byte(`{"id":"70de5b6f19ff9a0a","name":"shop.example","start_time":1.478293361271E9,"end_time":1478293361.449123,"trace_id":"1-581cf771-a006649127e371903a2de979",
		"annotations":{"big":9007199254740993},"metadata":{"debug":{"n":0.10}},"http":{"response":{"status":201,"content_length":12}},
		"cause":"53995c3f42cd8ad8","precursor_ids":["a"],"aws":["strange"],"unheard_of":{"x":1},
		"subsegments":[null,{"id":"1","name":"call","namespace":"remote","start_time":1478293361.3,"in_progress":true,
			"cause":{"working_directory":"/x","exceptions":[{"id":"e","type":"T","message":"m","stack":[]}]},
			"links":[{"trace_id":"1-2","id":"3","attributes":{"aws.xray.reserved.reference_type":"child","n":1}},{"trace_id":"1-4"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	sub := s.Subsegments[0]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"start", s.Start.UnixMicro(), int64(1478293361271000)},
		{"end, to the microsecond", s.End.UnixMicro(), int64(1478293361449123)},
		{"ended", s.Ended(), true},
		{"annotation", s.Annotations["big"], json.Number("9007199254740993")},
		{"metadata", s.Metadata["debug"], map[string]any{"n": json.Number("0.10")}},
		{"status", s.HTTPStatus, 201},
		{"cause", s.Cause.Ref, "53995c3f42cd8ad8"},
		{"subsegment's type", sub.Type, "subsegment"},
		{"subsegment ended", sub.Ended(), false},
		{"exceptions", sub.Cause.Exceptions, []Exception{{"e", "T", "m"}}},
		{"links", sub.Links, []Link{{"1-2", "child"}, {"1-4", ""}}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.what, c.got, c.want)
		}
	}
}

func TestParseSegmentRefuses(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"no JSON", `{"id":`, "not JSON"},
		{"nothing", ``, "not JSON"},
		{"null", `null`, "found null"},
		{"a list", `[{"id":"1"}]`, "found array"},
		{"two documents", `{"id":"1","name":"Pay","start_time":1} {}`, "segment Pay (1): something follows the document"},
		{"no id", `{"name":"Pay","start_time":1}`, "segment Pay: it has no id"},
		{"no name", `{"id":"1","start_time":1}`, "segment 1: it has no name"},
		{"neither", `{"start_time":1}`, "a segment without id and name: it has no id"},
		{"no start", `{"id":"1","name":"Pay"}`, "segment Pay (1): it has no start_time"},
		{"milliseconds", `{"id":"1","name":"Pay","start_time":1478293361271}`, "segment Pay (1): start_time 1478293361271 is no time in seconds since 1970"},
		{"no number", `{"id":"1","name":"Pay","start_time":"noon"}`, "noon"},
		{"a huge number", `{"id":"1","name":"Pay","start_time":1,"end_time":1e999}`, "end_time 1e999 is no time"},
		{"text for a flag", `{"id":"1","name":"Pay","start_time":1,"fault":"yes"}`, "segment Pay (1): fault cannot be string"},
		{"bad subsegment", `{"id":"1","name":"Pay","start_time":1,"subsegments":[{"id":"2","start_time":1}]}`, "in segment Pay (1): subsegment 2: it has no name"},
		{"bad subsegment alone", `{"id":"2","type":"subsegment","start_time":1}`, "subsegment 2: it has no name"},
		{"depth", strings.Repeat(`{"id":"1","name":"Pay","start_time":1,"subsegments":[`, 20000), "not JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSegment([]byte(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want an error with %q", s, err, c.want)
			}
		})
	}
}

func FuzzParseSegment(f *testing.F) {
	f.Add([]byte(`{"id":"1","name":"Pay","start_time":1,"subsegments":[{"id":"2","name":"x","start_time":1,"cause":{}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if s, err := ParseSegment(doc); err == nil {
			told(Build(Gathered{ID: traceA, Segments: []*Segment{s}}))
		}
	})
}

func TestOwnSegment(t *testing.T) {
	start := time.UnixMicro(1763748001250001)
	h := New(start)
	for _, c := range []struct {
		name  string
		end   time.Time
		lasts time.Duration
		ended bool
	}{
		{"ended", start.Add(1500 * time.Microsecond), 1500 * time.Microsecond, true},
		{"a clock set back", start.Add(-time.Second), 0, true},
		{"in progress", time.Time{}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSegment(OwnSegment(h, `orders "quoted"`, "r1", start, c.end))
			if err != nil {
				t.Fatal(err)
			}
			if s.ID != h.Parent || s.TraceID != h.Trace || s.Name != "rehearse" || !s.Start.Equal(start) || s.Ended() != c.ended ||
				s.Annotations["rehearse_scenario"] != `orders "quoted"` || s.Annotations["rehearse_run"] != "r1" {
				t.Errorf("got %+v", s)
			}
			if c.ended && s.End.Sub(s.Start) != c.lasts {
				t.Errorf("lasts %s", s.End.Sub(s.Start))
			}
			if !IsOwn(s, "") || !IsOwn(s, h.Parent) {
				t.Error("is not its own")
			}
		})
	}
}

func TestIsOwn(t *testing.T) {
	marked := map[string]any{"rehearse_scenario": "x"}
	for _, c := range []struct {
		name string
		s    Segment
		want bool
	}{
		{"by its id", Segment{ID: "o", Name: "x"}, true},
		{"by name and annotation", Segment{ID: "p", Name: "rehearse", Annotations: marked}, true},
		{"a service of that name", Segment{ID: "p", Name: "rehearse"}, false},
		{"a service that annotates so", Segment{ID: "p", Name: "shop", Annotations: marked}, false},
		{"one with a parent", Segment{ID: "p", Name: "rehearse", ParentID: "q", Annotations: marked}, false},
		{"a subsegment", Segment{ID: "o", Type: "subsegment"}, false},
	} {
		if got := IsOwn(&c.s, "o"); got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
	if IsOwn(&Segment{}, "") {
		t.Error("without ids nothing is its own")
	}
}

func TestLinked(t *testing.T) {
	got := Linked([]*Segment{
		nil,
		{Links: []Link{{TraceID: "c"}, {TraceID: "p", Kind: "parent"}, {}}},
		{Subsegments: []*Segment{nil, {Links: []Link{{TraceID: "a", Kind: "child"}}, Subsegments: []*Segment{{Links: []Link{{TraceID: "c"}, {TraceID: "b"}}}}}}},
	})
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
}

func TestTheClockOfASegmentIsSetBack(t *testing.T) {
	s, err := ParseSegment([]byte(`{"id":"1","name":"Pay","start_time":2.5,"end_time":2,"subsegments":[{"id":"2","name":"In","start_time":3,"end_time":2.9}]}`))
	if err != nil || !s.Ended() || s.End != s.Start || s.Subsegments[0].End != s.Subsegments[0].Start {
		t.Errorf("%+v, %v", s, err)
	}
}
