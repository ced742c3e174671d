package runner

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sort"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/schema"
)

// hidden is what stands where a secret was.
const hidden = "***"

// minSecret is how long a value must be to be hidden: shorter ones would tear
// holes into everything.
const minSecret = 6

// masker hides values wherever they stand, also as URLs, base64 and JSON write them.
type masker struct {
	forms []string // every form of every secret, the longest first
	known map[string]bool
}

func newMasker() *masker { return &masker{known: map[string]bool{}} }

// hide takes a document: every text in it, and every line of longer ones.
func (m *masker) hide(v any) {
	switch x := v.(type) {
	case string:
		m.hideText(x)
		if doc, ok := schema.ParseText(x).(map[string]any); ok {
			m.hide(doc)
		}
	case json.Number:
		m.hideText(x.String())
	case []any:
		for _, e := range x {
			m.hide(e)
		}
	case map[string]any:
		for _, e := range x {
			m.hide(e)
		}
	}
}

func (m *masker) hideText(s string) {
	for _, line := range append(strings.Split(s, "\n"), s) {
		line = strings.TrimSpace(line)
		if len(line) < minSecret {
			continue
		}
		quoted, _ := json.Marshal(line)
		for _, form := range []string{
			line, url.QueryEscape(line), url.PathEscape(line), strings.Trim(string(quoted), `"`),
			base64.StdEncoding.EncodeToString([]byte(line)), base64.RawURLEncoding.EncodeToString([]byte(line)),
		} {
			if !m.known[form] {
				m.known[form] = true
				m.forms = append(m.forms, form)
			}
		}
	}
	sort.Slice(m.forms, func(i, j int) bool { return len(m.forms[i]) > len(m.forms[j]) })
}

// apply gives the event without any secret.
func (m *masker) apply(e event.Event) event.Event {
	if len(m.forms) == 0 {
		return e
	}
	b, err := json.Marshal(e)
	if err != nil || !m.in(b) {
		return e
	}
	doc, err := schema.ParseJSON(b)
	if err != nil {
		return e
	}
	b, err = json.Marshal(m.clean(doc))
	if err == nil {
		var clean event.Event
		if err = json.Unmarshal(b, &clean); err == nil {
			return clean
		}
	}
	e.Body = &event.Note{Level: "warning", Text: "an event is left out, because a secret in it could not be hidden"}
	e.Type = event.Message
	return e
}

// in says whether a secret stands in the JSON as it is, or as JSON escapes it.
func (m *masker) in(b []byte) bool {
	for _, f := range m.forms {
		if bytes.Contains(b, []byte(f)) {
			return true
		}
	}
	return false
}

func (m *masker) clean(v any) any {
	switch x := v.(type) {
	case string:
		for _, f := range m.forms {
			x = strings.ReplaceAll(x, f, hidden)
		}
		return x
	case json.Number:
		if m.known[x.String()] {
			return hidden
		}
	case []any:
		for i := range x {
			x[i] = m.clean(x[i])
		}
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[m.clean(k).(string)] = m.clean(e)
		}
		return out
	}
	return v
}
