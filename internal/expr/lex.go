package expr

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenName tokenKind = iota
	tokenNumber
	tokenText
	tokenSymbol
	tokenEnd
)

// token is one word of an expression. The lexer is stricter than gval's scanner
// and decides: gval's is led along the same boundaries.
type token struct {
	kind  tokenKind
	off   int
	end   int
	text  string // as written
	value string // of a text literal: what it stands for
	runes int
}

const (
	maxSource = 64 << 10 // bytes of one expression
	maxNested = 64       // brackets inside brackets
)

// lexMode says where an expression ends and what its names are made of.
type lexMode uint8

const (
	lexExpr lexMode = iota
	lexHole         // ends at the } that closes it
	lexPath         // outside brackets, names may hold dashes
)

type opening struct {
	char byte
	off  int
}

type lexer struct {
	src  string
	mode lexMode
	pos  int
	toks []token
	open []opening
}

// lex splits src into words. With lexHole it stops at the closing brace, and
// end is its offset; otherwise end is len(src).
func lex(src string, mode lexMode) (toks []token, end int, err error) {
	l := &lexer{src: src, mode: mode, toks: make([]token, 0, 4+min(len(src)/6, 28))}
	if mode != lexHole && len(src) > maxSource {
		return nil, 0, syntaxf(0, "longer than %d bytes", maxSource)
	}
	for {
		done, err := l.next()
		if err != nil {
			return nil, 0, err
		}
		if l.pos > maxSource {
			return nil, 0, syntaxf(0, "longer than %d bytes", maxSource)
		}
		if done {
			l.toks = append(l.toks, token{kind: tokenEnd, off: l.pos, end: l.pos})
			return l.toks, l.pos, nil
		}
	}
}

// next reads one word; done says that the expression has ended before l.pos.
func (l *lexer) next() (done bool, err error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos == len(l.src) {
		return l.atEnd()
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	switch {
	case r == '"' || r == '\'' || r == '`':
		return false, l.quoted(byte(r))
	case r >= '0' && r <= '9':
		return false, l.number()
	case isNameRune(r, true):
		l.name()
		return false, nil
	}
	return l.symbol(r)
}

func (l *lexer) atEnd() (bool, error) {
	if n := len(l.open); n > 0 {
		return false, syntaxf(l.open[n-1].off, "%q is not closed", l.open[n-1].char)
	}
	if l.mode == lexHole {
		return false, syntaxf(-2, `"${" is not closed with "}"; for a literal "${" write "$${"`)
	}
	return true, nil
}

func (l *lexer) add(kind tokenKind, end int) *token {
	text := l.src[l.pos:end]
	l.toks = append(l.toks, token{kind: kind, off: l.pos, end: end, text: text, runes: utf8.RuneCountInString(text)})
	l.pos = end
	return &l.toks[len(l.toks)-1]
}

func isNameRune(r rune, first bool) bool {
	return unicode.IsLetter(r) || r == '_' || !first && unicode.IsDigit(r)
}

func (l *lexer) name() {
	dashes := l.mode == lexPath && len(l.open) == 0
	end := l.pos
	for end < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[end:])
		if !isNameRune(r, end == l.pos) && !(dashes && r == '-' && end > l.pos) {
			break
		}
		end += size
	}
	l.add(tokenName, end)
}

// number takes JSON's syntax only: what YAML or Go would read as octal,
// hexadecimal or grouped is refused.
func (l *lexer) number() error {
	if n := len(l.toks); n > 0 && l.toks[n-1].text == "." && l.toks[n-1].end == l.pos {
		if n == 1 || l.toks[n-2].kind == tokenSymbol && !strings.Contains(")]}$@", l.toks[n-2].text) {
			return syntaxf(l.pos-1, "a number begins with a digit, as in 0.5")
		}
		return syntaxf(l.pos, `a name cannot begin with a digit here; write [0] for an element and ["0a"] for a field`)
	}
	end := l.pos + numberPrefix(l.src[l.pos:])
	rest, _ := utf8.DecodeRuneInString(l.src[end:])
	if end < len(l.src) && (isNameRune(rest, false) || rest == '.') {
		for end < len(l.src) && (l.src[end] == '.' || l.src[end] == '_' || isASCIIAlnum(l.src[end])) {
			end++
		}
		return syntaxf(l.pos, "%s is not a number as JSON writes it; if it is text, quote it", shorten(l.src[l.pos:end]))
	}
	l.add(tokenNumber, end)
	return nil
}

func isASCIIAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

var (
	symbols2 = []string{"==", "!=", "<=", ">=", "&&", "||", "=~", "!~", "??", "**"}
	// wrong2 are symbols of other languages that begin as ours do.
	wrong2 = []string{"===", "!==", "<>", "->", "++", "+=", "-=", "*=", "/=", ":=", "?.", "//", "/*"}
)

func (l *lexer) symbol(r rune) (done bool, err error) {
	rest := l.src[l.pos:]
	before := l.before()
	if len(rest) >= 2 && before != "." {
		if strings.IndexByte("=>+./*", rest[1]) >= 0 && slices.ContainsFunc(wrong2, func(s string) bool { return strings.HasPrefix(rest, s) }) {
			return false, l.strange(r)
		}
		for _, s := range symbols2 {
			if strings.HasPrefix(rest, s) {
				l.add(tokenSymbol, l.pos+2)
				return false, nil
			}
		}
	}
	switch r {
	case '(', '[', '{':
		if len(l.open) >= maxNested {
			return false, syntaxf(l.pos, "more than %d brackets inside one another", maxNested)
		}
		l.open = append(l.open, opening{byte(r), l.pos})
	case ')', ']', '}':
		if done, err := l.closing(byte(r)); done || err != nil {
			return done, err
		}
	case '.', ',', ':', '?', '+', '-', '*', '/', '%', '<', '>', '!', '@':
	case '$':
		if strings.HasPrefix(rest, "${") {
			if l.mode == lexPath {
				return false, syntaxf(l.pos, pathIsFixed)
			}
			return false, syntaxf(l.pos, `an expression stands inside "${…}" already; leave the inner "${" out`)
		}
	default:
		return false, l.strange(r)
	}
	l.add(tokenSymbol, l.pos+1)
	return false, nil
}

// before is the word before the one that is read; empty at the start.
func (l *lexer) before() string {
	if n := len(l.toks); n > 0 {
		return l.toks[n-1].text
	}
	return ""
}

func (l *lexer) strange(r rune) error {
	if hint := symbolHint(l.before(), l.src[l.pos:]); hint != "" {
		return syntaxf(l.pos, "%s", hint)
	}
	if strings.ContainsRune("“”„‘’", r) {
		return syntaxf(l.pos, `%c is a typographic quote; write " or '`, r)
	}
	if !unicode.IsPrint(r) || r == utf8.RuneError {
		return syntaxf(l.pos, "character U+%04X cannot stand here", r)
	}
	return syntaxf(l.pos, "%q means nothing in an expression", string(r))
}

func (l *lexer) closing(c byte) (done bool, err error) {
	n := len(l.open)
	if n == 0 {
		if c == '}' && l.mode == lexHole {
			return true, nil
		}
		return false, syntaxf(l.pos, "%q closes nothing", c)
	}
	want := map[byte]byte{'(': ')', '[': ']', '{': '}'}[l.open[n-1].char]
	if c == '}' && l.mode == lexHole && !slices.ContainsFunc(l.open, func(o opening) bool { return o.char == '{' }) {
		return false, syntaxf(l.open[n-1].off, "%q is not closed", l.open[n-1].char) // the } ends the expression
	}
	if c != want {
		return false, syntaxf(l.pos, "%q stands where %q should close the %q before it", c, want, l.open[n-1].char)
	}
	l.open = l.open[:n-1]
	return false, nil
}

const (
	pathIsFixed = `a check's path is never expanded; put the "${…}" into what is expected there, or select with match or where`
	textIsFixed = `"${" inside a text of an expression is not filled in; leave quotes and braces out, and join texts with "+", as in "a " + text(x); for a literal "${" write "$${"`
)

// quoted reads a text literal. Single and double quotes mean the same and take
// JSON's escapes and \'; between backquotes nothing is an escape. As
// everywhere, "$${" is a literal "${".
func (l *lexer) quoted(quote byte) error {
	var value strings.Builder
	for i := l.pos + 1; i < len(l.src); {
		c := l.src[i]
		switch {
		case c == quote:
			l.add(tokenText, i+1).value = value.String()
			return nil
		case c == '\\' && quote != '`':
			r, size, ok := unescape(l.src[i:])
			if !ok {
				return syntaxf(i, "the text holds an unknown escape; for a backslash write \\\\, or put the text between backquotes: `\\d+`")
			}
			value.WriteRune(r)
			i += size
		case strings.HasPrefix(l.src[i:], "$${"):
			value.WriteString("${")
			i += len("$${")
		case strings.HasPrefix(l.src[i:], "${"):
			if l.mode == lexPath {
				return syntaxf(i, pathIsFixed)
			}
			return syntaxf(i, textIsFixed)
		case c < utf8.RuneSelf:
			value.WriteByte(c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(l.src[i:])
			if r == utf8.RuneError && size == 1 {
				return syntaxf(i, "the text is not UTF-8")
			}
			value.WriteString(l.src[i : i+size])
			i += size
		}
	}
	return syntaxf(l.pos, "the text that begins with %c is not closed", quote)
}

// unescape decodes the escape at the start of s.
func unescape(s string) (r rune, size int, ok bool) {
	if len(s) < 2 {
		return 0, 0, false
	}
	const plain, stands = `"'\/bfnrt`, "\"'\\/\b\f\n\r\t"
	if i := strings.IndexByte(plain, s[1]); i >= 0 {
		return rune(stands[i]), 2, true
	}
	if r, ok = hex4(s); !ok {
		return 0, 0, false
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, true
	}
	low, ok := hex4(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0, false
	}
	return r, 12, true
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
