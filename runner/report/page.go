package report

import (
	"strings"
	"unicode/utf8"
)

// style is what a piece of text is, not how it looks.
type style int

const (
	plain style = iota
	strong
	faint
	good
	wrong
	odd // errors and warnings
)

// span is a piece of text in one style.
type span struct {
	style style
	text  string
}

// line is a line of a page, indented by depth. A whole one is never wrapped:
// people search for it and click on it.
type line struct {
	depth int
	spans []span
	whole bool
}

// page is text with structure: the console colours and wraps it, JUnit takes it as it is.
type page struct {
	lines []line
}

func (p *page) add(depth int, spans ...span) {
	p.lines = append(p.lines, line{depth: depth, spans: spans})
}

func (p *page) head(depth int, spans ...span) {
	p.lines = append(p.lines, line{depth: depth, spans: spans, whole: true})
}

func (p *page) text(depth int, s style, text string) {
	for l := range strings.SplitSeq(visible(text), "\n") {
		p.add(depth, span{s, l})
	}
}

// String is the page without styles, lines as long as they are.
func (p *page) String() string {
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(strings.Repeat("  ", l.depth))
		for _, s := range l.spans {
			b.WriteString(s.text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// codes are the ANSI sequences of the styles.
var codes = [...]string{plain: "", strong: "1", faint: "2", good: "32", wrong: "31", odd: "33"}

func paint(s style, text string) string {
	if codes[s] == "" || text == "" {
		return text
	}
	return "\x1b[" + codes[s] + "m" + text + "\x1b[0m"
}

// terminal writes the page for a terminal: wrapped to width, in colour if asked for.
func (p *page) terminal(width int, color bool) string {
	var b strings.Builder
	for _, l := range p.lines {
		rows := [][]span{l.spans}
		if !l.whole {
			rows = wrap(l.spans, max(width-2*l.depth, 20))
		}
		for i, spans := range rows {
			b.WriteString(strings.Repeat("  ", l.depth))
			if i > 0 {
				b.WriteString("  ")
			}
			for _, s := range spans {
				if color {
					b.WriteString(paint(s.style, s.text))
				} else {
					b.WriteString(s.text)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// wrap breaks spans into rows of at most width characters (the second row and
// what follows leave room for a hanging indent), at blanks where there are any.
func wrap(spans []span, width int) [][]span {
	var rows [][]span
	var row []span
	room := width
	for _, s := range spans {
		for text := s.text; ; {
			n := utf8.RuneCountInString(text)
			if n <= room {
				row, room = append(row, span{s.style, text}), room-n
				break
			}
			head, tail := breakAt(text, room, room < width-2)
			if head = strings.TrimRight(head, " "); head != "" {
				row = append(row, span{s.style, head})
			}
			rows, row, room, text = append(rows, row), nil, width-2, tail
		}
	}
	return append(rows, row)
}

// breakAt splits text so that the head has at most room characters, at the
// last blank of it when it has one that is not too far to the left. A row that
// has begun may leave everything to the next one.
func breakAt(text string, room int, begun bool) (head, tail string) {
	head = runes(text, 0, room)
	if len(head) < len(text) && text[len(head)] == ' ' {
		return head, text[len(head)+1:]
	}
	if i := strings.LastIndexByte(head, ' '); i >= 0 && (begun || i > room/2) {
		return head[:i], text[i+1:]
	}
	if begun && room < 12 {
		return "", text
	}
	return head, text[len(head):]
}
