package trace

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// at makes a segment from start to end, in milliseconds; an end of 0 is not known.
func at(id, parent string, start, end int, subs ...*Segment) *Segment {
	s := &Segment{ID: id, Name: strings.ToUpper(id), ParentID: parent, Start: time.UnixMilli(1e12 + int64(start)), Subsegments: subs, InProgress: end == 0}
	if end > 0 {
		s.End = time.UnixMilli(1e12 + int64(end))
	}
	return s
}

func inferred(s *Segment) *Segment {
	s.Inferred = true
	return s
}

func TestMissing(t *testing.T) {
	link := at("l", "", 0, 9)
	link.Links = []Link{{TraceID: traceB}}
	for _, c := range []struct {
		name     string
		segments []*Segment
		wanted   []string
		want     []string
	}{
		{"nothing at all", nil, nil, []string{"no segment has arrived"}},
		{"nothing but our own root", []*Segment{at("own", "", 0, 0)}, nil, []string{"no segment has arrived"}},
		{"only a subsegment", []*Segment{{ID: "s", Name: "S", ParentID: "own", Type: subsegment}}, nil, []string{"no segment of a service has arrived, only subsegments"}},
		{"whole", []*Segment{at("a", "", 0, 9, at("s", "", 1, 8)), at("b", "s", 2, 7)}, nil, nil},
		{"in progress", []*Segment{at("a", "", 0, 0)}, nil, []string{"segment A (a) has not ended"}},
		{"without an end", []*Segment{{ID: "a", Name: "A", Start: time.UnixMilli(1)}}, nil, []string{"segment A (a) has not ended"}},
		{"first in progress, then ended", []*Segment{at("a", "", 0, 0), at("a", "", 0, 9)}, nil, nil},
		{"a subsegment left in progress", []*Segment{at("a", "", 0, 9, at("s", "", 1, 0))}, nil, nil},
		{"and what was inferred from it", []*Segment{at("a", "", 0, 9, at("s", "", 1, 0)), inferred(at("i", "s", 1, 0))}, nil, nil},
		{"inferred in progress below one that ended", []*Segment{at("a", "", 0, 9, at("s", "", 1, 8)), inferred(at("i", "s", 1, 0))}, nil, []string{"segment I (i) has not ended"}},
		{"real in progress below a subsegment left in progress", []*Segment{at("a", "", 0, 9, at("s", "", 1, 0)), at("r", "s", 1, 0)}, nil, []string{"segment R (r) has not ended"}},
		{"below a segment in progress", []*Segment{at("a", "", 0, 0, at("s", "", 1, 0)), inferred(at("i", "s", 1, 0))}, nil, []string{"segment A (a) has not ended", "segment I (i) has not ended"}},
		{"an orphan", []*Segment{at("a", "", 0, 9), at("b", "x", 0, 9)}, nil, []string{"segment B (b) is an orphan: its parent x has not arrived"}},
		{"what hangs on our own root", []*Segment{at("a", "own", 0, 9)}, nil, nil},
		{"a linked trace", []*Segment{link}, []string{traceB, traceB, traceA, ""}, []string{"nothing has arrived of the linked trace " + traceB}},
		{"a link that nobody follows", []*Segment{link}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Build(Gathered{ID: traceA, Own: "own", Segments: c.segments, Wanted: c.wanted}).Missing(); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	plain := func() *Segment { return at("a", "", 0, 9, at("s", "", 1, 8)) }
	change := func(f func(*Segment)) *Segment {
		s := plain()
		f(s)
		return s
	}
	was := Build(Gathered{ID: traceA, Segments: []*Segment{plain()}}).Fingerprint()
	for _, c := range []struct {
		name     string
		segments []*Segment
		same     bool
	}{
		{"the same again", []*Segment{plain(), plain()}, true},
		{"our own root", []*Segment{plain(), {ID: "own", Name: ownName, Annotations: map[string]any{ownScenario: ""}}}, true},
		{"one more", []*Segment{plain(), at("b", "a", 3, 4)}, false},
		{"an annotation", []*Segment{change(func(s *Segment) { s.Annotations = map[string]any{"x": 1} })}, false},
		{"metadata of a subsegment", []*Segment{change(func(s *Segment) { s.Subsegments[0].Metadata = map[string]any{"x": 1} })}, false},
		{"a flag of a subsegment", []*Segment{change(func(s *Segment) { s.Subsegments[0].Throttle = true })}, false},
		{"an end", []*Segment{change(func(s *Segment) { s.End = s.End.Add(time.Microsecond) })}, false},
		{"a parent that lacks", []*Segment{change(func(s *Segment) { s.ParentID = "x" })}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Build(Gathered{ID: traceA, Segments: c.segments}).Fingerprint(); (got == was) != c.same {
				t.Errorf("same: %t", got == was)
			}
		})
	}
}

// What was left of rings of parents once made an inferred segment stand for one below itself.
func TestInferredInARingStandsForNothing(t *testing.T) {
	e, a := inferred(at("e", "e", 0, 1)), at("a", "e", 0, 1)
	e.Name, a.Name = "A", "A"
	if got := len(Build(Gathered{ID: traceA, Segments: []*Segment{e, a}}).Result().Services); got != 2 {
		t.Errorf("%d services", got)
	}
}

func TestMarks(t *testing.T) {
	a := at("a", "", 0, 100, at("s", "", 1, 80))
	a.Metadata = map[string]any{"default": map[string]any{"secret": "hunter2"}}
	b := inferred(at("b", "s", 2, 70))
	b.Fault = true
	b.Cause.Exceptions = []Exception{{Type: "Long", Message: strings.Repeat("word ", 100)}}
	got := Build(Gathered{ID: traceA, Segments: []*Segment{a, b}}).Picture(map[string]string{"s": "← too slow", "b": "← may not\nappear", "x": "← nowhere"})
	want := "A  +0 ms, 100 ms  ← too slow\n└─ B  +2 ms, 68 ms (inferred)  ✗ fault: Long: " + strings.Repeat("word ", 29) + "wo…  ← may not appear\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestBigPicture(t *testing.T) {
	segments := []*Segment{at("root", "", 0, 9999)}
	for i := range 600 {
		segments = append(segments, at(fmt.Sprintf("n%03d", i), "root", 10+i, 5000), at(fmt.Sprintf("m%03d", i), fmt.Sprintf("n%03d", i), 700+i, 5000))
	}
	got := strings.Split(strings.TrimSpace(Build(Gathered{ID: traceA, Segments: segments}).Picture(map[string]string{"m599": "← here"})), "\n")
	if len(got) != 201 || got[200] != "… and 1001 more services" {
		t.Errorf("%d lines, the last %s", len(got), got[len(got)-1])
	}
	if tail := strings.Join(got[197:200], "\n"); tail != "├─ N196  +206 ms, 4794 ms\n└─ N599  +609 ms, 4391 ms\n   └─ M599  +1299 ms, 3701 ms  ← here" {
		t.Errorf("what is marked is not there:\n%s", tail)
	}
}

// The result before anything has come is what a check is tried on that must not hold there.
func TestNothingHasNothing(t *testing.T) {
	tree := Build(Gathered{})
	b, err := json.Marshal(tree.Result())
	if want := `{"id":"","trace_ids":[],"duration_ms":0,"services":[],"visited":[],"paths":[],"segments":[],"errors":[]}`; string(b) != want || err != nil {
		t.Errorf("got %s, %v", b, err)
	}
	if got := tree.Picture(nil); got != "(no segment has arrived)\n" {
		t.Errorf("picture: %s", got)
	}
}
