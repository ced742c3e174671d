package assertions

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxLogRegexes is a quota of the JSON form and of the one for
	// space-delimited messages.
	maxLogRegexes = 2
	// maxLogRepeats bounds the counts of all {m,n} of one regular expression
	// together, so that a look at a long message stays short. The documentation
	// names no bound; this is the one of POSIX for a single count.
	maxLogRepeats = 255
	// The characters that the documentation allows, beside letters and digits.
	// The space is not in its list but in one of its examples.
	logRegexSymbols   = ":_#=@/;,- "
	logRegexOperators = `^$?[]{}|\*+.`
)

// logRegexp is a regular expression of a filter pattern.
type logRegexp struct {
	source string // with its %
	re     *regexp.Regexp
}

// regex reads %…%, which comes next. Each construct is checked and written in
// the syntax of RE2, which takes time in proportion to the text, whatever the expression.
func (p *logScanner) regex() (logRegexp, error) {
	open := p.at
	end := strings.IndexByte(p.source[open+1:], '%')
	switch {
	case end < 0:
		return logRegexp{}, p.wrong(open, "the %% before this regular expression has no %% behind it")
	case end == 0:
		return logRegexp{}, p.wrong(open, "between %% and %% stands no regular expression")
	}
	end += open + 1
	r := logRegexReader{p: p, end: end}
	p.at = open + 1
	for p.at < end {
		if err := r.next(); err != nil {
			return logRegexp{}, err
		}
	}
	if err := r.endAlternative(); err != nil {
		return logRegexp{}, err
	}
	p.at = end + 1
	re, err := regexp.Compile("(?s)" + r.out.String())
	if err != nil {
		return logRegexp{}, p.wrong(open, "this regular expression cannot be used: %v", err)
	}
	return logRegexp{p.source[open:p.at], re}, nil
}

// fewRegexes counts a regular expression of a form that takes two.
func (p *logScanner) fewRegexes(at int) error {
	if p.regexes++; p.regexes > maxLogRegexes {
		return p.wrong(at, "a filter pattern has at most %d regular expressions", maxLogRegexes)
	}
	return nil
}

// logRegexReader turns a regular expression into RE2's syntax.
type logRegexReader struct {
	p       *logScanner
	end     int // the byte of the closing %
	out     strings.Builder
	repeats int
	atoms   int  // of this alternative
	begun   bool // this alternative has something in it
	again   bool // the last thing can be repeated
	over    bool // $ was read
}

func (r *logRegexReader) wrong(format string, args ...any) error {
	return r.p.wrong(r.p.at, format, args...)
}

// char is the next character, 0 at the end.
func (r *logRegexReader) char() rune {
	if r.p.at >= r.end {
		return 0
	}
	c, _ := utf8.DecodeRuneInString(r.p.rest())
	return c
}

// next reads one construct.
func (r *logRegexReader) next() error {
	c := r.char()
	if r.over && c != '|' {
		r.p.at--
		return r.wrong(`$ stands for the end of the text, so nothing can follow it; for the character write \$`)
	}
	switch c {
	case '|':
		if err := r.endAlternative(); err != nil {
			return err
		}
		r.atoms, r.begun, r.again, r.over = 0, false, false, false
		return r.write("|", 1)
	case '^':
		if r.begun {
			return r.wrong(`^ stands for the beginning of the text, so nothing can come before it; for the character write \^`)
		}
		r.begun = true
		return r.write("^", 1)
	case '$':
		r.over, r.again = true, false
		return r.write("$", 1)
	case '*', '+', '?', '{':
		return r.repeat(c)
	case ']', '}':
		return r.wrong(`nothing is open that %c could close; for the character write \%[1]c`, c)
	case '[':
		return r.class()
	case '.':
		return r.atom(".", 1)
	case '\\':
		written, size, _, err := r.escape()
		if err != nil {
			return err
		}
		return r.atom(written, size)
	}
	if err := r.allowed(c); err != nil {
		return err
	}
	return r.atom(regexp.QuoteMeta(string(c)), 1)
}

func (r *logRegexReader) write(s string, size int) error {
	r.out.WriteString(s)
	r.p.at += size
	return nil
}

func (r *logRegexReader) atom(s string, size int) error {
	r.atoms++
	r.begun, r.again = true, true
	return r.write(s, size)
}

// endAlternative refuses an alternative that every message would match.
func (r *logRegexReader) endAlternative() error {
	if r.atoms == 0 {
		return r.wrong(`here stands nothing to look for, which every message would match; for the character | write \|`)
	}
	return nil
}

// allowed refuses characters that the documentation does not list.
func (r *logRegexReader) allowed(c rune) error {
	switch {
	case c == '(' || c == ')':
		return r.wrong(`regular expressions of filter patterns know no parentheses; for the character write \x%02X, and each alternative of a group in full, as in %%gray|grey%%`, c)
	case c >= utf8.RuneSelf:
		return r.wrong("%q is no ASCII character, which regular expressions of filter patterns do not take; write . for any character, or look for the text as a term in double quotes", c)
	case isTermRune(c) || strings.ContainsRune(logRegexSymbols, c):
		return nil
	}
	return r.wrong(`%q is not allowed in regular expressions of filter patterns; write \x%02X`, c, c)
}

// escape reads a backslash and what it stands before. many says that it stands
// for a set of characters.
func (r *logRegexReader) escape() (written string, size int, many bool, err error) {
	if r.p.at+1 >= r.end {
		return "", 0, false, r.wrong(`a backslash stands before an operator, and nothing follows it here; for the character write \\`)
	}
	c, n := utf8.DecodeRuneInString(r.p.rest()[1:])
	switch {
	case strings.ContainsRune("dDsSwW", c):
		return `\` + string(c), 1 + n, true, nil
	case c == 'x':
		hex := r.p.source[min(r.p.at+2, r.end):min(r.p.at+4, r.end)]
		code, bad := strconv.ParseUint(hex, 16, 8)
		if len(hex) != 2 || bad != nil || hex != strings.ToUpper(hex) || code >= utf8.RuneSelf {
			return "", 0, false, r.wrong(`behind \x stand two digits from 0 to 9 and A to F, from 00 to 7F, as in \x28`)
		}
		return `\x` + hex, 4, false, nil
	case strings.ContainsRune(logRegexOperators, c):
		return `\` + string(c), 1 + n, false, nil
	case c == '-': // an operator within brackets
		return `\-`, 1 + n, false, nil
	case c == '(' || c == ')':
		return "", 0, false, r.wrong(`for the character %c write \x%02X`, c, c)
	case strings.ContainsRune(logRegexSymbols, c):
		return "", 0, false, r.wrong("%q needs no backslash: only operators do", c)
	}
	return "", 0, false, r.wrong(`regular expressions of filter patterns do not know \%c; they know \d \D \s \S \w \W, \x28 and a backslash before one of %s`, c, logRegexOperators)
}

// repeat reads ?, *, + or {m,n}.
func (r *logRegexReader) repeat(c rune) error {
	if !r.again {
		return r.wrong(`%c repeats what comes before it, and here comes nothing that could be repeated; for the character write \%[1]c`, c)
	}
	if c != '{' {
		r.again = false
		return r.write(string(c), 1)
	}
	const takes = `{ begins a count, such as {2}, {2,}, {,5} or {2,5}, without spaces; for the character write \{`
	body, _, closed := strings.Cut(r.p.source[r.p.at+1:r.end], "}")
	low, high, pair := strings.Cut(body, ",")
	if !closed || low+high == "" {
		return r.wrong(takes)
	}
	if !pair {
		high = low
	}
	if low == "" {
		low = "0"
	}
	m, err1 := strconv.ParseUint(low, 10, 31)
	n, err2 := m, error(nil)
	if high != "" {
		n, err2 = strconv.ParseUint(high, 10, 31)
	}
	switch {
	case err1 != nil || err2 != nil:
		return r.wrong(takes)
	case m > n:
		return r.wrong("the lower count comes first: {%d,%d}", n, m)
	case n == 0 && high != "":
		return r.wrong("{%s} repeats nothing; leave it and what comes before it out", body)
	}
	if r.repeats += int(n); r.repeats > maxLogRepeats {
		return r.wrong("the counts of a regular expression may add up to %d at most", maxLogRepeats)
	}
	r.again = false
	if high == "" {
		return r.write(fmt.Sprintf("{%d,}", m), len(body)+2)
	}
	return r.write(fmt.Sprintf("{%d,%d}", m, n), len(body)+2)
}

// class reads [abc], [a-z], [^abc].
func (r *logRegexReader) class() error {
	open := r.p.at
	r.p.at++
	var b strings.Builder
	b.WriteByte('[')
	if r.char() == '^' {
		b.WriteByte('^')
		r.p.at++
	}
	first := r.p.at
	for r.char() != ']' {
		if r.p.at >= r.end {
			return r.p.wrong(open, `this [ is never closed; for the character write \[`)
		}
		if err := r.member(&b, first); err != nil {
			return err
		}
	}
	if r.p.at == first {
		return r.p.wrong(open, `between these brackets stands no character; for the character ] write \]`)
	}
	b.WriteByte(']')
	return r.atom(b.String(), 1)
}

// member reads one character or range of a class.
func (r *logRegexReader) member(b *strings.Builder, first int) error {
	at := r.p.at
	if r.char() == '-' && at != first && !strings.HasPrefix(r.p.rest(), "-]") {
		return r.wrong(`a hyphen within brackets stands first or last; elsewhere write \-`)
	}
	low, many, err := r.single()
	if err != nil {
		return err
	}
	if r.char() != '-' || strings.HasPrefix(r.p.rest(), "-]") {
		b.WriteString(low)
		return nil
	}
	r.p.at++
	high, manyHigh, err := r.single()
	switch {
	case err != nil:
		return err
	case many || manyHigh:
		return r.p.wrong(at, `a range goes from one character to another, as in a-z; for a hyphen write \-`)
	case codeOf(low) > codeOf(high):
		return r.p.wrong(at, "this range goes backwards: the lower character comes first, as in a-z")
	}
	b.WriteString(low + "-" + high)
	return nil
}

// single reads one character of a class, as \xhh, or a set such as \d.
func (r *logRegexReader) single() (written string, many bool, err error) {
	c := r.char()
	if r.p.at >= r.end {
		return "", false, r.wrong(`the brackets are never closed: a ] is missing`)
	}
	if c == '\\' {
		written, size, many, err := r.escape()
		r.p.at += size
		if err == nil && !many && !strings.HasPrefix(written, `\x`) {
			written = fmt.Sprintf(`\x%02X`, written[1])
		}
		return written, many, err
	}
	if c == '[' {
		return "", false, r.wrong(`within brackets the character [ is written \[`)
	}
	if !strings.ContainsRune(logRegexOperators, c) {
		if err := r.allowed(c); err != nil {
			return "", false, err
		}
	}
	r.p.at++
	return fmt.Sprintf(`\x%02X`, c), false, nil
}

// codeOf is the character that \xhh stands for.
func codeOf(written string) uint64 {
	code, err := strconv.ParseUint(strings.TrimPrefix(written, `\x`), 16, 8)
	if err != nil {
		panic("assertions: not a character in hexadecimal: " + written)
	}
	return code
}
