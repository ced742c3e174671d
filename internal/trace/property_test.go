package trace

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	traceA = "1-00000001-000000000000000000000001"
	traceB = "1-00000001-000000000000000000000002"
	traceC = "1-00000001-000000000000000000000003"
)

// anySegment is a segment that may be anything, sharing ids, parents, links and
// times with others.
func anySegment(t *rapid.T, depth int) *Segment {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "own"})
	above := rapid.SampledFrom([]string{"", "", "a", "b", "c", "d", "e", "f", "g", "nowhere", "own"})
	trace := rapid.SampledFrom([]string{"", traceA, traceA, traceB, traceC})
	start := time.UnixMicro(rapid.Int64Range(1e15, 1e15+20).Draw(t, "start"))
	s := &Segment{
		ID: id.Draw(t, "id"), Name: rapid.SampledFrom([]string{"A", "B", "C", "rehearse"}).Draw(t, "name"),
		TraceID: trace.Draw(t, "trace"), ParentID: above.Draw(t, "parent"), Start: start,
		Origin:     rapid.SampledFrom([]string{"", lambdaService, lambdaFunction, "AWS::SQS::Queue"}).Draw(t, "origin"),
		Type:       rapid.SampledFrom([]string{"", "", "", subsegment}).Draw(t, "type"),
		InProgress: rapid.Bool().Draw(t, "in progress"),
		Inferred:   rapid.Bool().Draw(t, "inferred"),
		Fault:      rapid.Bool().Draw(t, "fault"),
	}
	if rapid.Bool().Draw(t, "ended") {
		s.End = start.Add(time.Duration(rapid.Int64Range(-3, 9).Draw(t, "lasts")) * time.Microsecond)
	}
	if rapid.Bool().Draw(t, "annotated") {
		s.Annotations = map[string]any{rapid.SampledFrom([]string{"x", ownScenario}).Draw(t, "key"): "1"}
	}
	for range rapid.IntRange(0, 2).Draw(t, "links") {
		s.Links = append(s.Links, Link{TraceID: trace.Draw(t, "to"), Kind: rapid.SampledFrom([]string{"", "child", linkParent}).Draw(t, "kind")})
	}
	if depth > 0 {
		for range rapid.IntRange(0, 2).Draw(t, "subsegments") {
			s.Subsegments = append(s.Subsegments, anySegment(t, depth-1))
		}
	}
	return s
}

func anyGathered(t *rapid.T) Gathered {
	g := Gathered{ID: traceA, Own: rapid.SampledFrom([]string{"", "own"}).Draw(t, "own")}
	for range rapid.IntRange(0, 12).Draw(t, "segments") {
		g.Segments = append(g.Segments, anySegment(t, 2))
	}
	g.Wanted = Linked(g.Segments)
	return g
}

func TestOrderOfArrivalChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGathered(t)
		want := Build(g)
		again := g
		again.Segments = rapid.Permutation(g.Segments).Draw(t, "order")
		for _, s := range g.Segments {
			if rapid.Bool().Draw(t, "twice") {
				twin := *s
				again.Segments = append(again.Segments, &twin)
			}
		}
		got := Build(again)
		if a, b := told(want), told(got); a != b {
			t.Fatalf("in one order:\n%s\nin another:\n%s", a, b)
		}
		if want.Fingerprint() != got.Fingerprint() {
			t.Fatalf("the fingerprint depends on the order")
		}
	})
}

// keys are the ids that documents tell of, but for the run's own roots.
func keys(g Gathered) map[key]bool {
	out := map[key]bool{}
	var add func(trace string, list []*Segment)
	add = func(trace string, list []*Segment) {
		for _, s := range list {
			out[key{trace, s.ID}] = true
			add(trace, s.Subsegments)
		}
	}
	for _, s := range g.Segments {
		if IsOwn(s, g.Own) {
			continue
		}
		in := s.TraceID
		if in == "" {
			in = g.ID
		}
		add(in, []*Segment{s})
	}
	return out
}

func TestWhateverComesHasItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGathered(t)
		tree := Build(g)
		tree.Picture(map[string]string{"a": "← here"})
		r := tree.Result()
		got := map[key]bool{}
		for _, p := range r.Segments {
			k := key{p.TraceID, p.ID}
			if got[k] {
				t.Fatalf("%v is in the tree twice", k)
			}
			got[k] = true
		}
		if want := keys(g); !maps.Equal(got, want) {
			t.Fatalf("in the tree: %v\nthere: %v", got, want)
		}
		counted := 0
		for i, s := range tree.services {
			counted += len(s.members)
			if s.parent != nil && slices.Index(tree.services, s.parent) >= i {
				t.Fatalf("%s comes before what it hangs on", s.head.Name)
			}
			steps := 0
			for up := s; up.parent != nil; up = up.parent {
				if steps++; steps > len(tree.services) {
					t.Fatalf("%s has no root", s.head.Name)
				}
			}
		}
		for _, p := range r.Segments {
			counted -= yes(p.Type == "segment")
		}
		if counted != 0 {
			t.Fatalf("%d segments too many in services", counted)
		}
		for _, s := range r.Services {
			if s.DurationMS < 0 || s.StartMS < 0 || s.StartMS+s.DurationMS > r.DurationMS+1e-9 {
				t.Fatalf("%+v is longer than the trace, %v ms", s, r.DurationMS)
			}
		}
	})
}
