package mock

import (
	"cmp"
	"math"
	"strings"
	"unicode/utf8"
)

// limits are a lower and an upper limit of a length, and the schemas that set them.
type limits struct {
	low, high     int
	lowAt, highAt string
}

// limitsOf finds the narrowest limits.
func limitsOf(flat []node, lowWord, highWord string) limits {
	l := limits{high: unlimited}
	for _, n := range flat {
		if v, ok := count(n.object()[lowWord]); ok && v > l.low {
			l.low, l.lowAt = v, n.at
		}
		if v, ok := count(n.object()[highWord]); ok && v < l.high {
			l.high, l.highAt = v, n.at
		}
	}
	return l
}

func count(v any) (int, bool) {
	r, _, ok := rat(v)
	if !ok {
		return 0, false
	}
	f, _ := r.Float64()
	return int(math.Min(f, unlimited)), true
}

// maxLength is the longest text that is made, in characters. An event may have
// 1 MB. Source: EventBridge quotas.
const maxLength = 1 << 20

// maxTexts is how long the texts that one Make tries may be together, as far as
// minLength asks for it: some events, each made several times.
const maxTexts = 16 * maxLength

// text makes a text.
func (m *maker) text(p place, flat []node) (any, error) {
	l := limitsOf(flat, "minLength", "maxLength")
	switch {
	case l.low > l.high:
		return nil, m.never(p, cmp.Or(l.highAt, l.lowAt), "minLength %d is above maxLength %d", l.low, l.high)
	case l.low > maxLength:
		return nil, m.missed(p, l.lowAt, "minLength %d is more than an event can hold", l.low)
	}
	if m.size += l.low; m.size > maxTexts {
		e := m.missed(p, l.lowAt, "with minLength %d here, the texts are together longer than an event can hold", l.low)
		e.spent = true
		return nil, e
	}
	patterns, at, err := m.patternsOf(p, flat)
	if err != nil {
		return nil, err
	}
	var formats []string
	for _, n := range flat {
		if f, ok := n.object()["format"].(string); ok {
			formats = append(formats, f)
		}
		if n.object()["contentEncoding"] == "base64" {
			formats = append(formats, "byte")
		}
	}
	good := func(s string) bool {
		if n := utf8.RuneCountInString(s); n < l.low || n > l.high || !utf8.ValidString(s) || contains(p.avoid, s) {
			return false
		}
		for _, q := range patterns {
			if !q.MatchString(s) {
				return false
			}
		}
		for _, f := range formats {
			if !hasFormat(f, s) {
				return false
			}
		}
		return true
	}
	if s, ok := m.formatted(formats, l, good); ok {
		return s, nil
	}
	for _, i := range m.rand.Perm(len(patterns)) {
		if s, ok := patterns[i].text(m.rand, l.low, l.high, m.spend, good); ok {
			return s, nil
		}
	}
	if s := m.named(p.path, l); len(patterns) == 0 && good(s) {
		return s, nil
	}
	if err := m.spend(); err != nil {
		return nil, err
	}
	return nil, m.noText(p, flat, patterns, at, formats, l)
}

// patternsOf are the patterns that a text must match, and where they stand.
func (m *maker) patternsOf(p place, flat []node) (all []*pattern, at []string, err error) {
	m.schema.mu.Lock()
	defer m.schema.mu.Unlock()
	for _, n := range flat {
		source, ok := n.object()["pattern"].(string)
		if !ok {
			continue
		}
		q := m.schema.pattern(source)
		if q.why != "" {
			return nil, nil, m.missed(p, n.at, "the pattern %s cannot be read: %s", show(source), q.why)
		}
		all, at = append(all, q), append(at, n.at)
	}
	return all, at, nil
}

// formatted makes a text in the formats that are asked for.
func (m *maker) formatted(formats []string, l limits, good func(string) bool) (string, bool) {
	for _, f := range formats {
		bare, ok := formatText(f, m.o.Now, m.rand.IntN, "")
		if !ok {
			continue
		}
		missing := max(0, min(l.low-utf8.RuneCountInString(bare), maxLength))
		for _, n := range []int{8, 4, missing, missing + 1, missing + 2, missing * 3 / 4, 2, 1, 0} {
			for range 3 {
				if s, _ := formatText(f, m.o.Now, m.rand.IntN, m.letters(n)); good(s) {
					return s, true
				}
			}
		}
	}
	return "", false
}

// letters are random letters and digits, a letter first.
func (m *maker) letters(n int) string {
	const all = "abcdefghijkmnpqrstuvwxyz23456789"
	b := make([]byte, n)
	for i := range b {
		most := len(all)
		if i == 0 {
			most = 24
		}
		b[i] = all[m.rand.IntN(most)]
	}
	return string(b)
}

// named makes a text that says what it stands for: the property's name and some
// letters.
func (m *maker) named(path []any, l limits) string {
	name := "text"
	for _, part := range path {
		if s, ok := part.(string); ok && s != "" {
			name = s
		}
	}
	if m.retry && m.rand.IntN(2) == 0 { // perhaps the name is what did not fit
		name = m.letters(4)
	}
	runes := []rune(name + "-" + m.letters(5))
	if len(runes) > l.high {
		return m.letters(l.high)
	}
	s := string(runes)
	if n := len(runes); n < l.low {
		s += m.letters(l.low - n)
	}
	return strings.ToValidUTF8(s, "?")
}

// noText says why no text was found.
func (m *maker) noText(p place, flat []node, patterns []*pattern, at, formats []string, l limits) error {
	for i, q := range patterns {
		switch low, _ := lengths(q.tree); {
		case low > l.high:
			return m.never(p, at[i], "the pattern %s needs at least %d characters, maxLength allows %d", show(q.source), low, l.high)
		case endsFixed(q) && longest(q) < l.low:
			return m.never(p, at[i], "the pattern %s has at most %d characters, minLength asks for %d", show(q.source), longest(q), l.low)
		}
	}
	var asked []string
	for _, q := range patterns {
		asked = append(asked, "pattern "+show(q.source))
	}
	for _, f := range formats {
		asked = append(asked, "format "+f)
	}
	if l.low > 0 {
		asked = append(asked, "minLength "+show(l.low))
	}
	if l.high < unlimited {
		asked = append(asked, "maxLength "+show(l.high))
	}
	if len(p.avoid) > 0 {
		asked = append(asked, "uniqueItems")
	}
	where := nodeAt(flat)
	if len(at) > 0 {
		where = at[0]
	}
	return m.missed(p, where, "no text was found that fits %s", strings.Join(asked, " and "))
}
