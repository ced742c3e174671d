package schema

import (
	"fmt"
	"regexp"
	"strings"
)

// slips know the slips that people make, the surest first. Each says whether a
// fault is its own; none may take another place for granted than the fault's.
var slips = []func(*document, fault) (slip, bool){
	tabs, bareFilter, bareHole, bareStar, bareSign, bareBlockSign, colonInText, simpleKey, behindText,
	indentation, dashes, openQuote, wrongEscape, inFlow, documentStart, limits,
}

func tabs(d *document, f fault) (slip, bool) {
	text := d.lines[f.line-1]
	lead := text[:len(text)-len(strings.TrimLeft(text, " \t-"))]
	at := strings.IndexByte(lead, '\t')
	if at < 0 || f.col > len(lead)+1 {
		return slip{}, false
	}
	more := 0
	for _, x := range d.lines[f.line:] {
		if strings.HasPrefix(strings.TrimLeft(x, " "), "\t") {
			more++
		}
	}
	s := slip{line: f.line, col: at + 1, message: "a tab indents this line, which YAML forbids; indent with spaces"}
	if more > 0 {
		s.message += ", here and in " + CountOf(more, "more line")
	}
	return s, true
}

// filterPattern is the beginning of a log filter pattern that has no quotes.
var filterPattern = regexp.MustCompile(`(?:^|[\s,\[{])(\{\s*\(*\s*\$\.)`)

func bareFilter(d *document, f fault) (slip, bool) {
	for _, n := range []int{f.sinceLine, f.line} {
		line := d.line(n)
		m := filterPattern.FindStringSubmatchIndex(string(line))
		if m == nil {
			continue
		}
		from := len([]rune(string(line)[:m[2]])) + 1
		if to := bracketEnd(line, from); to > 0 && inQuotesAt(line, from) == 0 {
			return d.quoted(n, from, to, "a filter pattern needs quotes"), true
		}
	}
	return slip{}, false
}

func bareHole(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	if f.col < 2 || f.col > len(line) || line[f.col-1] != '{' || line[f.col-2] != '$' || !strings.Contains(f.text, "expected ','") {
		return slip{}, false
	}
	from := flowTextStart(line, f.col-1)
	if before := strings.TrimRight(string(line[:from-1]), " "); f.since == "while parsing a flow mapping" && strings.ContainsAny(last(before), "{,") {
		if s, ok := d.noBlank(f.line, from); ok && s.col < f.col {
			return s, true
		}
	}
	to := textEnd(line, from, true)
	if before, _, ok := strings.Cut(string(line[from-1:to-1]), "}: "); ok { // a key
		to = from + len([]rune(before)) + 1
	}
	return d.quoted(f.line, from, to, "an expression inside [ ] or { } needs quotes"), true
}

// last is the last byte of a text.
func last(s string) string { return s[max(len(s)-1, 0):] }

var unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)

// anchorForm finds what may be an anchor; it is only asked for names to offer.
var anchorForm = regexp.MustCompile(`(?:^|[\s\[{,])&([^\s,\[\]{}]+)`)

func bareStar(d *document, f fault) (slip, bool) {
	if m := unknownAnchor.FindStringSubmatch(f.text); m != nil {
		s := d.sign(f.line, f.col)
		var known []string
		for _, a := range anchorForm.FindAllStringSubmatch(strings.Join(d.lines, "\n"), -1) {
			known = append(known, a[1])
		}
		if len(known) > 0 {
			s.message = strings.Replace(fmt.Sprintf("no anchor is called %q%s; to mean the text write %s", m[1], instead(m[1], known), s.mend), "?;", "? Or", 1)
		}
		return s, true
	}
	if f.since != "while scanning an alias" && f.since != "while scanning an anchor" {
		return slip{}, false
	}
	line, col := d.line(f.sinceLine), f.sinceCol
	for _, from := range []int{flowTextStart(line, col), valueOf(line)} {
		if from > 0 && from < col && (line[from-1] == '*' || line[from-1] == '&') {
			col = from // the text began before: */5 * * * *
		}
	}
	return d.sign(f.sinceLine, col), true
}

// sign is text that needs quotes for the sign it begins with.
func (d *document) sign(n, col int) slip {
	line := d.line(n)
	why := "text that begins with " + string(line[col-1]) + " needs quotes"
	if m := restOfKey.FindStringSubmatch(string(line[col:])); m != nil {
		return d.quoted(n, col, col+1+len([]rune(m[1])), why)
	}
	return d.quoted(n, col, textEnd(line, col, len(openBrackets(line, col)) > 0), why)
}

// restOfKey is a key before its colon, without its first character.
var restOfKey = regexp.MustCompile(`^([^\s:,\[\]{}"']*)\s*:(?:\s|$)`)

func bareSign(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	switch {
	case f.since == "while scanning a directive":
		return d.sign(f.sinceLine, f.sinceCol), true
	case f.text == "found character that cannot start any token" && f.col <= len(line):
		return d.sign(f.line, f.col), true
	case f.text == "mapping keys are not allowed in this context" && f.col <= len(line):
		return d.sign(f.line, f.col), true
	}
	return slip{}, false
}

func bareBlockSign(d *document, f fault) (slip, bool) {
	if f.since != "while scanning a block scalar" {
		return slip{}, false
	}
	return d.sign(f.sinceLine, f.sinceCol), true
}

// tightColon is a key whose colon has no blank behind it.
var tightColon = regexp.MustCompile(`^([A-Za-z_][\w.-]*:)[^\s:/]`)

// noBlank is such a key at a place, with the blank that mends it.
func (d *document) noBlank(n, col int) (slip, bool) {
	m := tightColon.FindStringSubmatch(string(d.line(n)[col-1:]))
	if m == nil {
		return slip{}, false
	}
	at := col + len([]rune(m[1]))
	return slip{line: n, col: at, message: fmt.Sprintf("a space is missing after %q", m[1]), mend: " ", from: at, to: at}, true
}

func colonInText(d *document, f fault) (slip, bool) {
	if f.text != "mapping values are not allowed in this context" {
		return slip{}, false
	}
	line := d.line(f.line)
	key, value := entry(line)
	if value > 0 && value < f.col {
		if s, ok := d.noBlank(f.line, key); ok && strings.ContainsAny(string(line[s.col-1]), "{[\"'") {
			return s, true
		}
		why := "text with \": \" in it needs quotes"
		if strings.Contains(string(line[value-1:f.col-1]), "${") {
			why = "an expression with \": \" in it needs quotes"
		}
		return d.quoted(f.line, value, textEnd(line, value, false), why), true
	}
	above := f.line - 1
	for ; above > 0; above-- {
		if key, _ := entry(d.line(above)); key > 0 {
			break
		}
	}
	if above == 0 {
		return slip{}, false
	}
	return d.continued(above, f.line), true
}

// continued is a line that YAML takes for more of the text in a line above.
func (d *document) continued(above, n int) slip {
	key, value := entry(d.line(above))
	if value == 0 || value == key {
		if s, ok := d.noBlank(above, key); ok {
			return s
		}
		s := d.noColon(above, key)
		if end := textEnd(d.line(above), key, false); !strings.ContainsRune(string(d.line(above)[key-1:end-1]), ' ') {
			s.mend, s.from, s.to = ":", end, end
		}
		return s
	}
	begin := indentOf(d.line(n))
	return slip{line: n, col: begin, message: fmt.Sprintf(
		"this line stands deeper than the key in %s, so it is read as more of that key's text; begin it in column %d to make it a key of its own", d.place(above, key), key)}
}

// noColon is a line that should be a key, or a key with a value.
func (d *document) noColon(n, col int) slip {
	line := d.line(n)
	word, _, _ := strings.Cut(string(line[col-1:textEnd(line, col, false)-1]), " ")
	return slip{line: n, col: col, message: fmt.Sprintf("is a colon missing after %q? A key is written \"key: value\"", shortened(word))}
}

func simpleKey(d *document, f fault) (slip, bool) {
	if f.since != "while scanning a simple key" || f.sinceLine == 0 {
		return slip{}, false
	}
	line := d.line(f.sinceLine)
	if f.sinceCol > len(line) {
		return slip{}, false
	}
	if s, ok := d.noBlank(f.sinceLine, f.sinceCol); ok {
		return s, true
	}
	if line[f.sinceCol-1] == '-' {
		at := f.sinceCol + 1
		return slip{line: f.sinceLine, col: at, message: "a space is missing after the dash", mend: " ", from: at, to: at}, true
	}
	return d.noColon(f.sinceLine, f.sinceCol), true
}

// behindText is text that goes on where its quotes or brackets have ended.
func behindText(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	_, value := entry(line)
	if f.text != "did not find expected key" || f.col <= indentOf(line) || f.col > len(line) || value == 0 || value >= f.col {
		return slip{}, false
	}
	last := len([]rune(strings.TrimRight(string(line[:f.col-1]), " \t"))) // column of what stands before
	switch first := line[value-1]; {
	case (line[last-1] == '"' || line[last-1] == '\'') && (last == value || first != line[last-1]):
		return d.lateQuote(f.line, last)
	case first == '"' || first == '\'':
		return d.behindQuote(f.line, value, last), true
	case (first == '[' || first == '{') && strings.ContainsRune("]}", line[f.col-1]):
		return slip{line: f.line, col: f.col, message: fmt.Sprintf("this %c closes nothing: everything opened before it is closed already", line[f.col-1])}, true
	case first == '[' || first == '{':
		return d.quoted(f.line, value, textEnd(line, value, false), "text that begins with "+string(first)+" needs quotes"), true
	}
	return slip{}, false
}

// behindQuote is text that goes on behind its closing quote.
func (d *document) behindQuote(n, from, closing int) slip {
	line := d.line(n)
	to := textEnd(line, from, false)
	s := slip{line: n, col: closing, from: from, to: to}
	text := line[from-1 : to-1]
	if q := text[0]; text[len(text)-1] == q && closing < len(line) && line[closing] != ' ' {
		text = text[1 : len(text)-1] // a quote inside the text
	}
	s.mend = inQuotes(string(text))
	s.message = "the text ends at this quote, and more follows it; write " + s.mend
	return s
}

// lateQuote is a quote that was opened in a line above and closed by the
// opening quote of another text.
func (d *document) lateQuote(n, col int) (slip, bool) {
	quote := string(d.line(n)[col-1])
	for above := n - 1; above > 0; above-- {
		text := d.lines[above-1]
		if strings.Count(text, quote)%2 == 0 {
			continue
		}
		at := len([]rune(text[:strings.LastIndex(text, quote)])) + 1
		return slip{line: above, col: at, message: fmt.Sprintf(
			"this quote is closed only by the one in %s; is its closing quote missing in this line?", d.place(n, col))}, true
	}
	return slip{}, false
}
