package http

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

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
	if why := notURL(n.Scalar); why != "" {
		p.Add(n.Pos, "%q is not a URL such as https://example.com/orders: %s", n.Scalar, why)
		return
	}
	*u = URL(n.Scalar)
}

// notURL says why text is no absolute http or https URL, "" when it is one.
func notURL(text string) string {
	x, err := url.Parse(text)
	var host string
	if err == nil {
		host = x.Hostname()
	}
	scheme, _, absolute := strings.Cut(text, "://")
	switch {
	case !absolute:
		return "https:// or http:// is missing at its beginning"
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return "it begins with neither https:// nor http://"
	case err != nil && strings.Contains(err.Error(), "invalid port"):
		return "its port is not a number"
	case err != nil:
		return "it has characters that a URL cannot have there"
	case host == "":
		return "its host is missing"
	}
	return ""
}

func (URL) String() string { return "a URL such as https://example.com/orders" }

// EditorSchema describes the parameter to editors.
func (URL) EditorSchema() map[string]any { return map[string]any{"type": "string"} }

// Values are named values as queries and forms have them, each with one value
// or with several.
type Values url.Values

// ReadNode reads a mapping of scalars and lists of scalars.
func (v *Values) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Hole() {
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

// token is the form of methods and of header names (RFC 9110, section 5.6.2).
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// methods are those with a meaning everywhere; others may be meant for one
// application.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}

// checkRequest looks at the method and at the names of headers: what cannot be
// sent is refused, and a method that is probably misspelt is warned of.
func checkRequest(n *schema.Node, p *schema.Problems) {
	if e, given := n.Get("method"); given && !e.Value.Open() {
		switch m := strings.ToUpper(e.Value.Scalar); {
		case !token.MatchString(m):
			p.Add(e.Value.Pos, "%q cannot be a method; write one such as GET or POST", e.Value.Scalar)
		case !slices.Contains(methods, m):
			if near := schema.DidYouMean(m, methods); near != "" {
				p.Warn(e.Value.Pos, "%q is no usual method%s", e.Value.Scalar, near)
			}
		}
	}
	headers, given := n.Get("headers")
	if !given {
		return
	}
	for _, e := range headers.Value.Entries {
		if !token.MatchString(e.Key) {
			p.Add(e.KeyPos, "%q cannot be the name of a header; it has letters, digits and dashes, such as content-type", e.Key)
		}
	}
}

func (Values) String() string { return "a mapping of names to values" }

// EditorSchema describes the parameter to editors.
func (Values) EditorSchema() map[string]any { return map[string]any{"type": "object"} }
