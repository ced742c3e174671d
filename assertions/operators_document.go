package assertions

import (
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

func readIs(r *reader, n *schema.Node) func(finding) verdict {
	name, ok := "null", n.Kind == schema.Null && !n.Computed // YAML's null names the type too
	switch {
	case ok:
	case n.Kind != schema.Text:
		r.wrong(n, "is", "the name of a type", nil)
	default:
		name, ok = r.text(n, "is", "the name of a type")
	}
	if !ok {
		return nil
	}
	test, ok := types[name]
	if !ok {
		hint := schema.DidYouMean(name, typeNames())
		if hint == "" {
			hint = "; known are " + strings.Join(typeNames(), ", ")
		}
		r.p.Add(n.Pos, "unknown type %q%s", name, hint)
		return nil
	}
	return func(f finding) verdict {
		if test(f.value) {
			return yes(true)
		}
		return verdict{why: ", which is " + kindName(f.value)}
	}
}

func readMatch(r *reader, n *schema.Node) func(finding) verdict {
	var m Partial
	m.ReadNode(n, r.p)
	return func(f finding) verdict {
		if kindName(m.value) != kindName(f.value) {
			return verdict{why: "; that is " + kindName(f.value) + " and not " + kindName(m.value) + sayHiddenJSON("match", f.value)}
		}
		d := m.Match(f.value)
		return verdict{holds: len(d) == 0, diff: d}
	}
}

func readPattern(r *reader, n *schema.Node) func(finding) verdict {
	if n.Kind != schema.Map && !n.Open() {
		r.wrong(n, "pattern", "an EventBridge event pattern, such as {source: [orders]}", nil)
		return nil
	}
	var pattern EventPattern
	pattern.ReadNode(n, r.p)
	return func(f finding) verdict {
		if _, ok := f.value.(map[string]any); !ok {
			return unfit("pattern takes a mapping, that is %s%s", kindName(f.value), sayHiddenJSON("pattern", f.value))
		}
		if pattern.Matches(f.value) {
			return yes(true)
		}
		var v verdict
		for _, r := range pattern.Explain(f.value) {
			r.Difference.Message = r.Message
			v.diff = append(v.diff, r.Difference)
		}
		return v
	}
}

func readFilter(r *reader, n *schema.Node) func(finding) verdict {
	if n.Kind == schema.Text && !n.Open() && strings.TrimSpace(n.Scalar) == "" {
		r.p.Add(n.Pos, "filter with empty text checks nothing: it lets every text through")
		return nil
	}
	before := r.p.Errors()
	var text LogFilterText
	text.ReadNode(n, r.p)
	if n.Open() || r.p.Errors() > before {
		return nil
	}
	filter, err := ParseLogFilter(string(text))
	if err != nil {
		return nil // told already
	}
	return func(f finding) verdict {
		s, ok := f.value.(string)
		switch {
		case !ok:
			return unfit("filter takes text, that is %s", kindName(f.value))
		case filter.Matches(s):
			return yes(true)
		}
		return verdict{why: "; " + SayReasons(filter.Explain(s))}
	}
}

// insideJSON runs checks in what a text holds as JSON.
func insideJSON(inner Checks) func(finding) verdict {
	return func(f finding) verdict {
		doc := f.value
		switch v := doc.(type) {
		case string:
			parsed, err := schema.ParseJSON([]byte(v))
			if err != nil {
				return unfit("that text is not JSON")
			}
			doc = parsed
		case map[string]any, []any:
		default:
			return unfit("json takes text or a document, that is %s", kindName(f.value))
		}
		out := inner.run(doc)
		return verdict{holds: len(out.unmet) == 0, unfit: out.unfit(), inner: out.unmet}
	}
}
