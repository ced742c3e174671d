package assertions

import (
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
	warning string
	form    logForm
}

// logForm is a filter pattern in one of its forms: terms, a regular
// expression, the JSON form or the form for space-delimited messages.
type logForm interface {
	matches(message string) bool
	// reasons says why a message does not match; nothing when it does.
	reasons(message string) []Reason
}

// ParseLogFilter compiles a filter pattern. What CloudWatch Logs refuses, and
// what its documentation leaves open, is an error that names the column and
// what to write.
//
// Source: "Filter pattern syntax for metric filters, subscription filters,
// filter log events, and Live Tail" of the CloudWatch Logs User Guide, with its
// pages on regular expressions, unstructured, JSON and space-delimited events.
func ParseLogFilter(s string) (*LogFilter, error) {
	if n := utf8.RuneCountInString(s); n > maxLogFilter {
		return nil, fmt.Errorf("a filter pattern has at most %d characters, this one %d", maxLogFilter, n)
	}
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("the filter pattern %s is not valid UTF-8 text", show(s))
	}
	p := &logScanner{source: s}
	form, err := p.form()
	if err != nil {
		return nil, fmt.Errorf("the filter pattern %s is wrong at %w", show(s), err)
	}
	return &LogFilter{source: s, warning: p.warning, form: form}, nil
}

// form reads the form that the first character tells.
func (p *logScanner) form() (logForm, error) {
	p.space()
	switch {
	case p.rest() == "":
		return logEverything{}, nil
	case strings.HasPrefix(p.rest(), "{"):
		return p.jsonForm()
	case strings.HasPrefix(p.rest(), "["):
		return p.fieldsForm()
	case strings.HasPrefix(p.rest(), "%"):
		return p.regexForm()
	}
	return p.termsForm()
}

// Matches says whether the pattern lets a log event's message through.
func (f *LogFilter) Matches(message string) bool { return f.form.matches(message) }

// Explain says why the pattern does not let a message through, condition by
// condition in the order of the pattern; nothing when it does.
func (f *LogFilter) Explain(message string) []Reason {
	if f.form.matches(message) {
		return nil
	}
	return f.form.reasons(message)
}

// Warning says in what a valid pattern is hardly what was meant; "" for most.
func (f *LogFilter) Warning() string { return f.warning }

// String is the pattern as it was written.
func (f *LogFilter) String() string { return f.source }

// logEverything is the empty pattern.
type logEverything struct{}

func (logEverything) matches(string) bool     { return true }
func (logEverything) reasons(string) []Reason { return nil }

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
	case n.Kind == schema.List:
		p.Add(n.Pos, "a filter pattern is text, found a list; put the pattern into single quotes, such as '[ip, user, ...]', or '\"[ERROR]\"' for the text [ERROR]")
		return
	case n.Kind == schema.Map:
		p.Add(n.Pos, "a filter pattern is text, found a mapping; %s", quoteFilter)
		return
	case n.Kind != schema.Text:
		p.Add(n.Pos, "a filter pattern is text, found %s", describe(n))
		return
	case n.Open():
		return
	}
	f, err := ParseLogFilter(n.Scalar)
	switch {
	case err != nil:
		p.Add(n.Pos, "%v", err)
	case f.Warning() != "":
		p.Warn(n.Pos, "%s", f.Warning())
	}
	*t = LogFilterText(n.Scalar)
}

// String names what stands for a filter pattern in a file.
func (t LogFilterText) String() string { return "a CloudWatch Logs filter pattern" }

// EditorSchema describes a filter pattern to editors.
func (t LogFilterText) EditorSchema() map[string]any { return map[string]any{"type": "string"} }
