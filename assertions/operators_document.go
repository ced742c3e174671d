package assertions

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

func readIs(r *reader, n *schema.Node) func(finding) verdict {
	name, ok := "null", n.Kind == schema.Null && !n.Computed // YAML's null names the type too
	if !ok {
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
			return verdict{why: "; that is " + kindName(f.value) + " and not " + kindName(m.value)}
		}
		d := m.Match(f.value)
		return verdict{holds: len(d) == 0, diff: d}
	}
}

func readPattern(r *reader, n *schema.Node) func(finding) verdict {
	if n.Hole() {
		return nil
	}
	if n.Kind != schema.Map {
		r.wrong(n, "pattern", "an EventBridge event pattern, such as {source: [orders]}")
		return nil
	}
	if isOpen(n) {
		return nil
	}
	var b bytes.Buffer
	writeInOrder(&b, n)
	pattern, err := ParseEventPattern(b.Bytes())
	if err != nil {
		r.p.Add(n.Pos, "pattern: %v", err)
		return nil
	}
	return func(f finding) verdict {
		if _, ok := f.value.(map[string]any); !ok {
			return unfit("pattern takes a mapping, that is %s", kindName(f.value))
		}
		return yes(pattern.Matches(f.value))
	}
}

// writeInOrder writes a node as JSON with its keys in the order of the file,
// which decides between fields of an event pattern that stand there twice.
func writeInOrder(b *bytes.Buffer, n *schema.Node) {
	switch n.Kind {
	case schema.Map:
		b.WriteByte('{')
		for i, e := range n.Entries {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, e.Key)
			b.WriteByte(':')
			writeInOrder(b, e.Value)
		}
		b.WriteByte('}')
	case schema.List:
		b.WriteByte('[')
		for i, x := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			writeInOrder(b, x)
		}
		b.WriteByte(']')
	case schema.Text:
		writeText(b, n.Scalar)
	case schema.Number, schema.Bool:
		b.WriteString(n.Scalar)
	default:
		b.WriteString("null")
	}
}

func writeText(b *bytes.Buffer, s string) {
	text, err := json.Marshal(s)
	if err != nil {
		panic("assertions: text that JSON cannot hold: " + err.Error()) // there is none
	}
	b.Write(text)
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
		_, unmet := inner.Run(doc)
		return verdict{holds: len(unmet) == 0, inner: unmet}
	}
}
