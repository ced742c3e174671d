package runner

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/probe"
	"github.com/rehearse-dev/rehearse/steps"
)

// maxResult is how much JSON of a result goes into an event.
const maxResult = 64 << 10

// unable is the end of a step that could not be carried out.
func unable(err error) *event.StepFinish {
	return &event.StepFinish{Status: event.Errored, Cause: event.CauseStep, Summary: awsclient.Explain(err), Error: probe.ErrorOf(err)}
}

// finished is how a verdict stands in the stream.
func finished(v probe.Verdict) *event.StepFinish {
	f := &event.StepFinish{Status: v.Status, Cause: v.Cause, Summary: v.Summary, Attempts: v.Looks, SLA: v.SLA, PacingMS: v.Held.Milliseconds()}
	if v.Err != nil {
		f.Error = probe.ErrorOf(v.Err)
		if v.Status == event.Errored {
			f.Summary = strings.Replace(f.Summary, v.Err.Error(), f.Error.Message, 1)
		}
	}
	if v.Answered {
		f.Result, f.Truncated = shortened(v.Last.Doc)
	}
	f.Checks = checksOf(v)
	if v.Status == event.Failed && v.Last.Explain != nil {
		why := v.Last.Explain()
		f.Arrived, f.Matched, f.Picture = why.Arrived, why.Matched, why.Picture
		f.Summary = inTheKindsWords(f.Summary, why)
		for _, m := range why.Misses {
			f.Misses = append(f.Misses, event.Miss{Summary: m.Summary, Diff: differences(m.Diff)})
		}
	}
	return f
}

// inTheKindsWords puts what a kind says was seen before what the loop says;
// that nothing came takes the place of "did not come true".
func inTheKindsWords(loop string, why steps.Explanation) string {
	rest, cut := strings.CutPrefix(loop, probe.NotTrue)
	switch {
	case why.Summary == "":
		return loop
	case why.Nothing && cut:
		return why.Summary + rest
	case loop == "":
		return why.Summary
	}
	return why.Summary + "; " + loop
}

// checksOf tells of every check; one that does not hold says why and where it stands.
func checksOf(v probe.Verdict) []event.Check {
	var out []event.Check
	unmet := map[string]assertions.Mismatch{}
	key := func(path, op string) string { return path + "\x00" + op }
	for _, u := range v.Unmet {
		unmet[key(u.Path, u.Op)] = u
	}
	for _, r := range v.Results {
		c := event.Check{Path: r.Path, Op: r.Op, Expected: r.Expected, Found: r.Found, Diff: differences(r.Diff), OK: r.OK}
		if u, ok := unmet[key(r.Path, r.Op)]; ok && !r.OK {
			c.Message, c.Missing, c.Line, c.Col = u.Message, u.Missing, u.Pos.Line, u.Pos.Col
			delete(unmet, key(r.Path, r.Op))
		}
		out = append(out, c)
	}
	for _, u := range v.Unmet { // what the kind itself found
		if _, ok := unmet[key(u.Path, u.Op)]; ok {
			out = append(out, event.Check{Path: u.Path, Op: u.Op, Expected: u.Expected, Found: u.Found, Diff: differences(u.Diff), Missing: u.Missing, Message: u.Message})
		}
	}
	return out
}

func differences(l []assertions.Difference) []event.Difference {
	var out []event.Difference
	for _, d := range l {
		out = append(out, event.Difference{Path: d.Path, Kind: d.Kind, Expected: d.Expected, Found: d.Found, Message: d.Message})
	}
	return out
}

// shortened gives a result as it goes into an event. It stays a document where
// that is enough: the longest of its lists lose their last elements. Else it
// becomes text.
func shortened(doc any) (any, bool) {
	b, err := json.Marshal(doc)
	if err != nil || len(b) <= maxResult {
		return doc, false
	}
	if m, ok := doc.(map[string]any); ok {
		if short, ok := withShorterLists(m, len(b)-maxResult); ok {
			return short, true
		}
	}
	return strings.ToValidUTF8(string(b[:maxResult]), ""), true
}

// withShorterLists leaves out so many bytes of JSON from the ends of a
// document's own lists; it reports false where too little would remain of one.
func withShorterLists(doc map[string]any, excess int) (map[string]any, bool) {
	type list struct {
		key   string
		sizes []int // of the elements
		bytes int
	}
	var lists []list
	for key, v := range doc {
		elements, _ := v.([]any)
		l := list{key: key}
		for _, e := range elements {
			b, err := json.Marshal(e)
			if err != nil {
				return nil, false
			}
			l.sizes = append(l.sizes, len(b)+1) // and a comma
			l.bytes += len(b) + 1
		}
		lists = append(lists, l)
	}
	slices.SortFunc(lists, func(a, b list) int { return cmp.Or(b.bytes-a.bytes, strings.Compare(a.key, b.key)) })
	short := maps.Clone(doc)
	for _, l := range lists {
		keep := len(l.sizes)
		for ; excess > 0 && keep > 1; keep-- {
			excess -= l.sizes[keep-1]
		}
		if keep < len(l.sizes) {
			short[l.key] = doc[l.key].([]any)[:keep:keep]
		}
	}
	return short, excess <= 0
}
