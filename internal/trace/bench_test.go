package trace

import (
	"fmt"
	"testing"
)

// machines is a trace of the size of a published one: 31 segments with 734 subsegments.
func machines() Gathered {
	g := Gathered{ID: traceA}
	for m := range 3 {
		g.Segments = append(g.Segments, at(fmt.Sprint("m", m), "", m*1000, m*1000+900))
	}
	for i := range 706 {
		machine := g.Segments[i%3]
		state := at(fmt.Sprint("s", i), "", i, i+9)
		if i < 28 {
			state.Subsegments = []*Segment{at(fmt.Sprint("c", i), "", i, i+8)}
			g.Segments = append(g.Segments, inferred(at(fmt.Sprint("i", i), fmt.Sprint("c", i), i, i+7)))
		}
		machine.Subsegments = append(machine.Subsegments, state)
	}
	return g
}

// wide has so many segments, each with three below it.
func wide(n int) Gathered {
	g := Gathered{ID: traceA}
	for i := range n {
		parent := ""
		if i > 0 {
			parent = fmt.Sprint("s", (i-1)/3)
		}
		g.Segments = append(g.Segments, at(fmt.Sprint(i), parent, i, i+100, at(fmt.Sprint("s", i), "", i, i+99)))
	}
	return g
}

func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct {
		name string
		g    Gathered
	}{{"31 segments, 734 subsegments", machines()}, {"500 segments", wide(500)}, {"5000 segments", wide(5000)}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				t := Build(c.g)
				t.Fingerprint()
				t.Picture(nil)
			}
		})
	}
}

func TestBenchmarkIsOfThatSize(t *testing.T) {
	segments, subs := 0, 0
	for _, p := range Build(machines()).Result().Segments {
		segments += yes(p.Type == "segment")
		subs += yes(p.Type == subsegment)
	}
	if segments != 31 || subs != 734 {
		t.Errorf("%d segments, %d subsegments", segments, subs)
	}
}
