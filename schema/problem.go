// Package schema is what a user writes: it finds the files, reads them into
// nodes that keep their positions, checks nodes against the shapes of Go types
// and describes those shapes to editors. It knows no kind of step and no AWS.
package schema

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a file. Line and Col count from 1; Col counts characters.
// A zero Line means the file as a whole.
type Pos struct {
	File      string
	Line, Col int
	// Via is where the alias, or the use of a steps file, stands through which
	// this place was reached.
	Via *Pos
}

// String gives file:line:column.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	s := fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	switch {
	case p.Via == nil:
	case p.Via.File != p.File:
		s += fmt.Sprintf(" (used at %s:%d:%d)", p.Via.File, p.Via.Line, p.Via.Col)
	default:
		s += fmt.Sprintf(" (used at line %d, column %d)", p.Via.Line, p.Via.Col)
	}
	return s
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	Pos     Pos
	Message string
	// Warning marks what does not keep the file from running.
	Warning bool
}

// Error gives file:line:column: message.
func (p Problem) Error() string { return p.Pos.String() + ": " + p.Message }

// Problems gathers everything that is wrong, so that it can be said at once.
// The zero value is ready; it is not safe for concurrent use.
type Problems struct {
	list   []Problem
	errors int // of the list
}

// maxMessage is how many bytes of a message are kept: a file can hold a key or
// a text of any length.
const maxMessage = 2000

// Add records an error at a place.
func (p *Problems) Add(at Pos, format string, args ...any) {
	p.errors++
	p.list = append(p.list, Problem{Pos: at, Message: bounded(format, args)})
}

// Warn records something that deserves a look but does not keep the file from running.
func (p *Problems) Warn(at Pos, format string, args ...any) {
	p.list = append(p.list, Problem{Pos: at, Message: bounded(format, args), Warning: true})
}

func bounded(format string, args []any) string {
	s := fmt.Sprintf(format, args...)
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage/2], "") + " … " + strings.ToValidUTF8(s[len(s)-maxMessage/2:], "")
}

// Len is how many problems there are, warnings included.
func (p *Problems) Len() int { return len(p.list) }

// Errors is how many of the problems keep the files from running.
func (p *Problems) Errors() int { return p.errors }

// Merge adds another's problems.
func (p *Problems) Merge(o *Problems) {
	p.list = append(p.list, o.list...)
	p.errors += o.errors
}

// Sorted gives the problems by file and place, each once.
func (p *Problems) Sorted() []Problem {
	l := append([]Problem(nil), p.list...)
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i].Pos, l[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	out := l[:0]
	seen := map[string]bool{}
	for _, x := range l {
		if k := x.Error(); !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return out
}

// Err gives the problems as one error, nil when none of them is an error.
func (p *Problems) Err() error {
	if p.Errors() == 0 {
		return nil
	}
	return &InvalidError{Problems: p.Sorted()}
}

// InvalidError says that what the user wrote cannot run.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	l := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		l = append(l, p.Error())
	}
	return strings.Join(l, "\n")
}
