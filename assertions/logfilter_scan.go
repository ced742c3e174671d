package assertions

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const logSpace = " \t\r\n"

// logScanner reads a filter pattern from left to right.
type logScanner struct {
	source    string
	at        int    // the next byte
	depth     int    // of parentheses
	regexes   int    // regular expressions so far
	wildcards int    // selectors with a wildcard so far
	warning   string // what is valid and hardly meant
}

func (p *logScanner) rest() string { return p.source[p.at:] }

func (p *logScanner) space() {
	p.at = len(p.source) - len(strings.TrimLeft(p.rest(), logSpace))
}

// comes says whether a token comes next, behind space.
func (p *logScanner) comes(token string) bool {
	p.space()
	return strings.HasPrefix(p.rest(), token)
}

// take consumes a token if it comes next.
func (p *logScanner) take(token string) bool {
	if !p.comes(token) {
		return false
	}
	p.at += len(token)
	return true
}

// run consumes the characters that come next and are wanted.
func (p *logScanner) run(wanted func(rune) bool) string {
	end := strings.IndexFunc(p.rest(), func(r rune) bool { return !wanted(r) })
	if end < 0 {
		end = len(p.rest())
	}
	s := p.rest()[:end]
	p.at += end
	return s
}

// word is the letters, digits and _ that come next, behind space, without
// consuming them.
func (p *logScanner) word() string {
	p.space()
	at := p.at
	w := p.run(isTermRune)
	p.at = at
	return w
}

// takeWord consumes a keyword, in capitals.
func (p *logScanner) takeWord(word string) bool {
	if p.word() != word {
		return false
	}
	p.at += len(word)
	return true
}

// column counts characters from 1.
func (p *logScanner) column(at int) int { return utf8.RuneCountInString(p.source[:at]) + 1 }

// wrong is an error at a byte of the pattern.
func (p *logScanner) wrong(at int, format string, args ...any) error {
	return fmt.Errorf("column %d: %s", p.column(at), fmt.Sprintf(format, args...))
}

// warn tells of something valid that is hardly meant.
func (p *logScanner) warn(format string, args ...any) {
	if p.warning != "" {
		p.warning += "; "
	}
	p.warning += fmt.Sprintf(format, args...)
}

func (p *logScanner) expected(what string) error {
	if p.space(); p.rest() == "" {
		return p.wrong(p.at, "expected %s, found the pattern's end", what)
	}
	return p.wrong(p.at, "expected %s, found %s", what, showShort(p.rest()))
}

func isTermRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// quoted reads text in double quotes, which comes next. A backslash stands
// before a double quote and before itself; the documentation knows no others.
func (p *logScanner) quoted() (string, error) {
	open := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.source); p.at++ {
		switch c := p.source[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.source):
			next := p.source[p.at+1]
			if next != '"' && next != '\\' {
				return "", p.wrong(p.at, `a backslash in double quotes is written twice: \\`)
			}
			p.at++
			b.WriteByte(next)
		default:
			b.WriteByte(c)
		}
	}
	return "", p.wrong(open, "this double quote is never closed; a double quote inside the text is written %s", `\"`)
}

// inQuotes writes text the way quoted reads it.
func inQuotes(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isOtherQuote says whether a character is taken for a double quote and is none.
func isOtherQuote(r rune) bool { return strings.ContainsRune("'`´‘’‚“”„«»", r) }

// needsQuotes says that text, which begins at a byte of the pattern, holds
// characters that only double quotes allow.
func (p *logScanner) needsQuotes(at int, text, write string) error {
	for i, r := range text {
		switch {
		case isTermRune(r):
		case isOtherQuote(r):
			return p.wrong(at+i, `text stands in double quotes: "…"; %c is none`, r)
		default:
			return p.wrong(at+i, "%q needs double quotes around the text: only letters, digits and _ go without; write %s", r, write)
		}
	}
	return p.wrong(at, "%s needs double quotes", show(text))
}
