package report

import (
	"fmt"
	"io"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// JSON writes the stream as it is, a line an event, as it happens. It
// implements event.Sink.
type JSON struct {
	w   io.Writer
	err error
}

// NewJSON gives a recorder that writes to w, which it does not buffer.
func NewJSON(w io.Writer) *JSON { return &JSON{w: w} }

// Emit writes an event. After the first error nothing more is written: a
// recording with a hole in it must not pass for a whole one.
func (j *JSON) Emit(e event.Event) {
	if j.err == nil {
		j.err = event.Write(j.w, e)
	}
}

// Err gives the first error of writing.
func (j *JSON) Err() error {
	if j.err != nil {
		return fmt.Errorf("the recording of the run could not be written: %w", j.err)
	}
	return nil
}
