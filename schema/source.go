package schema

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// normal is the text of a file as everything here counts it: without a byte
// order mark, and every line ended by \n.
func normal(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if bytes.IndexByte(src, '\r') >= 0 {
		src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
		src = bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))
	}
	return src
}

// checkText says whether a file is text that every YAML reader takes for the same.
func checkText(file string, src []byte, p *Problems) bool {
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		p.Add(Pos{File: file}, "this file is UTF-16; save it as UTF-8")
		return false
	}
	for i := 0; i < len(src); {
		if c := src[i]; c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			p.Add(placeOf(file, src, i), "this is not UTF-8 text; save the file as UTF-8")
			return false
		}
		if message := foreign(r); message != "" {
			p.Add(placeOf(file, src, i), message, r)
			return false
		}
		i += n
	}
	return true
}

// foreign says what is wrong with a character that cannot stand in a file.
func foreign(r rune) string {
	switch {
	case r == 0x85 || r == 0x2028 || r == 0x2029:
		return "an invisible %U stands here, which ends a line for some YAML readers and not for others; write it as an escape in double quotes (\\x85, \\u2028, \\u2029), or delete it"
	case r == 0xfeff:
		return "a byte order mark (%U) stands in the middle of the file; delete it"
	case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff:
		return "the control character %U cannot stand in YAML; write it as an escape in double quotes, such as \\x00, or delete it"
	}
	return ""
}

func placeOf(file string, src []byte, offset int) Pos {
	before := src[:offset]
	from := bytes.LastIndexByte(before, '\n') + 1
	return Pos{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Col: utf8.RuneCount(before[from:]) + 1}
}

// splitDocuments cuts before every line that begins with --- and behind every
// one that begins with ..., wherever they stand: they end a document even in
// the middle of a text. The decoder would stop at the first document that it
// cannot read, and after the first that ends with ....
func splitDocuments(src []byte) [][]byte {
	var out [][]byte
	from := 0
	for at := 0; at < len(src); {
		end := at + bytes.IndexByte(src[at:], '\n') + 1
		if end == at {
			end = len(src)
		}
		cut := from
		switch {
		case isMarker(src[at:end], "---"):
			cut = at
		case isMarker(src[at:end], "..."):
			cut = end
		}
		if cut > from {
			out = append(out, src[from:cut])
			from = cut
		}
		at = end
	}
	return append(out, src[from:])
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n')
}

// document is the text of one YAML document, and what was put into it so that
// reading could go on behind a slip.
type document struct {
	file  string
	first int // lines of the file before it
	lines []string
	edits []edit
	// mended are the parts of lines that were put in, as they stand now.
	mended []part
}

// part is the characters [from, to) of a line.
type part struct{ line, from, to int }

// edit says that n characters were put before a column of a line; both count from 1.
type edit struct{ line, col, n int }

func newDocument(file string, src []byte, first int) *document {
	return &document{file: file, first: first, lines: strings.Split(string(src), "\n")}
}

// pos gives the place in the file of a place in the document as it is now.
func (d *document) pos(line, col int) Pos {
	if last := len(d.lines); line > last { // where yaml.v3 sees a value that the end of the file leaves out
		line, col = last, utf8.RuneCountInString(d.lines[last-1])+1
	}
	for i := len(d.edits) - 1; i >= 0; i-- {
		if e := d.edits[i]; e.line == line && col > e.col {
			col = max(col-e.n, e.col)
		}
	}
	return Pos{File: d.file, Line: d.first + line, Col: max(col, 1)}
}

// replace puts text in the place of the characters [from, to) of a line.
func (d *document) replace(line, from, to int, text string) {
	old := []rune(d.lines[line-1])
	d.lines[line-1] = string(old[:from-1]) + text + string(old[to-1:])
	added := utf8.RuneCountInString(text) - (to - from)
	for i, m := range d.mended {
		if m.line == line && m.from >= to {
			d.mended[i].from, d.mended[i].to = m.from+added, m.to+added
		}
	}
	d.mended = append(d.mended, part{line, from, to + added})
	d.edits = append(d.edits, edit{line, from, 1}, edit{line, to + 1, added - 1})
}

// touches says whether a part overlaps one that was put in.
func (d *document) touches(p part) bool {
	return slices.ContainsFunc(d.mended, func(m part) bool { return m.line == p.line && p.from < m.to && p.to > m.from })
}

var directive = regexp.MustCompile(`^%([A-Z]+)([ \t]+(\S+).*)?$`)

// directives takes the lines away that begin with % before the document. What
// they would change is not read here, or read otherwise.
func (d *document) directives(p *Problems) (found bool) {
	for i, text := range d.lines {
		m := directive.FindStringSubmatch(text)
		switch {
		case m != nil && m[1] == "YAML" && m[3] == "1.2":
		case m != nil && m[1] == "YAML":
			p.Add(d.pos(i+1, 1), "rehearse reads YAML 1.2, in which no, on and 012 are not what they were before; leave this line out")
		case m != nil:
			p.Add(d.pos(i+1, 1), "the directive %%%s is not known here; leave this line out", m[1])
		case text == "" || strings.HasPrefix(strings.TrimLeft(text, " \t"), "#"):
			continue
		default:
			return found
		}
		d.lines[i], found = "", true
	}
	return found
}
