package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ParseJSON reads one JSON document, numbers kept as they are written.
func ParseJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON document")
	}
	return v, nil
}

// ParseText parses text that is a JSON document and leaves other text as it
// is: what AWS holds as text are payloads, bodies and messages of both sorts.
func ParseText(s string) any {
	if v, err := ParseJSON([]byte(s)); err == nil {
		return v
	}
	return s
}
