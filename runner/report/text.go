package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// visible shows what must reach neither a terminal nor an XML file as it is:
// control characters, and what XML 1.0 does not allow, as \xNN and \uNNNN.
// Line ends and tabs stay.
func visible(s string) string {
	clean := func(r rune) bool { return r == '\n' || r == '\t' || !hidden(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case clean(r):
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i]) // a byte that is no UTF-8
		case r == utf8.RuneError:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden says whether a character steers instead of being read: controls, the
// marks that turn the direction of writing, and XML's non-characters.
func hidden(r rune) bool {
	return r < 0x20 || r >= 0x7F && r < 0xA0 ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 ||
		r == 0xFFFE || r == 0xFFFF
}

// oneLine is visible, with line ends and tabs shown too.
func oneLine(s string) string { return lineEnds.Replace(visible(s)) }

var lineEnds = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// render writes a document of the stream as JSON on one line.
func render(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("%v (cannot be written as JSON: %v)", v, err)
	}
	return visible(strings.TrimSuffix(b.String(), "\n"))
}

func quote(s string) string { return render(s) }

// cut shortens a text to about n characters and says how long it was; n 0 leaves it.
func cut(s string, n int) string {
	if n <= 0 || len(s) <= n {
		return s
	}
	total := utf8.RuneCountInString(s)
	if total <= n {
		return s
	}
	return runes(s, 0, n) + fmt.Sprintf("… (%s characters)", thousands(total))
}

// runes gives the characters of s from from up to to.
func runes(s string, from, to int) string {
	i, start := 0, len(s)
	for at := range s {
		if i == from {
			start = at
		}
		if i == to {
			return s[min(start, at):at]
		}
		i++
	}
	return s[start:]
}

// cutPair shortens two texts that differ so that the first difference stays in
// sight; n 0 leaves them.
func cutPair(a, b string, n int) (string, string) {
	if n <= 0 || utf8.RuneCountInString(a) <= n && utf8.RuneCountInString(b) <= n {
		return a, b
	}
	same := 0
	for x, y := a, b; x != "" && y != ""; same++ {
		r, i := utf8.DecodeRuneInString(x)
		q, j := utf8.DecodeRuneInString(y)
		if r != q {
			break
		}
		x, y = x[i:], y[j:]
	}
	if same < n*3/4 {
		return cut(a, n), cut(b, n)
	}
	return window(a, same, n), window(b, same, n)
}

// window shows n characters of s around the one at.
func window(s string, at, n int) string {
	total := utf8.RuneCountInString(s)
	from := max(0, at-n/3)
	out := "…" + runes(s, from, min(total, from+n))
	if from+n < total {
		out += "…"
	}
	return out + fmt.Sprintf(" (from character %s of %s)", thousands(from+1), thousands(total))
}

// layout writes a document for reading: what fits into width stands on one
// line, what does not is opened field by field, and text keeps its lines.
func layout(v any, width int) []string {
	switch t := v.(type) {
	case string:
		return strings.Split(visible(strings.TrimRight(t, "\n")), "\n")
	case map[string]any:
		if len(t) == 0 {
			return []string{"{}"}
		}
		var out []string
		for _, k := range slices.Sorted(maps.Keys(t)) {
			out = append(out, entry(oneLine(k)+":", t[k], width, "  ")...)
		}
		return out
	case []any:
		if len(t) == 0 {
			return []string{"[]"}
		}
		var out []string
		for _, e := range t {
			out = append(out, entry("-", e, width, "  ")...)
		}
		return out
	}
	return []string{render(v)}
}

// entry writes one field or element: beside its label when it fits, else below.
func entry(label string, v any, width int, indent string) []string {
	text, isText := v.(string)
	if line := label + " " + render(v); !isText && fits(line, width) || isText && !strings.Contains(text, "\n") {
		return []string{line}
	}
	below := indented(layout(v, width-len(indent)), indent)
	if label == "-" {
		below[0] = "-" + below[0][1:]
		return below
	}
	return append([]string{label}, below...)
}

func indented(lines []string, indent string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = indent + l
	}
	return out
}

func fits(s string, width int) bool { return utf8.RuneCountInString(s) <= width }

// exact writes milliseconds as seconds with no digit too few: 20s, 23.4s, 20.004s.
func exact(ms int64) string {
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) + "s"
}

// about writes milliseconds for reading: 0.04s, 3.2s, 21s, 2m05s.
func about(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%.2fs", float64(ms)/1000)
	case ms < 60_000:
		return fmt.Sprintf("%.1fs", float64(ms)/1000)
	case ms < 3_600_000:
		return fmt.Sprintf("%dm%02ds", ms/60_000, ms/1000%60)
	}
	return fmt.Sprintf("%dh%02dm", ms/3_600_000, ms/60_000%60)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// several writes a number and its noun: 1 error, 2 errors.
func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
