package http

import (
	"net/url"

	"github.com/rehearse-dev/rehearse/schema"
)

// URL is an absolute http or https URL.
type URL string

// ReadNode reads the URL.
func (u *URL) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	if n.Kind != schema.Text {
		p.Add(n.Pos, "expected a URL such as https://example.com/orders, found %s", n.Kind)
		return
	}
	x, err := url.Parse(n.Scalar)
	if err != nil || x.Host == "" || x.Scheme != "http" && x.Scheme != "https" {
		p.Add(n.Pos, "%q is not an absolute URL such as https://example.com/orders", n.Scalar)
		return
	}
	*u = URL(n.Scalar)
}

func (URL) String() string { return "a URL such as https://example.com/orders" }

// EditorSchema describes the parameter to editors.
func (URL) EditorSchema() map[string]any { return map[string]any{"type": "string"} }

// Values are named values as queries and forms have them, each with one value
// or with several.
type Values url.Values

// ReadNode reads a mapping of scalars and lists of scalars.
func (v *Values) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	if n.Kind != schema.Map {
		p.Add(n.Pos, "expected a mapping of names to values, found %s", n.Kind)
		return
	}
	*v = Values{}
	for _, e := range n.Entries {
		items := []*schema.Node{e.Value}
		if e.Value.Kind == schema.List {
			items = e.Value.Items
		}
		for _, x := range items {
			switch x.Kind {
			case schema.Text, schema.Number, schema.Bool:
				(*v)[e.Key] = append((*v)[e.Key], x.Scalar)
			default:
				p.Add(x.Pos, "%q takes text, a number, true or false, or a list of them; found %s", e.Key, x.Kind)
			}
		}
	}
}

func (Values) String() string { return "a mapping of names to values" }

// EditorSchema describes the parameter to editors.
func (Values) EditorSchema() map[string]any { return map[string]any{"type": "object"} }
