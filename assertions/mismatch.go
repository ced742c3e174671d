package assertions

import "github.com/rehearse-dev/rehearse/schema"

// Mismatch is one check that does not hold. It goes into the event stream as it is.
type Mismatch struct {
	Path     string       `json:"path"` // as the user wrote it; inside a parsed text "message > $.a"
	Op       string       `json:"op"`
	Expected any          `json:"expected,omitempty"`
	Found    any          `json:"found,omitempty"` // left out when missing
	Missing  bool         `json:"missing,omitempty"`
	Diff     []Difference `json:"diff,omitempty"` // the differing fields of documents
	Message  string       `json:"message"`        // one sentence that stands alone
	Pos      schema.Pos   `json:"-"`              // where the operator stands
}

// Difference says what does not hold as a difference between documents: of a
// document that was looked into, in the sentence that says where.
func (m Mismatch) Difference() Difference {
	d := Difference{Path: m.Path, Expected: m.Expected, Found: m.Found, Kind: Changed}
	if m.Missing {
		d.Kind = Missing
	}
	if m.Op != "equals" {
		d.Expected = map[string]any{m.Op: m.Expected}
	}
	if len(m.Diff) > 0 {
		d.Message = m.Message
	}
	return d
}

// Difference is one place in which two documents differ.
type Difference struct {
	Path     string `json:"path"` // $ is the whole document
	Expected any    `json:"expected,omitempty"`
	Found    any    `json:"found,omitempty"`
	Kind     string `json:"kind"` // changed, missing, extra or type
	// Message says it in words where plain values would not do, as for an event
	// pattern. It names the path and stands alone.
	Message string `json:"message,omitempty"`
}

// The kinds of a difference.
const (
	Changed = "changed" // another value of the same type
	Missing = "missing" // expected and not there
	Extra   = "extra"   // there and not expected
	Type    = "type"    // a value of another type
)

// Result is one check with its outcome, as the event stream lists it.
type Result struct {
	Path     string       `json:"path"`
	Op       string       `json:"op"`
	Expected any          `json:"expected,omitempty"`
	Found    any          `json:"found,omitempty"`
	Diff     []Difference `json:"diff,omitempty"`
	OK       bool         `json:"ok"`
}
