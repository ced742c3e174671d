package xray

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/nearest"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

// finding is what a check of a trace finds wrong, and what to write beside which
// segments (by their id) where the trace is drawn.
type finding struct {
	assertions.Mismatch
	marks map[string]string
}

const shownNames = 20 // names and paths that a message lists

func newFinding(check string, expected, found any, format string, args ...any) finding {
	return finding{
		Mismatch: assertions.Mismatch{Path: check, Op: check, Expected: expected, Found: found, Missing: found == nil, Message: check + ": " + fmt.Sprintf(format, args...)},
		marks:    map[string]string{},
	}
}

// without is what every check finds in a trace without a service: none holds there.
func without(check string, expected any) []finding {
	return []finding{newFinding(check, expected, nil, "no service has appeared in the trace")}
}

// checkVisits finds what keeps services of these names from appearing in this
// order. Others may come between; a name that stands twice must appear twice.
func checkVisits(r trace.Result, want []string) []finding {
	if len(r.Services) == 0 {
		return without("visits", want)
	}
	var out []finding
	here := names(r)
	var known []string // those of the wanted names that appear at all
	for i, name := range want {
		switch {
		case slices.Contains(here, name):
			known = append(known, name)
		case !slices.Contains(want[:i], name):
			out = append(out, newFinding("visits", want, first(r.Visited), "%s; visited: %s", unknown(name, here, want), listed(r.Visited, ", ")))
		}
	}
	if f := outOfOrder(r, known); f != nil {
		f.Expected = want
		out = append(out, *f)
	}
	return out
}

// outOfOrder finds the first of the names, all of which appear, that does not
// come behind those before it.
func outOfOrder(r trace.Result, want []string) *finding {
	next, last := 0, -1
	for i, name := range want {
		at := slices.IndexFunc(r.Services[next:], func(s trace.Service) bool { return s.Name == name })
		if at >= 0 {
			last = next + at
			next = last + 1
			continue
		}
		// The name appears, so that something has been found before it.
		before := r.Services[last]
		where, instead := "behind "+before.Name, "and comes before it"
		if n := count(want[:i+1], name); n > 1 {
			where, instead = "once more behind "+before.Name, fmt.Sprintf("so %d times in all, and does not", n)
		}
		f := newFinding("visits", want, first(r.Visited), "%s should come %s, %s; visited: %s", name, where, instead, listed(r.Visited, ", "))
		for _, s := range r.Services[:last] {
			if s.Name == name && !slices.Contains(want[:i], name) {
				f.marks[s.ID] = "← visits: comes before " + before.Name
			}
		}
		f.marks[before.ID] = "← visits: " + name + " should come behind it"
		return &f
	}
	return nil
}

// checkOnly finds the services whose names are not among these.
func checkOnly(r trace.Result, allowed []string) []finding {
	if len(r.Services) == 0 {
		return without("only", allowed)
	}
	var out []finding
	places := map[string]int{} // in out, by the name
	chains, _ := chainsTo(r)
	for i, s := range r.Services {
		if slices.Contains(allowed, s.Name) {
			continue
		}
		at, ok := places[s.Name]
		if !ok {
			at = len(out)
			places[s.Name] = at
			where := "as a root of the tree"
			if len(chains[i]) > 1 {
				where = "at " + chainText(chains[i])
			}
			out = append(out, newFinding("only", allowed, s.Name, "%s appears %s and is not among the names that may (%s)", s.Name, where, listed(allowed, ", ")))
		}
		out[at].marks[s.ID] = "← only: may not appear"
	}
	absent := except(allowed, names(r))
	for name, i := range places {
		if n := len(out[i].marks); n > 1 {
			out[i].Message += fmt.Sprintf(" (%d times)", n)
		}
		if near := nearest.Name(name, absent); near != "" {
			out[i].Message += fmt.Sprintf("; %s is: is it the same?", near)
		}
	}
	return out
}

// checkNoErrors finds the segments and subsegments that went wrong.
func checkNoErrors(r trace.Result) []finding {
	if len(r.Services) == 0 {
		return without("no_errors", true)
	}
	if len(r.Errors) == 0 {
		return nil
	}
	var said []string
	marks := map[string]string{}
	for _, e := range r.Errors {
		said = append(said, failureText(e))
		marks[e.ID] = "← no_errors"
	}
	what := "1 segment or subsegment has an error"
	if n := len(r.Errors); n > 1 {
		what = strconv.Itoa(n) + " segments and subsegments have errors"
	}
	f := newFinding("no_errors", true, first(said), "%s: %s", what, listed(said, "; "))
	f.marks = marks
	return []finding{f}
}

// failureText tells of an error in a few words.
func failureText(e trace.Failure) string {
	text := e.Name
	if e.Service != "" && e.Service != e.Name {
		text = e.Service + ", in " + e.Name
	}
	text += " (" + e.Marks() + ")"
	if why := e.Why(); why != "" {
		text += ": " + why
	}
	return text
}

// unknown says that no service has a name, and which was probably meant: none of
// those that are asked for as well.
func unknown(name string, here, asked []string) string {
	text := "no service is called " + name
	if near := nearest.Name(name, except(here, asked)); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return text
}

// names are those of the services, each once.
func names(r trace.Result) []string {
	var out []string
	for _, s := range r.Services {
		if !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

// except is a list without what stands in another.
func except(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return slices.Contains(others, x) })
}

func count(list []string, name string) int {
	n := 0
	for _, x := range list {
		if x == name {
			n++
		}
	}
	return n
}

// first are those of a list that a message has room for.
func first(list []string) []string { return list[:min(len(list), shownNames)] }

// listed writes the first of a list's texts.
func listed(list []string, between string) string {
	if len(list) == 0 {
		return "none"
	}
	text := strings.Join(first(list), between)
	if more := len(list) - shownNames; more > 0 {
		text += fmt.Sprintf("%sand %d more", between, more)
	}
	return text
}
