package trace

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Segment is a segment of a trace, or one of its subsegments.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
type Segment struct {
	ID, Name, TraceID string
	ParentID          string // of a segment or subsegment; "" for a root and for what stands inside another
	Origin            string // the kind of resource, such as AWS::Lambda::Function; segments only
	Namespace         string // of subsegments: aws, remote or nothing
	Type              string // "subsegment" for a subsegment that was sent alone

	Start, End time.Time // to the microsecond; End is zero until it is known
	InProgress bool
	Inferred   bool // X-Ray made it from the subsegment of a caller

	Error, Fault, Throttle bool // the client's fault, the server's, too many requests
	Cause                  Cause
	HTTPStatus             int // that it answered; 0 when it is not known

	Annotations, Metadata map[string]any // numbers are json.Number
	Links                 []Link
	Subsegments           []*Segment
}

// Ended says whether its end is known.
func (s *Segment) Ended() bool { return !s.InProgress && !s.End.IsZero() }

// Cause is why a segment failed: its exceptions, or the id of one that another
// segment of the trace tells of.
type Cause struct {
	Ref        string // 16 hexadecimal digits
	Message    string
	Exceptions []Exception
}

// Exception is one error that a segment met.
type Exception struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Link leads from a segment to another trace.
type Link struct {
	TraceID string
	Kind    string // "child", "parent" or ""
}

// The kind of a link stands among its attributes.
const (
	linkKind   = "aws.xray.reserved.reference_type"
	linkParent = "parent"
)

// Linked gives the ids of the traces that these segments and their subsegments
// lead on to, sorted. Links of kind "parent" lead back to where a segment came
// from, often into the traces of others (a batch of messages has many), and are
// left out.
func Linked(segments []*Segment) []string {
	found := map[string]bool{}
	var walk func([]*Segment)
	walk = func(list []*Segment) {
		for _, s := range list {
			if s == nil {
				continue
			}
			for _, l := range s.Links {
				if l.Kind != linkParent && l.TraceID != "" {
					found[l.TraceID] = true
				}
			}
			walk(s.Subsegments)
		}
	}
	walk(segments)
	return slices.Sorted(maps.Keys(found))
}

// What the segment that a run puts itself is known by.
const (
	ownName     = "rehearse"
	ownScenario = "rehearse_scenario"
	ownRun      = "rehearse_run"
)

// IsOwn says whether a segment is the root that a run of rehearse put itself:
// by its id, where that is known, or by its name and annotations.
func IsOwn(s *Segment, own string) bool {
	if s.Type == subsegment {
		return false
	}
	if own != "" && s.ID == own {
		return true
	}
	_, marked := s.Annotations[ownScenario]
	return s.Name == ownName && s.ParentID == "" && marked
}

// OwnSegment is the document of the root segment that a run puts itself, so
// that what it calls hangs on something. Without an end it is in progress.
func OwnSegment(h Header, scenario, run string, start, end time.Time) []byte {
	doc := map[string]any{
		"name": ownName, "id": h.Parent, "trace_id": h.Trace, "start_time": seconds(start),
		"annotations": map[string]string{ownScenario: scenario, ownRun: run},
	}
	switch {
	case end.IsZero():
		doc["in_progress"] = true
	case end.Before(start):
		doc["end_time"] = seconds(start)
	default:
		doc["end_time"] = seconds(end)
	}
	b, _ := json.Marshal(doc) // texts and numbers: it cannot fail
	return b
}

// seconds writes a time as X-Ray does, to the microsecond.
func seconds(t time.Time) json.Number {
	us := t.UnixMicro()
	return json.Number(fmt.Sprintf("%d.%06d", us/1e6, us%1e6))
}
