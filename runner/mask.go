package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/schema"
)

// hidden is what stands where a secret was.
const hidden = "***"

// minSecret is how many characters a value must have to be hidden: shorter
// ones would tear holes into everything.
const minSecret = 6

// masker hides values wherever they stand, also as URLs, base64, JSON, Go and
// XML write them. It is not safe for concurrent use.
type masker struct {
	index index
	whole map[string]bool // the texts that were hidden
	lines map[string]bool // each of their lines, and what they are without blanks around
	names map[string]map[string]string
	taken map[string]map[string]bool
}

func newMasker() *masker {
	return &masker{whole: map[string]bool{}, lines: map[string]bool{}, names: map[string]map[string]string{}, taken: map[string]map[string]bool{}}
}

// Hiding gives a function that hides values in text as the stream of events
// does, and with them what text itself shows to be a secret: the password of a
// URL, a presigned signature. It is not safe for concurrent use.
func Hiding(values ...any) func(string) string {
	m := newMasker()
	for _, v := range values {
		m.hide(v)
	}
	return func(s string) string {
		inText(s, m.hideText)
		return m.text(s)
	}
}

// hide takes a document: every text and number in it, and every line of longer texts.
func (m *masker) hide(v any) {
	switch x := v.(type) {
	case nil, bool:
	case string:
		if m.whole[x] {
			return // every case hides the same vars again
		}
		m.whole[x] = true
		m.hideText(x)
		switch doc := schema.ParseText(x).(type) {
		case map[string]any, []any:
			m.hide(doc)
		case string:
			if doc != x { // a JSON text in quotes
				m.hide(doc)
			}
		}
	case []any:
		for _, e := range x {
			m.hide(e)
		}
	case map[string]any:
		for _, e := range x {
			m.hide(e)
		}
	default:
		if doc, ok := plain(x); ok {
			m.hide(doc)
		} else {
			m.hideText(fmt.Sprint(x))
		}
	}
}

// plain gives a value of any Go type as the document that its JSON is; false
// for numbers, which are none.
func plain(v any) (any, bool) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	doc, err := schema.ParseJSON(b)
	if _, number := doc.(json.Number); err != nil || number {
		return nil, false
	}
	return doc, true
}

func (m *masker) hideText(s string) {
	for _, line := range append(strings.Split(s, "\n"), s) {
		line = strings.TrimSpace(line)
		if m.lines[line] || utf8.RuneCountInString(line) < minSecret {
			continue
		}
		m.lines[line] = true
		for _, form := range forms(line) {
			m.index.add(form)
		}
	}
}

// text gives a text without any secret. Hiding one may bring forth another
// that has asterisks in it, so it looks again.
func (m *masker) text(s string) string {
	for len(s) >= minSecret && !m.index.empty() {
		spans := m.spans(s)
		if len(spans) == 0 {
			break
		}
		s = covered(s, spans)
	}
	return s
}

// covered puts asterisks in the place of spans. Those that overlap or touch
// become one, so that no rest of a secret stands between them.
func covered(s string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for i := 0; i < len(spans); {
		from, to := spans[i].from, spans[i].to
		for i++; i < len(spans) && spans[i].from <= to; i++ {
			to = max(to, spans[i].to)
		}
		b.WriteString(s[at:from])
		b.WriteString(hidden)
		at = to
	}
	b.WriteString(s[at:])
	return b.String()
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// spans finds the secrets in a text, as it is and in everything it may be an
// escaped form of.
func (m *masker) spans(s string) []span {
	found := m.inView(s)
	for _, v := range views(s) {
		for _, x := range m.inView(v.text) {
			found = append(found, v.origin(x))
		}
	}
	return found
}

func (m *masker) inView(s string) []span { return append(m.index.find(s), m.pieces(s)...) }

// ellipsis stands where a message leaves out a part of a text.
const ellipsis = "…"

// pieces finds what is left of a secret whose beginning a message cut off:
// behind an ellipsis, up to the secret's end or the next one.
func (m *masker) pieces(s string) []span {
	var found []span
	for from := 0; ; {
		i := strings.Index(s[from:], ellipsis)
		if i < 0 {
			return found
		}
		from += i + len(ellipsis)
		at := from + len(s[from:]) - len(strings.TrimLeft(s[from:], `"' `))
		if n := m.piece(s[at:]); n > 0 {
			found = append(found, span{at, at + n})
		}
	}
}

// piece is how many bytes at the beginning of a text are the rest of a secret.
func (m *masker) piece(s string) int {
	if len(s) < minSecret {
		return 0
	}
	longest := 0
	for line := range m.lines {
		for rest := line; ; {
			i := strings.Index(rest, s[:minSecret])
			if i < 0 {
				break
			}
			rest = rest[i:]
			n := common(rest, s)
			if n < len(rest) {
				n = cut(s, n)
			}
			longest = max(longest, n)
			rest = rest[1:]
		}
	}
	return longest
}

// cut is n when the text was cut there: an ellipsis follows. Otherwise it is 0.
func cut(s string, n int) int {
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n-- // the ellipsis begins like another sign of the secret
	}
	if strings.HasPrefix(strings.TrimLeft(s[n:], `"' `), ellipsis) {
		return n
	}
	return 0
}

// common is how many bytes two texts have in common at their beginning.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
