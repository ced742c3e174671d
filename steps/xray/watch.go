package xray

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// watcher is one trace step under way.
type watcher struct {
	Params
	env       *steps.Env
	id        string // of the trace; "" where annotations find it
	gathering *gathering
	finder    *finder // nil when the id is given

	print string    // of the tree at the last look
	since time.Time // the end of the look that first saw the tree so
}

func watchTrace(ctx context.Context, env *steps.Env, p Params) (steps.Probe[trace.Result], error) {
	w := &watcher{Params: p, env: env}
	err := p.check()
	if err == nil && p.ID == "" && len(p.Annotation) == 0 {
		err = steps.Finalf("the expression of id or annotation gave nothing, so any trace would do")
	}
	if err == nil && p.ID != "" {
		var header trace.Header
		header, err = trace.Parse(p.ID)
		w.id, err = header.Trace, steps.Final(err)
	}
	if err != nil {
		return steps.Probe[trace.Result]{}, err
	}
	if w.gathering, err = gatheringFor(ctx, env, p.Accounts, p.Linked); err != nil {
		return steps.Probe[trace.Result]{}, err
	}
	if p.ID != "" {
		return steps.Probe[trace.Result]{Look: w.look}, nil
	}
	w.finder, err = newFinder(w.gathering.readers, p.Annotation, env.Since, env.Trace.Trace)
	return steps.Probe[trace.Result]{Look: w.look, Rest: summariesEvery}, err
}

// early says whether the step passes as soon as its visits and paths hold.
func (w *watcher) early() bool { return w.Params.early() && !w.env.Checked }

func (w *watcher) look(ctx context.Context) (steps.Seen[trace.Result], error) {
	id := w.id
	if w.finder != nil {
		var err error
		if id, err = w.finder.find(ctx); err != nil {
			return steps.Seen[trace.Result]{}, err
		}
	}
	if id == "" {
		return w.notFound("X-Ray finds no trace with these annotations that began since " + w.env.Since.UTC().Format(time.RFC3339) +
			" (the start of act) in account " + w.gathering.places() + "; likely causes: the key is another one, or its value is text and not a number, or the other way round; " +
			"X-Ray has not indexed them yet; the trace began earlier, or in another account or region"), nil
	}
	g, err := w.gathering.gather(ctx, id)
	if err != nil {
		return steps.Seen[trace.Result]{}, err
	}
	if w.finder != nil && !w.finder.annotated(id, g.segments) {
		return w.notFound("X-Ray names trace " + id + ", and of its segments that have arrived none has these annotations"), nil
	}
	own := ""
	if id == w.env.Trace.Trace { // the Parent of another's header is a segment of the application, and must come
		own = w.env.Trace.Parent
	}
	return w.judge(view{id: id, gathered: g, tree: g.tree(id, own)})
}

// notFound is what is seen while annotations lead to no trace.
func (w *watcher) notFound(why string) steps.Seen[trace.Result] {
	return steps.Seen[trace.Result]{
		Doc:   trace.Build(trace.Gathered{}).Result(),
		Unmet: []assertions.Mismatch{{Op: "annotation", Message: why}},
		Explain: func() steps.Explanation {
			return steps.Explanation{Summary: "no trace was found by " + w.finder.filter, Nothing: true}
		},
	}
}

// view is what one look shows.
type view struct {
	gathered
	id   string
	tree *trace.Tree
}

// judge says what of a view does not hold, and whether it ever can.
func (w *watcher) judge(v view) (steps.Seen[trace.Result], error) {
	r := v.tree.Result()
	if len(r.Services) == 0 {
		w.settled(v) // so that it is known when something came
		return w.nothing(v), nil
	}
	asked := append(checkVisits(r, w.Visits), checkPaths(r, w.Paths)...)
	var mustNot []finding // what more segments cannot mend
	if len(w.Only) > 0 {
		mustNot = append(mustNot, checkOnly(r, w.Only)...)
	}
	if w.NoErrors {
		mustNot = append(mustNot, checkNoErrors(r)...)
	}
	findings := append(asked, mustNot...)
	waiting, missing := w.settled(v)
	lost := v.lost()
	switch {
	case w.early() && (len(findings) == 0 || !missing): // that it has not been quiet for long is no matter here
	case waiting != "":
		if slices.ContainsFunc(r.Segments, func(s trace.Part) bool { return s.Orphan }) {
			waiting += "; what is missing may be in another account or region than " + w.gathering.places() + " (in and accounts name others)"
		}
		findings = append(findings, finding{Mismatch: assertions.Mismatch{Op: "settle", Message: "the trace has not settled: " + waiting}})
	case lost != "" && len(findings) == 0:
		return steps.Seen[trace.Result]{}, steps.Finalf("what the step asks for cannot be known: %s", lost)
	}
	seen := steps.Seen[trace.Result]{Doc: r, Explain: func() steps.Explanation { return w.explain(v, findings, waiting) }}
	for _, f := range findings {
		seen.Unmet = append(seen.Unmet, f.Mismatch)
	}
	if lost != "" && len(findings) > 0 {
		seen.Unmet = append(seen.Unmet, assertions.Mismatch{Op: "whole", Message: "the trace is not all there: " + lost})
	}
	described := len(w.Visits)+len(w.Paths) > 0 && len(asked) == 0
	seen.Final = waiting == "" && (len(mustNot) > 0 || described)
	return seen, nil
}

// settled says why the trace does not count as whole, "" when it does: nothing
// is known to be missing, and nothing has changed for a while. It tells which of
// the two it is.
func (w *watcher) settled(v view) (waiting string, incomplete bool) {
	if print := v.tree.Fingerprint(); print != w.print {
		w.print, w.since = print, time.Now()
	}
	missing := v.tree.Missing()
	for _, id := range v.unprocessed {
		missing = append(missing, "X-Ray has not processed trace "+id+" yet")
	}
	switch {
	case len(missing) > mostMissing:
		more := len(missing) - mostMissing
		return strings.Join(missing[:mostMissing], "; ") + fmt.Sprintf("; and %d more such things", more), true
	case len(missing) > 0:
		return strings.Join(missing, "; "), true
	case w.Settle > 0 && v.at.Before(w.since.Add(w.Settle)):
		waiting = fmt.Sprintf("nothing is known to be missing, but it has not yet stayed as it is for %s (settle)", strings.Replace(w.Settle.String(), "m0s", "m", 1))
		if w.env.AWS.Single() == w.env.AWS {
			waiting += "; this step looks only once: write within, or put it into assert"
		}
	}
	return waiting, false
}

// mostMissing is how many things are named that are missing.
const mostMissing = 5

// lost says what of a trace will never be read, "" when there is no such thing.
func (v view) lost() string {
	switch {
	case len(v.exceeded) > 0:
		return "X-Ray keeps at most 500 KB of a trace, and what came beyond that is lost (LimitExceeded): " + strings.Join(v.exceeded, ", ")
	case v.cut:
		return fmt.Sprintf("it links to more than %d traces, and no more are read; linked: false leaves them all out", maxTraces)
	}
	return ""
}

// explain draws the tree with what differs.
func (w *watcher) explain(v view, findings []finding, waiting string) steps.Explanation {
	marks := map[string]string{}
	for _, f := range findings {
		for id, words := range f.marks {
			if said := marks[id]; !slices.Contains(strings.Split(said, "; "), words) {
				marks[id] = strings.TrimPrefix(said+"; "+words, "; ")
			}
		}
	}
	r := v.tree.Result()
	text := fmt.Sprintf("trace %s has %s", v.id, schema.CountOf(len(r.Services), "service"))
	if n := len(r.TraceIDs); n > 1 {
		text = fmt.Sprintf("trace %s and %s it links to have %s", v.id, schema.CountOf(n-1, "trace"), schema.CountOf(len(r.Services), "service"))
	}
	if waiting != "" {
		text += fmt.Sprintf(" so far, the last change was seen %s ago", time.Since(w.since).Round(100*time.Millisecond))
	}
	return steps.Explanation{Summary: text, Picture: strings.Split(strings.TrimRight(v.tree.Picture(marks), "\n"), "\n")}
}
