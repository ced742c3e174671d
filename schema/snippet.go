package schema

import (
	"fmt"
	"os"
	"strings"
	"unicode"
)

// snippetWidth is how many characters of a line are shown.
const snippetWidth = 100

// Snippets shows the lines that problems stand in. The zero value is ready; it
// keeps the file it read last, so problems come fastest sorted by file. It is
// not safe for concurrent use.
type Snippets struct {
	// Clean, when set, takes out of a line what must not be shown. A line that
	// it changes is shown without the caret, which would stand elsewhere.
	Clean func(line string) string

	file  string
	lines []string
}

// Of shows the line at a place with a caret under its column, or nothing when
// the line cannot be read any more. What a terminal would not print as one
// character is shown as �.
func (s *Snippets) Of(p Pos) string {
	if p.Line == 0 {
		return ""
	}
	if p.File != s.file {
		s.file, s.lines = p.File, nil
		if src, err := os.ReadFile(p.File); err == nil && len(src) <= maxFile {
			s.lines = strings.Split(string(normal(src)), "\n")
		}
	}
	if p.Line > len(s.lines) {
		return ""
	}
	line := s.lines[p.Line-1]
	if s.Clean != nil {
		if clean := s.Clean(line); clean != line {
			shown, _ := excerpt(clean, 0)
			return fmt.Sprintf("%5d | %s\n", p.Line, shown)
		}
	}
	shown, lead := excerpt(line, max(p.Col, 1)-1)
	num := fmt.Sprintf("%5d", p.Line)
	return fmt.Sprintf("%s | %s\n%s | %s^\n", num, shown, strings.Repeat(" ", len(num)), lead)
}

// excerpt cuts a line to what surrounds a column, counted from 0, and gives
// the blanks that lead to it.
func excerpt(text string, col int) (shown, lead string) {
	line := []rune(text)
	col = min(col, len(line))
	from := 0
	if col > snippetWidth-20 {
		from = col - snippetWidth/2
	}
	line = line[from:min(len(line), from+snippetWidth)]
	for i, r := range line {
		if r != '\t' && !unicode.IsPrint(r) {
			line[i] = unicode.ReplacementChar
		}
	}
	var b strings.Builder
	for _, r := range line[:col-from] {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return string(line), b.String()
}
