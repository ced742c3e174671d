package xray

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/steps"
)

// gathering gathers one trace, and those it links to, from one or more places.
type gathering struct {
	readers []*reader
	linked  bool
	known   []string // what the last look gathered
	seen    map[segmentKey]*trace.Segment
}

// segmentKey is what a segment is known by.
type segmentKey struct{ trace, id string }

// gathered is what one look gathered.
type gathered struct {
	at          time.Time // all of it was read then or later, on our clock
	segments    []*trace.Segment
	ids         []string // the trace and those it links to
	cut         bool     // there are more than are followed
	unprocessed []string // traces that X-Ray has not processed
	exceeded    []string // traces that are larger than X-Ray takes
	unsure      string   // why it is not known whether Transaction Search is on
}

// gatheringFor reads from the step's own place and the accounts it names.
func gatheringFor(ctx context.Context, env *steps.Env, accounts []steps.AccountName, linked bool) (*gathering, error) {
	g := &gathering{linked: linked}
	places := []*awsclient.Place{env.AWS}
	for _, name := range accounts {
		places = append(places, env.Account(name))
	}
	seen := map[string]bool{}
	for _, place := range places {
		if seen[place.Key()] {
			continue
		}
		seen[place.Key()] = true
		r, err := readerFor(ctx, env.Run, place)
		if err != nil {
			return nil, err
		}
		g.readers = append(g.readers, r)
	}
	return g, nil
}

// gather reads a trace. A link that is found in one place may lead to a trace
// that another has, so all are asked for all that is known.
func (g *gathering) gather(ctx context.Context, id string) (gathered, error) {
	known := []string{id}
	if len(g.known) > 0 && g.known[0] == id {
		known = g.known // else places that hold no link would be asked twice at each look
	} else {
		g.seen = map[segmentKey]*trace.Segment{}
	}
	for {
		out := gathered{ids: known}
		for _, read := range g.readAll(ctx, known) {
			if read.err != nil {
				return gathered{}, read.err
			}
			if err := out.add(read.reading, ask{known, g.linked}); err != nil {
				return gathered{}, err
			}
		}
		if len(g.readers) == 1 || len(out.ids) == len(known) {
			g.known = out.ids
			g.remember(&out)
			return out, nil
		}
		known = out.ids
	}
}

// remember adds what earlier looks gathered and this one did not: what was once
// recorded has happened, though an answer may lack it for a while.
func (g *gathering) remember(out *gathered) {
	here := map[segmentKey]bool{}
	for _, s := range out.segments {
		k := segmentKey{s.TraceID, s.ID}
		if here[k] = true; g.seen[k] == nil || s.Ended() {
			g.seen[k] = s
		}
	}
	for k, s := range g.seen {
		if !here[k] {
			out.segments = append(out.segments, s)
		}
	}
}

type readResult struct {
	*reading
	err error
}

// readAll asks all places at the same time.
func (g *gathering) readAll(ctx context.Context, ids []string) []readResult {
	out := make([]readResult, len(g.readers))
	var all sync.WaitGroup
	for i, r := range g.readers {
		all.Go(func() { out[i].reading, out[i].err = r.look(ctx, ask{ids, g.linked}) })
	}
	all.Wait()
	return out
}

// add joins what was read in one place.
func (out *gathered) add(read *reading, a ask) error {
	ids, cut := reach(a, func(id string) []string {
		if f := read.traces[id]; f != nil {
			return f.linked
		}
		return nil
	})
	for _, id := range ids {
		f := read.traces[id]
		if f == nil { // the reading did not come to what is linked
			return errNotRead
		}
		if f.err != nil {
			return f.err
		}
		if !slices.Contains(out.ids, id) {
			out.ids = append(slices.Clip(out.ids), id)
		}
		if out.at.IsZero() || f.at.Before(out.at) {
			out.at = f.at
		}
		out.segments = append(out.segments, f.segments...)
		if f.unprocessed && !slices.Contains(out.unprocessed, id) {
			out.unprocessed = append(out.unprocessed, id)
		}
		if f.exceeded && !slices.Contains(out.exceeded, id) {
			out.exceeded = append(out.exceeded, id)
		}
	}
	if len(out.ids) > maxTraces {
		out.ids, cut = out.ids[:maxTraces], true
	}
	out.cut = out.cut || cut
	out.unsure = cmp.Or(out.unsure, read.unsure)
	return nil
}

// tree builds the tree of what was gathered. own is the segment that the calls
// of act were made under, "" where the trace is not the attempt's.
func (out gathered) tree(id, own string) *trace.Tree {
	return trace.Build(trace.Gathered{ID: id, Own: own, Segments: out.segments, Wanted: out.ids[1:]})
}

// places names where is read.
func (g *gathering) places() string {
	var l []string
	for _, r := range g.readers {
		l = append(l, r.place.Account+", "+r.place.Region)
	}
	return strings.Join(l, " or ")
}
