package eventbridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Document is a JSON object, written as a document or as JSON text. The order
// of its keys is kept: in event patterns it counts.
type Document struct{ Text string }

// ReadNode reads the object; with open holes it only looks at its kind.
func (d *Document) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
	case n.Kind == schema.Map:
		if !n.AnyOpen() {
			d.Text = jsonText(n)
		}
	case n.Kind == schema.Text && n.Open():
	case n.Kind == schema.Text:
		v, err := schema.ParseJSON([]byte(n.Scalar))
		if _, ok := v.(map[string]any); err != nil || !ok {
			p.Add(n.Pos, "expected a JSON object, as a document or as text; this text is none")
			return
		}
		d.Text = n.Scalar
	default:
		p.Add(n.Pos, "expected a JSON object, as a document or as text, found %s", n.Kind)
	}
}

func (Document) String() string { return "a JSON object" }

// EditorSchema describes the parameter to editors.
func (Document) EditorSchema() map[string]any {
	return map[string]any{"type": []string{"object", "string"}}
}

// Pattern is an EventBridge event pattern.
type Pattern struct{ Document }

// ReadNode reads the pattern and refuses what EventBridge would refuse, and
// fields that no event has: nothing would ever match them.
func (e *Pattern) ReadNode(n *schema.Node, p *schema.Problems) {
	before := p.Errors()
	if e.Document.ReadNode(n, p); p.Errors() > before {
		return
	}
	var pattern assertions.EventPattern
	pattern.ReadNode(n, p)
	eventFields.CheckPattern(n, p)
}

// eventFields are what an event on a bus has; its detail is the application's.
var eventFields = steps.Selection{
	Noun: "an event",
	Text: []string{"version", "id", "detail-type", "source", "account", "time", "region", "replay-name"},
	Free: []string{"resources", "detail"},
}

func (Pattern) String() string { return "an EventBridge event pattern" }

// EditorSchema describes the parameter to editors.
func (Pattern) EditorSchema() map[string]any { return assertions.EventPattern{}.EditorSchema() }

// Yes is a parameter whose only value is true: leaving it out is the other.
type Yes bool

// ReadNode takes true.
func (y *Yes) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
	case n.Kind != schema.Bool:
		p.Add(n.Pos, "expected true, found %s", n.Kind)
	case n.Scalar != "true":
		p.Add(n.Pos, "false asks for nothing; leave the parameter out")
	default:
		*y = true
	}
}

func (Yes) String() string { return "true" }

// EditorSchema describes the parameter to editors.
func (Yes) EditorSchema() map[string]any { return schema.OrExpression(map[string]any{"const": true}) }

// Time is a moment, written as RFC 3339 has it.
type Time struct{ time.Time }

// ReadNode reads the moment.
func (t *Time) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, n.Scalar)
	if n.Kind != schema.Text || err != nil {
		p.Add(n.Pos, "expected a time such as 2026-01-31T12:00:00Z, found %s", shown(n))
		return
	}
	t.Time = at
}

func (Time) String() string { return "a time such as 2026-01-31T12:00:00Z" }

// EditorSchema describes the parameter to editors.
func (Time) EditorSchema() map[string]any {
	return map[string]any{"type": "string", "format": "date-time"}
}

func shown(n *schema.Node) string {
	if n.Kind == schema.Text {
		return fmt.Sprintf("%q", n.Scalar)
	}
	return n.Kind.String()
}

// jsonText writes a node as JSON, its keys in the order in which they stand.
func jsonText(n *schema.Node) string {
	var b strings.Builder
	writeJSON(&b, n)
	return b.String()
}

func writeJSON(b *strings.Builder, n *schema.Node) {
	switch n.Kind {
	case schema.Null:
		b.WriteString("null")
	case schema.Bool, schema.Number:
		b.WriteString(n.Scalar)
	case schema.Text:
		b.WriteString(quoted(n.Scalar))
	case schema.List:
		b.WriteByte('[')
		for i, x := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, x)
		}
		b.WriteByte(']')
	case schema.Map:
		b.WriteByte('{')
		for i, e := range n.Entries {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quoted(e.Key))
			b.WriteByte(':')
			writeJSON(b, e.Value)
		}
		b.WriteByte('}')
	}
}

func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // text always has a JSON form, and a buffer takes everything
	return strings.TrimSuffix(b.String(), "\n")
}
