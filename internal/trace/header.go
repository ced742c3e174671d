// Package trace is what X-Ray traces are: their ids, the header that carries one from call to call, their segments and
// the tree that these make. It calls nothing and knows no step.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// HeaderName is the HTTP header that carries a trace.
const HeaderName = "X-Amzn-Trace-Id"

// Header says which trace a call belongs to and which segment made it.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
type Header struct {
	Trace  string // 1-, eight hexadecimal digits of the time, -, 24 more
	Parent string // the segment's id, 16 hexadecimal digits; "" when none is named
}

// New begins a trace at a time, with the id of its first segment.
func New(at time.Time) Header {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails, by its documentation
	return Header{Trace: fmt.Sprintf("1-%08x-%s", at.Unix(), hex.EncodeToString(b[:12])), Parent: hex.EncodeToString(b[12:])}
}

// String is the header's value; the trace is always sampled.
func (h Header) String() string {
	parent := ""
	if h.Parent != "" {
		parent = ";Parent=" + h.Parent
	}
	return "Root=" + h.Trace + parent + ";Sampled=1"
}

var (
	idForm      = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)
	segmentForm = regexp.MustCompile(`^[0-9a-f]{16}$`)
	// w3cForm is an id, or a traceparent, as https://www.w3.org/TR/trace-context/ has them.
	w3cForm = regexp.MustCompile(`^(?:[0-9a-f]{2}-)?([0-9a-f]{8})([0-9a-f]{24})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$`)
)

// Parse reads a trace's id, or a header that names one.
func Parse(text string) (Header, error) {
	var h Header
	if !strings.Contains(text, "=") {
		h.Trace = strings.TrimSpace(text)
	}
	for part := range strings.SplitSeq(text, ";") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "Root":
			h.Trace = value
		case "Parent":
			h.Parent = value
		}
	}
	if !idForm.MatchString(h.Trace) {
		if m := w3cForm.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
			return Header{}, fmt.Errorf("%q is a trace in the form of W3C; the one of X-Ray is 1-%s-%s", text, m[1], m[2])
		}
		return Header{}, fmt.Errorf("%q is neither the id of an X-Ray trace, such as 1-581cf771-a006649127e371903a2de979, nor a trace header with one", text)
	}
	if h.Parent != "" && !segmentForm.MatchString(h.Parent) {
		return Header{}, fmt.Errorf("%q: the Parent of a trace header has 16 hexadecimal digits", text)
	}
	return h, nil
}

// Began is the time that a trace's id holds, to the second.
func Began(id string) (time.Time, bool) {
	if !idForm.MatchString(id) {
		return time.Time{}, false
	}
	at, err := strconv.ParseInt(id[2:10], 16, 64)
	return time.Unix(at, 0), err == nil
}

type headerKey struct{}

// With makes the calls under a context part of a trace.
func With(ctx context.Context, h Header) context.Context {
	return context.WithValue(ctx, headerKey{}, h)
}

// Without makes the calls under a context part of no trace.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, headerKey{}, nil)
}

// Of gives the trace that the calls under a context are part of.
func Of(ctx context.Context) (Header, bool) {
	h, ok := ctx.Value(headerKey{}).(Header)
	return h, ok
}
