package schema

import (
	"fmt"
	"strings"
)

// indentation is a key, or a list's element, in a column where none stands.
func indentation(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	if f.text != "did not find expected key" || f.col != indentOf(line) || f.col > len(line) {
		return slip{}, false
	}
	s := slip{line: f.line, col: f.col}
	if isDash(line, f.col) {
		if n, col := d.dashAbove(f.line); n > 0 && col != f.col {
			s.message = d.unevenDash(f.col, n, col)
			return s, true
		}
		s.message = "lines with and without \"- \" cannot stand below each other: begin every element of a list with \"- \", and no other line"
		return s, true
	}
	s.message = fmt.Sprintf("this line begins in column %d, where no line above it does that it could belong to", f.col)
	if deeper, shallower := d.columnsAbove(f.line, f.col); deeper != "" && shallower != "" {
		s.message += fmt.Sprintf("; begin it in %s, or in %s", deeper, shallower)
	} else if deeper+shallower != "" {
		s.message += "; begin it in " + deeper + shallower
	}
	return s, true
}

// columnsAbove names the nearest lines above whose keys begin right and left
// of a column.
func (d *document) columnsAbove(n, col int) (deeper, shallower string) {
	least := len(d.line(n)) + 1<<20
	for above := n - 1; above > 0 && shallower == ""; above-- {
		line := d.line(above)
		key, _ := entry(line)
		if key == 0 || line[key-1] == '#' || key >= least {
			continue
		}
		least = key
		name := fmt.Sprintf("column %d like line %d", key, d.first+above)
		if key > col {
			deeper = name
		} else if key < col {
			shallower = name
		}
	}
	return deeper, shallower
}

func (d *document) unevenDash(col, n, other int) string {
	return fmt.Sprintf("this \"- \" stands in column %d, the one of line %d in column %d; put them below each other", col, d.first+n, other)
}

// dashAbove is the nearest line above that begins with a dash.
func (d *document) dashAbove(n int) (line, col int) {
	for above := n - 1; above > 0; above-- {
		l := d.line(above)
		if col := indentOf(l); isDash(l, col) {
			return above, col
		}
	}
	return 0, 0
}

func dashes(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	s := slip{line: f.line, col: f.col}
	switch f.text {
	case "did not find expected '-' indicator":
		if isDash(line, f.col) {
			s.message = d.unevenDash(f.col, f.sinceLine, f.sinceCol)
			return s, true
		}
		key, _ := entry(d.line(f.sinceLine))
		s.message = fmt.Sprintf("this line is no part of the list that begins in line %d; begin it with \"- \" to make it an element, or in column %d to make it a part of the element above",
			d.first+f.sinceLine, key)
		return s, true
	case "block sequence entries are not allowed in this context":
		s.message = "a list begins on a line of its own, each element with \"- \"; in one line it is written [a, b]; text that begins with - needs quotes"
		return s, true
	}
	return slip{}, false
}

func openQuote(d *document, f fault) (slip, bool) {
	if f.since != "while scanning a quoted scalar" || f.text != "found unexpected end of stream" {
		return slip{}, false
	}
	return slip{line: f.sinceLine, col: f.sinceCol, message: "the quote that begins here is never closed"}, true
}

func wrongEscape(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	if f.since != "while scanning a quoted scalar" || f.col >= len(line) {
		return slip{}, false
	}
	s := slip{line: f.line, col: f.col}
	switch {
	case f.text == "found unknown escape character" && line[f.col-1] == '\\':
		s.message = fmt.Sprintf("in double quotes \\ begins an escape, and \\%c is none; write \\\\%[1]c, or use single quotes", line[f.col])
		s.mend, s.from, s.to = `\\`, f.col, f.col+1
	case strings.Contains(f.text, "decimal number"):
		s.message = "in double quotes \\x, \\u and \\U take 2, 4 and 8 hexadecimal digits; to mean a backslash write \\\\, or use single quotes"
	default:
		return slip{}, false
	}
	return s, true
}

// inFlow is about what stands inside [ ] and { }.
func inFlow(d *document, f fault) (slip, bool) {
	line := d.line(f.line)
	atEnd := f.col > len(line) && f.line >= len(d.lines)
	switch {
	case strings.HasPrefix(f.text, "did not find expected ',' or"):
	case f.text != "did not find expected node content":
		return slip{}, false
	case atEnd:
		f.sinceLine, f.sinceCol = d.lastOpen()
	case f.col > len(line):
		return slip{}, false
	case f.since == "while parsing a block node":
		return d.sign(f.line, f.col), true
	default:
		return slip{line: f.line, col: f.col, message: fmt.Sprintf("a value is missing before this %c", line[f.col-1])}, true
	}
	since := d.line(f.sinceLine)
	if f.sinceCol < 1 || f.sinceCol > len(since) {
		return slip{}, false
	}
	opener := since[f.sinceCol-1]
	closer := map[rune]rune{'[': ']', '{': '}'}[opener]
	open := slip{line: f.sinceLine, col: f.sinceCol}
	if hash := commentAt(since, f.sinceCol); hash > 0 && strings.ContainsRune(string(since[hash-1:]), closer) {
		open.col = hash
		open.message = fmt.Sprintf("this # begins a comment, so the %c after it closes nothing; put text with \" #\" in it into quotes", closer)
		return open, true
	}
	if atEnd || f.line > f.sinceLine && d.looksBlock(f.line) {
		open.message = fmt.Sprintf("this %c is never closed; is a %c missing?", opener, closer)
		if !atEnd {
			open.message = fmt.Sprintf("this %c is still open in line %d; is a %c missing before it, or a comma?", opener, d.first+f.line, closer)
		}
		return open, true
	}
	return d.between(f, line, opener, closer), true
}

// between is where a comma or the closing bracket should stand.
func (d *document) between(f fault, line []rune, opener, closer rune) slip {
	s := slip{line: f.line, col: f.col}
	if f.col > len(line) {
		s.message = fmt.Sprintf("a comma or the %c that closes the %c of %s is missing here", closer, opener, d.place(f.sinceLine, f.sinceCol))
		return s
	}
	switch c := line[f.col-1]; {
	case c == ']' || c == '}':
		s.message = fmt.Sprintf("this %c stands where the %c of %s wants its %c first", c, opener, d.place(f.sinceLine, f.sinceCol), closer)
	case (c == '[' || c == '{') && f.col > 1 && !blank(line[f.col-2]):
		from := flowTextStart(line, f.col)
		return d.quoted(f.line, from, flowTextEnd(line, f.col), "inside [ ] and { } text with "+string(c)+" in it needs quotes")
	case c == ':':
		from := flowTextStart(line, f.col)
		text := string(line[from-1 : f.col-1])
		if i := strings.LastIndexByte(text, ' '); i > 0 {
			s.col = from + len([]rune(text[:i+1]))
			s.message = fmt.Sprintf("a comma is missing before %q, or quotes around the text", text[i+1:])
			return s
		}
		return d.quoted(f.line, from, textEnd(line, from, true), "text with \": \" in it needs quotes")
	default:
		s.message = fmt.Sprintf("a comma is missing before this, or the %c that closes the %c of %s", closer, opener, d.place(f.sinceLine, f.sinceCol))
	}
	return s
}

// looksBlock says whether a line looks like a key or a step rather than like
// the inside of brackets.
func (d *document) looksBlock(n int) bool {
	line := d.line(n)
	key, value := entry(line)
	return value > key && (value > len(line) || !strings.HasSuffix(strings.TrimSpace(string(line)), ",")) || isDash(line, indentOf(line))
}

// lastOpen is the last bracket of the document that nothing closes.
func (d *document) lastOpen() (n, col int) {
	depth := 0
	for n := len(d.lines); n > 0; n-- {
		line := d.line(n)
		for i := len(line) - 1; i >= 0; i-- {
			switch line[i] {
			case ']', '}':
				depth++
			case '[', '{':
				if depth--; depth < 0 {
					return n, i + 1
				}
			}
		}
	}
	return 0, 0
}

func documentStart(d *document, f fault) (slip, bool) {
	if f.text != errMore.Error() {
		return slip{}, false
	}
	for i, text := range d.lines[:f.line-1] {
		line := []rune(text)
		at := indentOf(line)
		if at > len(line) || line[at-1] == '#' || strings.HasPrefix(text, "---") {
			continue
		}
		if at > indentOf(d.line(f.line)) {
			return slip{line: i + 1, col: at, message: fmt.Sprintf("the first line is indented deeper than line %d, so the document ends before that one; begin both in column 1", d.first+f.line)}, true
		}
		break
	}
	if line := d.line(f.line); f.col <= len(line) && line[f.col-1] == ':' {
		return slip{line: f.line, col: f.col + 1, message: "a space is missing after the colon", mend: " ", from: f.col + 1, to: f.col + 1}, true
	}
	return slip{line: f.line, col: f.col, message: "the document has ended before this; is a space missing after a colon, or a line \"---\" before the next document?"}, true
}

// maxKey is how many characters the parser allows a key, and what stands
// before a colon in one line.
const maxKey = 1024

// limits are those of the parser itself.
func limits(d *document, f fault) (slip, bool) {
	switch {
	case strings.Contains(f.text, "max depth"):
		return slip{line: f.line, col: f.col, message: tooDeep}, true
	case f.text == "found undefined tag handle":
		return slip{line: f.line, col: f.col, message: "tags, which begin with !, are not known here; leave it out, or put the text into quotes"}, true
	}
	for i := max(f.line-2, 0); f.readable && i < len(d.lines); i++ {
		if len(d.lines[i]) > maxKey {
			return slip{line: i + 1, col: 1, message: fmt.Sprintf("a key in this line has more than %d characters, which is the most that YAML allows", maxKey)}, true
		}
	}
	return slip{}, false
}
