package mock

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lucasjones/reggen"
)

// pattern is a regular expression of a schema: one of ECMA-262, read as far as
// Go's can say the same.
type pattern struct {
	source string
	re     *regexp.Regexp
	tree   *syntax.Regexp
	plain  string // source as Go writes it
	why    string // why it cannot be used; "" when it can
}

// maxPattern is the longest pattern that is read, in bytes.
const maxPattern = 10_000

func readPattern(source string) *pattern {
	p := &pattern{source: source}
	if p.why = beyond(source); p.why != "" {
		return p
	}
	p.plain = goPattern(source)
	if len(p.plain) > maxPattern {
		p.why = fmt.Sprintf("it has more than %d characters", maxPattern)
		return p
	}
	var err error
	if p.re, err = regexp.Compile(p.plain); err != nil {
		p.why = strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return p
	}
	p.tree, _ = syntax.Parse(p.plain, syntax.Perl)
	return p
}

// String is the pattern as the schema writes it.
func (p *pattern) String() string { return p.source }

// MatchString says whether the pattern is found in a text; one that cannot be
// read is found nowhere, so that nothing passes it unseen.
func (p *pattern) MatchString(s string) bool { return p.re != nil && p.re.MatchString(s) }

// beyond names what Go's regular expressions do not have.
func beyond(source string) string {
	inClass := false
	for i := 0; i < len(source); i++ {
		rest := source[i:]
		switch {
		case source[i] == '\\' && i+1 < len(source):
			if c := source[i+1]; !inClass && (c >= '1' && c <= '9' || c == 'k') {
				return `it refers back to a group (\` + string(c) + `), which regular expressions without backtracking cannot do`
			}
			i++
		case inClass:
			inClass = source[i] != ']'
		case source[i] == '[':
			inClass = true
			if strings.HasPrefix(rest, "[]") || strings.HasPrefix(rest, "[^]") { // [] is nothing and [^] anything
				inClass = false
			}
		default:
			for _, look := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
				if strings.HasPrefix(rest, look) {
					return "it looks ahead or behind (" + look + "…)), which regular expressions without backtracking cannot do"
				}
			}
		}
	}
	return ""
}

var (
	hexEscape  = regexp.MustCompile(`^\\u([0-9a-fA-F]{4})`)
	longEscape = regexp.MustCompile(`^\\u\{([0-9a-fA-F]+)\}`)
	repeat     = regexp.MustCompile(`^\{(\d+)(,(\d*))?\}`)
)

// goPattern writes a pattern of ECMA-262 as Go reads it. What has no other way
// of writing stays as it is.
func goPattern(source string) string {
	var out strings.Builder
	atom := 0 // where the last atom begins in out
	var groups []int
	inClass := false
	for i := 0; i < len(source); {
		rest := source[i:]
		_, size := utf8.DecodeRuneInString(rest)
		piece, starts := rest[:size], !inClass
		switch {
		case rest[0] == '\\':
			piece, size = goEscape(rest, inClass)
		case inClass:
			inClass = rest[0] != ']'
			if rest[0] == '[' { // an ordinary character to ECMA, the beginning of [:alpha:] to Go
				piece = `\[`
			}
		case strings.HasPrefix(rest, "[^]"):
			piece, size = `[\s\S]`, 3
		case strings.HasPrefix(rest, "[]"):
			piece, size = `[^\s\S]`, 2
		case rest[0] == '[':
			inClass, atom, starts = true, out.Len(), false
			if strings.HasPrefix(rest, "[^") {
				piece, size = "[^", 2
			}
		case rest[0] == '(':
			groups, starts = append(groups, out.Len()), false
		case rest[0] == ')' && len(groups) > 0:
			atom, groups, starts = groups[len(groups)-1], groups[:len(groups)-1], false
		case strings.ContainsRune("*+?|^$", rune(rest[0])):
			starts = false
		case rest[0] == '{':
			if m := repeat.FindStringSubmatch(rest); m != nil {
				size, starts = len(m[0]), false
				piece = goRepeat(out.String()[atom:], m)
			}
		}
		if starts {
			atom = out.Len()
		}
		out.WriteString(piece)
		i += size
	}
	return out.String()
}

func goEscape(rest string, inClass bool) (piece string, size int) {
	for _, re := range []*regexp.Regexp{longEscape, hexEscape} {
		if m := re.FindStringSubmatch(rest); m != nil {
			return `\x{` + m[1] + `}`, len(m[0])
		}
	}
	if len(rest) < 2 {
		return rest, len(rest)
	}
	_, size = utf8.DecodeRuneInString(rest[1:])
	size++
	switch c := rest[1]; {
	case c == 'c' && len(rest) > 2 && unicode.IsLetter(rune(rest[2])):
		return fmt.Sprintf(`\x%02x`, rest[2]%32), 3
	case c == '0':
		return `\x00`, 2
	case c == 'b' && inClass:
		return `\x08`, 2
	case c == 'p' || c == 'P' || c == 'x':
		return rest[:2], 2
	case strings.IndexByte(`dDwWsSbBfnrtv`, c) >= 0:
		return rest[:2], 2
	case c < utf8.RuneSelf && !unicode.IsLetter(rune(c)) && !unicode.IsDigit(rune(c)):
		return rest[:2], 2
	}
	return regexp.QuoteMeta(rest[1:size]), size
}

// mostRepeats is how often Go lets one atom be repeated.
const mostRepeats = 1000

// goRepeat writes a repetition that Go finds too large as several in a row:
// what follows the atom, which stands there already.
func goRepeat(atom string, m []string) string {
	low, _ := strconv.Atoi(m[1])
	high, open := low, false
	if m[2] != "" {
		high, _ = strconv.Atoi(m[3])
		open = m[3] == ""
	}
	high = max(high, low)
	if high <= mostRepeats || high > 100_000 || len(atom) == 0 || len(atom)*(high/mostRepeats+1) > maxPattern {
		return m[0]
	}
	var b strings.Builder
	for first := true; high > 0 || first; first = false {
		l, h := min(low, mostRepeats), min(high, mostRepeats)
		low, high = low-l, high-h
		if !first {
			b.WriteString(atom)
		}
		if open && high == 0 {
			fmt.Fprintf(&b, "{%d,}", l)
			break
		}
		fmt.Fprintf(&b, "{%d,%d}", l, h)
	}
	return b.String()
}

// unlimited is a length without a limit.
const unlimited = 1 << 30

// text makes a text that the pattern is found in, low to high characters long
// and such as ok accepts. false when none was found.
func (p *pattern) text(r *rand.Rand, low, high int, spend func() error, ok func(string) bool) (string, bool) {
	const tries = 60
	limits := []int{3, 1, 6, 12}
	spare := ""
	for i := range tries {
		if spend() != nil {
			break
		}
		s := generate(p.plain, r, limits[i%len(limits)])
		if n := utf8.RuneCountInString(s); i%2 == 1 || n < low || n > high {
			if t := shape(p.tree, r, low, high); t != nil {
				s = generateRow(t, r)
			}
		}
		if n := utf8.RuneCountInString(s); n < low && low < unlimited {
			s += strings.Repeat("x", low-n) // a pattern without $ does not mind
		}
		if n := utf8.RuneCountInString(s); n < low || n > high {
			continue
		}
		if t := tidy(s); t != s && p.re.MatchString(t) && ok(t) {
			return t, true
		}
		plain := readable(s)
		if !plain && spare != "" || !p.re.MatchString(s) || !ok(s) {
			continue
		}
		if spare = s; plain || i > tries/4 {
			return s, true
		}
	}
	return spare, spare != ""
}

// tidy replaces what cannot be read.
func tidy(s string) string {
	if readable(s) {
		return s
	}
	runes := []rune(s)
	for i, c := range runes {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar || c > 0xffff || c == ' ' && (i == 0 || i == len(runes)-1) {
			runes[i] = rune('a' + i%26)
		}
	}
	return string(runes)
}

// generate has the library make a text from a pattern in Go's writing.
func generate(plain string, r *rand.Rand, limit int) string {
	g, err := reggen.NewGenerator(plain)
	if err != nil {
		return ""
	}
	g.SetSeed(r.Int64())
	return g.Generate(limit)
}

// generateRow makes a text of a pattern that shape gave: of what stands in a row
// piece by piece, since writing a long row as one pattern takes long.
func generateRow(re *syntax.Regexp, r *rand.Rand) string {
	if re.Op != syntax.OpConcat {
		return generate(re.String(), r, 1)
	}
	var b strings.Builder
	for i, n := 0, 0; i < len(re.Sub); i += n {
		sub := re.Sub[i]
		for n = 1; sub.Op != syntax.OpConcat && i+n < len(re.Sub) && re.Sub[i+n] == sub && n < mostRepeats; n++ {
		}
		if n == 1 {
			b.WriteString(generateRow(sub, r))
			continue
		}
		b.WriteString(generate(fmt.Sprintf("(?:%s){%d}", sub, n), r, 1))
	}
	return b.String()
}

// readable says whether a text can be read and typed.
func readable(s string) bool {
	for _, c := range s {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar || c > 0xffff {
			return false
		}
	}
	return strings.TrimSpace(s) == s
}
