package assertions

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxLogFilter is how long a filter pattern may be, in characters
// (CloudWatch Logs API reference, FilterLogEvents).
const maxLogFilter = 1024

// LogFilter is a compiled CloudWatch Logs filter pattern. It is safe for
// concurrent use.
type LogFilter struct {
	source  string
	matches func(message string) bool
}

// ParseLogFilter compiles a filter pattern: the empty one, terms, or the JSON
// form. Regular expressions between % and the form for space-delimited events
// are refused, so that nothing is let through or held back by mistake.
//
// Source: "Filter pattern syntax" of the CloudWatch Logs User Guide.
func ParseLogFilter(s string) (*LogFilter, error) {
	body := strings.TrimSpace(s)
	f := &LogFilter{source: s}
	if n := utf8.RuneCountInString(s); n > maxLogFilter {
		return nil, fmt.Errorf("a filter pattern has at most %d characters, this one %d", maxLogFilter, n)
	}
	var err error
	switch {
	case body == "":
		f.matches = func(string) bool { return true }
	case body[0] == '{':
		f.matches, err = parseJSONFilter(body)
	case body[0] == '[':
		err = errors.New("filter patterns for space-delimited events, such as [ip, user, code=404], are not supported by this version of rehearse; write terms or the JSON form, or look with matches")
	default:
		f.matches, err = parseTerms(body)
	}
	if err != nil {
		return nil, fmt.Errorf("the filter pattern %s is not valid here: %w", show(s), err)
	}
	return f, nil
}

// Matches says whether the pattern lets a log event's message through.
func (f *LogFilter) Matches(message string) bool { return f.matches(message) }

// String is the pattern as it was written.
func (f *LogFilter) String() string { return f.source }

var errRegex = errors.New("regular expressions between % are not supported by this version of rehearse; write terms, or look with matches")

// term is one word or phrase of a pattern of terms. Without a sign it must be in the
// message, of those with ? one must be, with - it must not.
// of several, -1 must not.
type term struct {
	text string
	sign byte // 0, '?' or '-'
}

// parseTerms reads words and "phrases": all must be in the message; of those
// with ? one; those with - must not.
func parseTerms(s string) (func(string) bool, error) {
	var terms []term
	signs := map[byte]bool{}
	for s != "" {
		t, rest, err := readTerm(s)
		if err != nil {
			return nil, err
		}
		terms, signs[t.sign] = append(terms, t), true
		s = strings.TrimLeft(rest, " \t\r\n")
	}
	if signs['?'] && len(signs) > 1 {
		return nil, errors.New("CloudWatch Logs ignores terms with ? beside other terms, so this is not what it seems; put ? before every term, or before none")
	}
	return func(message string) bool {
		for _, t := range terms {
			in := strings.Contains(message, t.text)
			switch {
			case t.sign == '?' && in:
				return true
			case t.sign == 0 && !in, t.sign == '-' && in:
				return false
			}
		}
		return !signs['?']
	}, nil
}

func readTerm(s string) (t term, rest string, err error) {
	if s[0] == '?' || s[0] == '-' {
		t.sign, s = s[0], s[1:]
	}
	switch {
	case s == "" || strings.ContainsRune(" \t\r\n", rune(s[0])):
		return t, "", fmt.Errorf("after %c a term must follow at once", t.sign)
	case s[0] == '%':
		return t, "", errRegex
	case s[0] == '"':
		t.text, rest, err = readQuoted(s)
		if err == nil && t.text == "" {
			err = errors.New(`"" is no term; leave it out`)
		}
		if err == nil && rest != "" && !strings.ContainsRune(" \t\r\n", rune(rest[0])) {
			err = fmt.Errorf("a space must follow the closing quote, found %s", show(rest))
		}
		return t, rest, err
	}
	end := strings.IndexAny(s, " \t\r\n")
	if end < 0 {
		end = len(s)
	}
	t.text, rest = s[:end], s[end:]
	if i := strings.IndexFunc(t.text, func(r rune) bool { return !isTermRune(r) }); i >= 0 {
		return t, "", fmt.Errorf(`a term with other characters than letters, digits and _ needs double quotes: "%s"`, strings.ReplaceAll(t.text, `"`, ""))
	}
	return t, rest, nil
}

func isTermRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// readQuoted reads text in double quotes at the beginning of s; \" and \\ stand
// for the characters themselves.
func readQuoted(s string) (text, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", fmt.Errorf("the quote before %s is never closed", show(strings.TrimPrefix(s, `"`)))
}

// LogFilterText is the type of a parameter that takes a filter pattern.
type LogFilterText string

// quoteFilter says what YAML needs when a pattern in braces was not quoted.
const quoteFilter = `put the pattern into single quotes, such as '{ $.level = "ERROR" }'`

// ReadNode reads a filter pattern and reports what is wrong with it, as soon as
// it has no open holes.
func (t *LogFilterText) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
		return
	case n.Kind == schema.Map || n.Kind == schema.List:
		p.Add(n.Pos, "a filter pattern is text, found %s; %s", n.Kind, quoteFilter)
		return
	case n.Kind != schema.Text:
		p.Add(n.Pos, "a filter pattern is text, found %s", describe(n))
		return
	case n.Open():
		return
	}
	if _, err := ParseLogFilter(n.Scalar); err != nil {
		p.Add(n.Pos, "%v", err)
	}
	*t = LogFilterText(n.Scalar)
}

// String names what stands for a filter pattern in a file.
func (t LogFilterText) String() string { return "a CloudWatch Logs filter pattern" }

// EditorSchema describes a filter pattern to editors.
func (t LogFilterText) EditorSchema() map[string]any { return map[string]any{"type": "string"} }
