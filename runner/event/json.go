package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

type header Event

// MarshalJSON writes the header's fields and, after them, the body's.
func (e Event) MarshalJSON() ([]byte, error) {
	head, err := encode(header(e))
	if err != nil || e.Body == nil {
		return head, err
	}
	body, err := encode(e.Body)
	if err != nil {
		return nil, err
	}
	if len(body) > len("{}") {
		head = append(head[:len(head)-1], ',')
		head = append(head, body[1:]...)
	}
	return head, nil
}

// encode writes JSON without turning <, > and & into escapes: people read the stream.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads an event; numbers in documents stay as they were
// written. An event of a type that is not known keeps its header only.
func (e *Event) UnmarshalJSON(b []byte) error {
	var h header
	if err := decode(b, &h); err != nil {
		return err
	}
	*e = Event(h)
	if make, ok := bodies[e.Type]; ok {
		e.Body = make()
		return decode(b, e.Body)
	}
	return nil
}

func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(into)
}

// Write writes one event as a line.
func Write(w io.Writer, e Event) error {
	b, err := e.MarshalJSON()
	if err != nil {
		return fmt.Errorf("event %d (%s): %w", e.Seq, e.Type, err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
