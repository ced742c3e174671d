package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxLogWildcards is how many selectors of a pattern may have a wildcard, each
// of them one (quotas of the JSON form).
const maxLogWildcards = 3

// logSelector is the way from an object to its values.
type logSelector struct {
	say   string
	steps []any // names, indexes, and at most one logWildcard
	wild  bool
}

// logWildcard stands for every field of an object, or every element of a list.
type logWildcard struct{ elements bool }

// selector reads $.name, $.['name'], $.*, each with more of them, [0] or [*] behind it.
func (p *logScanner) selector() (logSelector, error) {
	from := p.at
	p.at++ // $
	var s logSelector
	for {
		var err error
		switch rest := p.rest(); {
		case strings.HasPrefix(rest, "."):
			err = p.selectorField(&s, from)
		case strings.HasPrefix(rest, "["):
			err = p.selectorElement(&s, from)
		case len(s.steps) == 0:
			if name := p.word(); name != "" && !strings.HasPrefix(rest, " ") {
				return s, p.wrong(from, "a field begins with $.: write $.%s", name)
			}
			return s, p.wrong(from, "$ alone names no field; write one behind it, such as $.level")
		default:
			s.say = p.source[from:p.at]
			return s, nil
		}
		if err != nil {
			return s, err
		}
	}
}

// selectorField reads .name, .['name'] or .*, which comes next.
func (p *logScanner) selectorField(s *logSelector, from int) error {
	dot := p.at
	p.at++
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, "*"):
		p.at++
		return p.wildcard(s, from, logWildcard{})
	case strings.HasPrefix(rest, "["):
		return p.selectorQuoted(s)
	case strings.HasPrefix(rest, "."):
		return p.wrong(dot, "between two dots stands no name")
	}
	at := p.at
	name := p.run(func(r rune) bool { return r == '-' || isTermRune(r) })
	odd := p.run(func(r rune) bool { return !strings.ContainsRune(logSpace+".[]=!<>&|(){},", r) })
	if after, ok := strings.CutPrefix(odd, ":"); ok && (after == "" || after[0] == '"') { // comparison refuses it
		p.at, odd = at+len(name), ""
	}
	switch {
	case odd != "":
		whole := strings.Trim(name+odd, `"'*`)
		if strings.ContainsAny(odd, "*") {
			return p.wrong(at, "a * in a selector stands alone, as in $.* or $.users[*]")
		}
		return p.wrong(at, "a name of other characters than letters, digits, - and _ stands in brackets and single quotes: .['%s']", whole)
	case name == "":
		return p.wrong(dot, "behind this dot the name of a field is missing")
	}
	s.steps = append(s.steps, name)
	return nil
}

// selectorQuoted reads ['name'], which comes next behind a dot.
func (p *logScanner) selectorQuoted(s *logSelector) error {
	at := p.at
	rest := p.rest()
	if !strings.HasPrefix(rest, "['") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(rest, `["`), `"]`); ok && strings.HasPrefix(rest, `["`) {
			return p.wrong(at, "a name in brackets stands in single quotes: ['%s']", name)
		}
		if len(rest) > 1 && (rest[1] >= '0' && rest[1] <= '9' || rest[1] == '*') {
			return p.wrong(at-1, "brackets of an element follow the name of the list at once, without a dot, as in $.users[0]")
		}
		return p.wrong(at, "a name in brackets stands in single quotes, as in ['cluster.name']")
	}
	name, _, ok := strings.Cut(rest[2:], "']")
	switch {
	case !ok:
		return p.wrong(at, "these brackets are never closed: '] is missing behind the name")
	case name == "":
		return p.wrong(at, "between these quotes stands no name")
	case strings.ContainsAny(name, `'"\*`):
		return p.wrong(at, `the documentation does not say how quotes, \ and * are written in a name; look at this field with where or a check`)
	}
	p.at += len("['" + name + "']")
	s.steps = append(s.steps, name)
	return nil
}

// selectorElement reads [0] or [*], which comes next.
func (p *logScanner) selectorElement(s *logSelector, from int) error {
	at := p.at
	body, _, closed := strings.Cut(p.rest()[1:], "]")
	i, err := strconv.ParseUint(body, 10, 31)
	switch {
	case strings.HasPrefix(body, "'") || strings.HasPrefix(body, `"`):
		return p.wrong(at, "a dot stands before a name in brackets: .['%s']", strings.Trim(body, `'"`))
	case !closed:
		return p.wrong(at, "this [ is never closed")
	case len(s.steps) == 0:
		return p.wrong(at, "brackets of an element follow the name of a list, as in $.users[0]")
	case body == "*":
		p.at += len("[*]")
		return p.wildcard(s, from, logWildcard{elements: true})
	case err != nil:
		return p.wrong(at, "within brackets stands the number of an element, counted from 0, or *; found %s", showShort(body))
	}
	p.at += len(body) + 2
	s.steps = append(s.steps, int(i))
	return nil
}

func (p *logScanner) wildcard(s *logSelector, from int, w logWildcard) error {
	if s.wild {
		return p.wrong(from, "a selector has at most one *")
	}
	if p.wildcards++; p.wildcards > maxLogWildcards {
		return p.wrong(from, "a filter pattern has at most %d selectors with *", maxLogWildcards)
	}
	s.steps, s.wild = append(s.steps, w), true
	return nil
}

// values gives what the selector lands on: nothing or one value, with a
// wildcard any number of them.
func (s logSelector) values(doc any) []any {
	at := []any{doc}
	for _, step := range s.steps {
		var next []any
		for _, v := range at {
			next = append(next, stepInto(v, step)...)
		}
		at = next
	}
	return at
}

func stepInto(v, step any) []any {
	switch v := v.(type) {
	case map[string]any:
		switch step := step.(type) {
		case string:
			if e, ok := v[step]; ok {
				return []any{e}
			}
		case logWildcard:
			if step.elements {
				return nil
			}
			var all []any
			for _, k := range slices.Sorted(maps.Keys(v)) {
				all = append(all, v[k])
			}
			return all
		}
	case []any:
		switch step := step.(type) {
		case int:
			if step < len(v) {
				return v[step : step+1]
			}
		case logWildcard:
			if step.elements {
				return v
			}
		}
	}
	return nil
}

// sayLost says where the way ends for want of a field or element, and what is there.
func (s logSelector) sayLost(doc any) string {
	way := "$"
	for _, step := range s.steps {
		if len(stepInto(doc, step)) > 0 {
			if _, wild := step.(logWildcard); wild {
				return ""
			}
			doc = stepInto(doc, step)[0]
			way += sayStep(step)
			continue
		}
		switch v := doc.(type) {
		case map[string]any:
			name, ok := step.(string)
			if !ok {
				return fmt.Sprintf("; %s is a mapping", way)
			}
			names := slices.Collect(maps.Keys(v))
			return fmt.Sprintf("; the fields of %s: %s%s", way, schema.KnownNames(names), schema.DidYouMean(name, names))
		case []any:
			if _, ok := step.(string); ok {
				return fmt.Sprintf("; %s is a list, so name an element, such as %s[0]", way, way)
			}
			return fmt.Sprintf("; %s is a list of %d", way, len(v))
		}
		return fmt.Sprintf("; %s is %s", way, showTyped(doc))
	}
	return ""
}

func sayStep(step any) string {
	switch step := step.(type) {
	case string:
		if strings.IndexFunc(step, func(r rune) bool { return r != '-' && !isTermRune(r) }) >= 0 {
			return ".['" + step + "']"
		}
		return "." + step
	case int:
		return fmt.Sprintf("[%d]", step)
	}
	return ""
}
