package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// subsegment is the type of a subsegment that was sent in a document of its own.
const subsegment = "subsegment"

// document is a segment as X-Ray writes it.
type document struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	TraceID     string         `json:"trace_id"`
	ParentID    string         `json:"parent_id"`
	Origin      string         `json:"origin"`
	Namespace   string         `json:"namespace"`
	Type        string         `json:"type"`
	StartTime   json.Number    `json:"start_time"`
	EndTime     json.Number    `json:"end_time"`
	InProgress  bool           `json:"in_progress"`
	Inferred    bool           `json:"inferred"`
	Error       bool           `json:"error"`
	Fault       bool           `json:"fault"`
	Throttle    bool           `json:"throttle"`
	Cause       causeText      `json:"cause"`
	HTTP        httpDocument   `json:"http"`
	Annotations map[string]any `json:"annotations"`
	Metadata    map[string]any `json:"metadata"`
	Links       []linkDocument `json:"links"`
	Subsegments []*document    `json:"subsegments"`
}

type httpDocument struct {
	Response struct {
		Status int `json:"status"`
	} `json:"response"`
}

type linkDocument struct {
	TraceID    string         `json:"trace_id"`
	Attributes map[string]any `json:"attributes"`
}

// causeText is a cause as it is written: a document, or an exception's id alone.
type causeText Cause

func (c *causeText) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte(`"`)) {
		return json.Unmarshal(b, &c.Ref)
	}
	var doc struct {
		Message    string      `json:"message"`
		Exceptions []Exception `json:"exceptions"`
	}
	err := json.Unmarshal(b, &doc)
	c.Message, c.Exceptions = doc.Message, doc.Exceptions
	return err
}

// ParseSegment reads a segment document as X-Ray gives it. The error names the
// segment, or the subsegment in it, that cannot be used: one without id, name or
// start. One that ends before it starts took no time.
func ParseSegment(doc []byte) (*Segment, error) {
	var d *document
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	err := dec.Decode(&d)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return nil, fmt.Errorf("the segment document is no JSON object: found %s", wrongType.Value)
	case errors.As(err, &wrongType):
		return nil, fmt.Errorf("%s: %s cannot be %s", d.called(), wrongType.Field, wrongType.Value)
	case err != nil:
		return nil, fmt.Errorf("a segment document that is not JSON: %w", err)
	case d == nil:
		return nil, errors.New("the segment document is no JSON object: found null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: something follows the document", d.called())
	}
	return d.segment("")
}

// called names a segment for people.
func (d *document) called() string {
	kind := "segment"
	if d.Type == subsegment {
		kind = subsegment
	}
	return called(kind, d.Name, d.ID)
}

func called(kind, name, id string) string {
	switch {
	case id == "" && name == "":
		return "a " + kind + " without id and name"
	case id == "":
		return kind + " " + name
	case name == "":
		return kind + " " + id
	}
	return kind + " " + name + " (" + id + ")"
}

// segment checks what a document says. within names the segment around a subsegment.
func (d *document) segment(within string) (*Segment, error) {
	name := within + d.called()
	switch {
	case d.ID == "":
		return nil, fmt.Errorf("%s: it has no id", name)
	case d.Name == "":
		return nil, fmt.Errorf("%s: it has no name", name)
	case d.StartTime == "":
		return nil, fmt.Errorf("%s: it has no start_time", name)
	}
	s := &Segment{
		ID: d.ID, Name: d.Name, TraceID: d.TraceID, ParentID: d.ParentID,
		Origin: d.Origin, Namespace: d.Namespace, Type: d.Type, InProgress: d.InProgress, Inferred: d.Inferred,
		Error: d.Error, Fault: d.Fault, Throttle: d.Throttle, Cause: Cause(d.Cause),
		HTTPStatus:  d.HTTP.Response.Status,
		Annotations: d.Annotations, Metadata: d.Metadata,
	}
	var err error
	if s.Start, err = moment(d.StartTime); err != nil {
		return nil, fmt.Errorf("%s: start_time %w", name, err)
	}
	if d.EndTime != "" {
		if s.End, err = moment(d.EndTime); err != nil {
			return nil, fmt.Errorf("%s: end_time %w", name, err)
		}
		if s.End.Before(s.Start) {
			s.End = s.Start // its clock was set back meanwhile, which is nothing that a test should end with
		}
	}
	for _, l := range d.Links {
		kind, _ := l.Attributes[linkKind].(string)
		s.Links = append(s.Links, Link{TraceID: l.TraceID, Kind: kind})
	}
	for _, x := range d.Subsegments {
		if x == nil {
			continue
		}
		x.Type = subsegment
		sub, err := x.segment("in " + d.called() + ": ")
		if err != nil {
			return nil, err
		}
		s.Subsegments = append(s.Subsegments, sub)
	}
	return s, nil
}

// latest is the last time in seconds that can be meant; milliseconds are beyond it.
const latest = 1e11

// moment reads seconds since 1970. A float64 tells today's times to a quarter
// of a microsecond, so that rounding gives the microsecond that was written.
func moment(n json.Number) (time.Time, error) {
	f, err := n.Float64()
	if err != nil || !(f >= 0 && f < latest) {
		return time.Time{}, fmt.Errorf("%s is no time in seconds since 1970", n)
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), nil
}
