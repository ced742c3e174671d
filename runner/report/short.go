package report

import (
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// short says why an attempt did not pass, a line for each step: what a list or
// a message has room for.
func short(c *Case, a *Attempt, reason string) string {
	var lines []string
	if reason != "" {
		lines = append(lines, inOneLine(reason))
	}
	for _, s := range a.broken() {
		lines = append(lines, label(s)+" ("+position(c, s)+"): "+shortStep(s.Finish))
	}
	if len(lines) == 0 {
		lines = append(lines, "ended without saying why")
	}
	return cut(strings.Join(lines, "\n"), messageSize)
}

// messageSize bounds a message, in characters; the text beside it is whole.
const messageSize = 8000

// shortest is one line: the reason, or what the first step says of itself.
func shortest(a *Attempt, reason string) string {
	broken := a.broken()
	switch {
	case reason != "" || len(broken) == 0:
		return cut(inOneLine(reason), brief.value)
	}
	return label(broken[0]) + ": " + cut(shortStep(broken[0].Finish), brief.value)
}

// inOneLine writes what is said in several lines, such as all problems of one
// file, one after the other.
func inOneLine(said string) string {
	var b strings.Builder
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case b.Len() > 0 && strings.HasSuffix(b.String(), ":"):
			b.WriteString(" ")
		case b.Len() > 0:
			b.WriteString("; ")
		}
		b.WriteString(line)
	}
	return oneLine(b.String())
}

func shortStep(f *event.StepFinish) string {
	var parts []string
	add := func(s string) {
		if s = oneLine(s); s != "" {
			parts = append(parts, s)
		}
	}
	add(inOneLine(f.Summary))
	wrongs, missing := notHolding(f.Checks, true)
	for _, c := range wrongs {
		add(shortCheck(c))
	}
	add(nothingAt(missing))
	add(lateness(f))
	add(shortMisses(f))
	add(cut(errorOf(f), 4*hint.value))
	if len(parts) == 0 {
		return "ended as " + string(f.Status) + " without saying why"
	}
	return strings.Join(parts, "; ")
}

func shortMisses(f *event.StepFinish) string {
	if f.Arrived == nil && len(f.Misses) == 0 {
		return ""
	}
	text := arrived(f)
	if len(f.Misses) > 0 {
		text += ", the nearest: " + cut(f.Misses[0].Summary, 2*hint.value)
		if d := f.Misses[0].Diff; len(d) > 0 {
			text += " (" + shortDiff(d) + ")"
		}
	}
	return text
}

func shortDiff(diff []event.Difference) string {
	p := &page{}
	describeDiff(p, 0, diff, hint)
	return strings.ReplaceAll(strings.TrimSpace(p.String()), "\n", ", ")
}

func shortCheck(c event.Check) string {
	subject, rest := saying(c)
	switch {
	case len(c.Diff) > 0:
		return subject + " " + asked(c) + ": " + shortDiff(c.Diff)
	case rest != "" && (c.Path == "" || strings.HasPrefix(rest, ": ")):
		return subject + cut(rest, 4*hint.value)
	case rest != "":
		subject += cut(rest, 4*hint.value)
	default:
		subject += " " + c.Op
	}
	want, got := cutPair(render(c.Expected), found(c), hint.value)
	return subject + ": expected " + want + ", found " + got
}

// shortCleanup is a clean-up's failure in a few lines.
func shortCleanup(c *Case, failed *cleanup) string {
	p := &page{}
	describeCleanup(p, c, &cleanup{resources: failed.resources, left: failed.left}, hint)
	var lines []string
	for _, s := range failed.steps {
		lines = append(lines, label(s)+" ("+position(c, s)+"): "+shortStep(s.Finish))
	}
	if len(failed.resources)+len(failed.left) > 0 || len(lines) == 0 {
		for l := range strings.Lines(p.String()) {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	return strings.Join(lines, "\n")
}
