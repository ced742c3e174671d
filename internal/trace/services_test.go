package trace

import (
	"slices"
	"testing"
	"time"
)

func named(name, origin string, s *Segment) *Segment {
	s.Name, s.Origin = name, origin
	return s
}

func in(trace string, s *Segment) *Segment {
	s.TraceID = trace
	return s
}

func linking(s *Segment, traces ...string) *Segment {
	for _, id := range traces {
		s.Links = append(s.Links, Link{TraceID: id, Kind: "child"})
	}
	return s
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments []*Segment
		want     []string
	}{
		{"a function's two segments", []*Segment{named("F", lambdaService, at("l", "", 0, 9)), named("F", lambdaFunction, at("f", "l", 1, 8)), at("x", "f", 2, 3)}, []string{"F > X"}},
		{"through a subsegment, once for each attempt", []*Segment{
			named("F", lambdaService, at("l", "", 0, 9, at("try1", "", 1, 3), at("try2", "", 4, 8))),
			named("F", lambdaFunction, at("f1", "try1", 1, 3)), named("F", lambdaFunction, at("f2", "try2", 4, 8)), at("x", "f2", 5, 6),
		}, []string{"F > X"}},
		{"a function that calls itself", []*Segment{
			named("F", lambdaService, at("l", "", 0, 9)), named("F", lambdaFunction, at("f", "l", 1, 8, at("call", "", 2, 7))),
			named("F", lambdaService, at("m", "call", 3, 6)), named("F", lambdaFunction, at("g", "m", 4, 5)),
		}, []string{"F > F"}},
		{"another function below", []*Segment{named("F", lambdaService, at("l", "", 0, 9)), named("G", lambdaFunction, at("f", "l", 1, 8))}, []string{"F > G"}},
		{"another kind of the same name", []*Segment{named("F", "AWS::ECS::Container", at("l", "", 0, 9)), named("F", lambdaFunction, at("f", "l", 1, 8))}, []string{"F > F"}},
		{"subsegments are no services", []*Segment{at("a", "", 0, 9, at("s", "", 1, 8, at("u", "", 2, 7))), at("b", "u", 3, 4)}, []string{"A > B"}},
		{"a trace linked from two places", []*Segment{linking(at("a", "", 0, 9), traceB), linking(at("b", "a", 3, 9), traceC), linking(in(traceB, at("x", "", 10, 20)), traceC), in(traceC, at("y", "", 30, 40))}, []string{"A > X", "A > B > Y"}},
		{"a link to what has been reached", []*Segment{linking(at("a", "", 0, 9), traceB, traceA), linking(in(traceB, at("x", "", 10, 20)), traceA, traceB)}, []string{"A > X"}},
		{"linked traces without the one that was asked for", []*Segment{in(traceC, at("y", "", 1, 2)), linking(in(traceB, at("x", "", 3, 4)), traceC)}, []string{"X > Y"}},
		{"a link of our own root", []*Segment{linking(at("own", "", 0, 9), traceB), in(traceB, at("x", "", 3, 4))}, []string{"X"}},
		{"one id in two traces", []*Segment{linking(at("a", "", 0, 9, at("s", "", 1, 8)), traceB), at("b", "s", 2, 3), in(traceB, at("a", "", 10, 20, at("s", "", 11, 18))), in(traceB, at("c", "s", 12, 13))}, []string{"A > B", "A > A > C"}},
		{"an orphan in a linked trace", []*Segment{linking(at("a", "", 0, 9), traceB), in(traceB, at("x", "gone", 3, 4))}, []string{"A", "X"}},
		{"a link back is not followed", []*Segment{{ID: "a", Name: "A", Links: []Link{{TraceID: traceB, Kind: linkParent}}}, in(traceB, at("x", "", 3, 4))}, []string{"A", "X"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Build(Gathered{ID: traceA, Own: "own", Segments: c.segments}).Result().Paths; !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// However clocks differ, what calls comes before what it calls.
func TestOrderOfServices(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments []*Segment
		want     []string
	}{
		{"as they started", []*Segment{at("a", "", 0, 9), at("b", "a", 5, 9), at("c", "", 1, 9), at("d", "c", 2, 9)}, []string{"A", "C", "D", "B"}},
		{"a clock behind", []*Segment{at("a", "", 5, 9), at("b", "a", 1, 9), at("c", "", 5, 9), at("d", "b", 6, 9)}, []string{"A", "B", "C", "D"}},
		{"all at once", []*Segment{at("c", "a", 0, 9), at("b", "", 0, 9), at("a", "", 0, 9)}, []string{"A", "C", "B"}},
		{"neighbours of one name", []*Segment{at("a", "", 0, 9), named("B", "", at("b1", "a", 1, 2)), named("B", "", at("b2", "a", 2, 3)), at("c", "a", 3, 4), named("B", "", at("b3", "a", 5, 6))}, []string{"A", "B", "C", "B"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Build(Gathered{ID: traceA, Segments: c.segments}).Result().Visited; !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestServiceUnitesItsSegments(t *testing.T) {
	l, f := named("F", lambdaService, at("l", "call", 10, 90)), named("F", lambdaFunction, at("f", "l", 20, 95))
	l.HTTPStatus, l.Annotations = 200, map[string]any{"a": "l"}
	f.Fault, f.Annotations, f.Metadata = true, map[string]any{"a": "f", "b": "f"}, map[string]any{"default": 1}
	i := inferred(named("Lambda", lambdaService, at("i", "call", 5, 99)))
	i.Throttle, i.HTTPStatus = true, 502
	r := Build(Gathered{ID: traceA, Segments: []*Segment{f, i, l, at("a", "", 0, 100, at("call", "", 4, 99))}}).Result()
	if len(r.Services) != 2 {
		t.Fatalf("got %+v", r.Services)
	}
	s := r.Services[1]
	if s.Name != "F" || s.ID != "l" || s.Parent != "a" || s.StartMS != 10 || s.DurationMS != 85 || s.Error || !s.Fault || !s.Throttle || *s.HTTPStatus != 200 ||
		s.Annotations["a"] != "l" || s.Annotations["b"] != "f" || s.Metadata["default"] != 1 || s.Inferred || s.Orphan || s.TraceID != traceA {
		t.Errorf("got %+v", s)
	}
	if len(r.Errors) != 2 { // the function's fault, and what only its caller saw
		t.Errorf("errors: %+v", r.Errors)
	}
	if len(r.Segments) != 5 || len(f.Annotations) != 2 || len(l.Annotations) != 1 {
		t.Errorf("segments: %+v", r.Segments)
	}
}

func TestTimesAreExactToTheMicrosecond(t *testing.T) {
	a := at("a", "", 0, 9)
	a.End = a.Start.Add(1234567 * time.Microsecond)
	b := at("b", "a", 0, 9)
	b.Start = a.Start.Add(time.Microsecond)
	r := Build(Gathered{ID: traceA, Segments: []*Segment{a, b}}).Result()
	if r.DurationMS != 1234.567 || r.Services[1].StartMS != 0.001 {
		t.Errorf("got %v and %v", r.DurationMS, r.Services[1].StartMS)
	}
}

// The same id twice: what counts is the ended one, then the later one, whoever came first.
func TestOneIDTwice(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *Segment
		want float64
	}{
		{"ended and in progress", at("a", "", 0, 5), at("a", "", 0, 0), 5},
		{"both ended", at("a", "", 0, 5), at("a", "", 0, 7), 7},
		{"in a segment and alone", at("x", "", 0, 9, at("a", "", 0, 0)), &Segment{ID: "a", Name: "A", Type: subsegment, ParentID: "x", Start: at("a", "", 0, 9).Start, End: at("a", "", 0, 3).End}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, list := range [][]*Segment{{c.a, c.b}, {c.b, c.a}} {
				r := Build(Gathered{ID: traceA, Segments: list}).Result()
				i := slices.IndexFunc(r.Segments, func(p Part) bool { return p.ID == "a" })
				if got := r.Segments[i]; got.DurationMS != c.want || got.InProgress {
					t.Errorf("got %+v, want %v ms", got, c.want)
				}
			}
		})
	}
}
