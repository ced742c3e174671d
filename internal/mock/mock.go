// Package mock makes JSON values from schemas, and holds values against them:
// OpenAPI 3 documents and JSON Schemas, as EventBridge's schema registry keeps
// them. It knows no AWS, no files and no clock, and all its randomness comes
// from its caller: the same schema, options and seed make the same value.
package mock

import (
	"math/rand/v2"
	"time"
)

// Form is how a schema document is written, by the registry's names.
// Source: https://docs.aws.amazon.com/eventbridge/latest/schema-reference/
type Form string

const (
	// Detected is the form that the document itself shows.
	Detected Form = ""
	// OpenAPI3 is an OpenAPI 3.0 or 3.1 document; its schemas stand in components/schemas.
	OpenAPI3 Form = "OpenApi3"
	// JSONSchema is a JSON Schema of the draft that its $schema names, draft-04 without one.
	JSONSchema Form = "JSONSchemaDraft4"
)

// Options are what Make goes by besides the schema.
type Options struct {
	// Rand is where all randomness comes from; nil is a source of its own with seed 0.
	Rand *rand.Rand
	// Now is the time of the event; dates are near it. The zero time is 2024-01-01T00:00:00Z.
	Now time.Time
	// RequiredOnly leaves out what may be left out.
	RequiredOnly bool
	// Set holds values by their paths, such as detail.state, $.detail.items[0].id
	// or ['detail-type']. They stand in the value as they are.
	Set map[string]any
}

// Violation is a place in a value that does not fit its schema.
type Violation struct {
	Where string // path of the place, such as detail.state or ['detail-type']; $ is the whole value
	What  string // in words
}

// String is the violation as a message shows it.
func (v Violation) String() string { return v.Where + ": " + v.What }
