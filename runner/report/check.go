package report

import (
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// describeChecks tells what does not hold.
func describeChecks(p *page, checks []event.Check, d detail) {
	wrongs, missing := notHolding(checks, d.value > 0)
	for _, c := range wrongs {
		describeCheck(p, c, d)
	}
	if text := nothingAt(missing); text != "" {
		p.add(3, span{wrong, "✗ "}, span{plain, cut(text, 2*d.value)})
	}
}

// notHolding gives the checks that do not hold. Where a step found something
// wrong and, for that reason, nothing at several other paths, a brief reader
// is told of those together.
func notHolding(checks []event.Check, brief bool) (wrongs, missing []event.Check) {
	for _, c := range checks {
		switch {
		case c.OK:
		case c.Missing && brief:
			missing = append(missing, c)
		default:
			wrongs = append(wrongs, c)
		}
	}
	if len(wrongs) == 0 || len(missing) < 2 {
		return append(wrongs, missing...), nil
	}
	return wrongs, missing
}

func nothingAt(missing []event.Check) string {
	if len(missing) == 0 {
		return ""
	}
	var paths []string
	for _, c := range missing {
		paths = append(paths, oneLine(c.Path))
	}
	return "nothing was found at " + strings.Join(paths, ", ")
}

// describeCheck says each thing once: a message that stands alone is not
// repeated as values, unless it shortens them.
func describeCheck(p *page, c event.Check, d detail) {
	want, got := render(c.Expected), found(c)
	subject, rest := saying(c)
	head := []span{{wrong, "✗ "}, {strong, subject}}
	if len(c.Diff) > 0 || rest == "" {
		p.add(3, append(head, span{plain, " " + oneLine(asked(c))})...)
	} else {
		p.add(3, append(head, span{plain, oneLine(cut(rest, 4*d.value))})...)
	}
	said := strings.HasPrefix(rest, ": ") && strings.Contains(rest, want) && (c.Found == nil || strings.Contains(rest, got))
	pathless := c.Path == "" && c.Expected == nil && c.Found == nil
	if !said && !pathless && (len(c.Diff) == 0 || d.value == 0) {
		want, got = cutPair(want, got, d.value)
		p.add(4, span{faint, "expected  "}, span{good, want})
		p.add(4, span{faint, "found     "}, span{wrong, got})
	}
	describeDiff(p, 4, c.Diff, d)
}

// saying splits a check's message into what it is about, the path where there
// is one, and the rest of the sentence; rest is empty without a message.
func saying(c event.Check) (subject, rest string) {
	subject = oneLine(c.Path)
	sentence, alone := strings.CutPrefix(c.Message, c.Path+": ")
	switch {
	case c.Message == "":
		return subject, ""
	case c.Path == "":
		return "", c.Message
	case alone:
		return subject, ": " + sentence
	}
	return subject, " " + c.Op + ": " + c.Message
}

// asked is the operator, and of a schema that is kept elsewhere which one it is.
func asked(c event.Check) string {
	_, rest := saying(c)
	if which, ok := strings.CutPrefix(rest, ": expected schema "); ok && c.Op == "schema" {
		which, _, _ = strings.Cut(which, ", found ")
		return c.Op + " " + which
	}
	return c.Op
}

func found(c event.Check) string {
	if c.Missing {
		return "nothing there"
	}
	return render(c.Found)
}

func describeDiff(p *page, depth int, diff []event.Difference, d detail) {
	for i, x := range diff {
		if d.diffs > 0 && i == d.diffs && len(diff) > d.diffs {
			p.add(depth, span{faint, fmt.Sprintf("and %d more differing fields", len(diff)-i)})
			return
		}
		p.add(depth, differs(x, d)...)
	}
}

// differs tells in one line how a field differs.
func differs(x event.Difference, d detail) []span {
	want, got := cutPair(render(x.Expected), render(x.Found), d.value)
	path := span{strong, oneLine(x.Path)}
	if x.Message != "" {
		if rest, ok := strings.CutPrefix(x.Message, x.Path); ok {
			return []span{path, {plain, oneLine(cut(rest, 4*d.value))}}
		}
		return []span{{plain, oneLine(cut(x.Message, 4*d.value))}}
	}
	switch x.Kind {
	case "missing":
		return []span{path, {plain, "  is missing, expected "}, {good, want}}
	case "extra":
		return []span{path, {plain, "  was not expected, found "}, {wrong, got}}
	case "type":
		return []span{path, {plain, "  expected "}, {good, want + " (" + typeOf(x.Expected) + ")"}, {plain, ", found "}, {wrong, got + " (" + typeOf(x.Found) + ")"}}
	}
	return []span{path, {plain, "  expected "}, {good, want}, {plain, ", found "}, {wrong, got}}
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	}
	return "number"
}
