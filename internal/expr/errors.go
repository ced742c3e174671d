package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// SyntaxError says why a text is not an expression, a template or a path.
type SyntaxError struct {
	Offset int    // in bytes from the start of the text that was parsed
	Msg    string // what is wrong and what to write instead
}

func (e *SyntaxError) Error() string { return e.Msg }

func syntaxf(offset int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

// EvalError says why an expression has no value.
type EvalError struct {
	Expr    string // the expression's source
	Msg     string // names the path or the operation at fault
	Missing bool   // a name, a field or an element does not exist
	Err     error  // what a file, a Lazy document or the context reported; may be nil
	path    bool   // Expr is a check's path
}

func (e *EvalError) Error() string {
	if e.path {
		return shorten(e.Expr) + ": " + e.Msg
	}
	return "${" + shorten(e.Expr) + "}: " + e.Msg
}

func (e *EvalError) Unwrap() error { return e.Err }

// fault is an error inside an evaluation, before it is known which expression
// it belongs to.
type fault struct {
	msg     string
	missing bool // a path leads nowhere: what default() forgives
	current bool // and it starts at @: such an element is not selected
	cause   error
}

func (f *fault) Error() string { return f.msg }
func (f *fault) Unwrap() error { return f.cause }

func faultf(format string, args ...any) *fault {
	return &fault{msg: fmt.Sprintf(format, args...)}
}

func asFault(err error) (*fault, bool) {
	var f *fault
	ok := errors.As(err, &f)
	return f, ok
}

// isMissing reports whether err says that a path leads nowhere. An error that a
// lazy document reports is never one, whatever it wraps.
func isMissing(err error) bool {
	f, ok := asFault(err)
	return ok && f.missing
}

// isAbsent reports whether err says that the element a filter looks at lacks
// what the filter asks for.
func isAbsent(err error) bool {
	f, ok := asFault(err)
	return ok && f.missing && f.current
}

// evalError turns what went wrong inside an evaluation into what users see.
func evalError(source string, err error) *EvalError {
	if f, ok := asFault(err); ok {
		return &EvalError{Expr: strings.TrimSpace(source), Msg: f.msg, Missing: f.missing, Err: f.cause}
	}
	return &EvalError{Expr: strings.TrimSpace(source), Msg: err.Error(), Err: err}
}

// shorten keeps a quoted source within one line of a report.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	const most = 120
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// maxListed is how many existing names a message lists.
const maxListed = 12

// suggest says which name was probably meant and which names there are, as the
// end of a message: `; did you mean "stack"? it has region, stack`.
func suggest(name string, existing []string, lead string) string {
	var b strings.Builder
	if near := nearest.Name(name, existing); near != "" {
		fmt.Fprintf(&b, "; did you mean %q?", near)
	}
	if len(existing) == 0 {
		return b.String()
	}
	if b.Len() == 0 {
		b.WriteByte(';')
	}
	sorted := slices.Sorted(slices.Values(existing))
	rest := len(sorted) - maxListed
	if rest > 0 {
		sorted = sorted[:maxListed]
	}
	fmt.Fprintf(&b, " %s %s", lead, strings.Join(sorted, ", "))
	if rest > 0 {
		fmt.Fprintf(&b, " and %d more", rest)
	}
	return b.String()
}
