package trace

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Result is what a trace shows, with those that it links to.
type Result struct {
	ID         string    `json:"id" doc:"The trace's id."`
	TraceIDs   []string  `json:"trace_ids" doc:"Its id, and those of the traces it links to, to any depth."`
	DurationMS float64   `json:"duration_ms" doc:"Milliseconds from the first start to the last end."`
	Services   []Service `json:"services" doc:"The nodes of the tree in the order they started; what calls comes before what it calls."`
	Visited    []string  `json:"visited" doc:"The names of the services in that order; neighbours of the same name count once."`
	Paths      []string  `json:"paths" doc:"Each chain of names from a root to a leaf, such as A > B > C."`
	Segments   []Part    `json:"segments" doc:"All segments and subsegments, each before those below it."`
	Errors     []Failure `json:"errors" doc:"The segments and subsegments with error, fault or throttle."`
}

// Service is a node of the tree: a segment, or several that stand for one
// service, as the two of a Lambda function do.
type Service struct {
	Name        string         `json:"name" doc:"The service's name."`
	Origin      string         `json:"origin,omitempty" doc:"The kind of resource, such as AWS::Lambda."`
	ID          string         `json:"id" doc:"The segment's id."`
	Parent      string         `json:"parent,omitempty" doc:"The id of the service above it; missing for a root."`
	StartMS     float64        `json:"start_ms" doc:"Milliseconds from the first start in the tree to its own."`
	DurationMS  float64        `json:"duration_ms" doc:"Milliseconds from its start to its end; 0 while that is not known."`
	Error       bool           `json:"error" doc:"The caller's fault (4xx)."`
	Fault       bool           `json:"fault" doc:"Its own fault (5xx)."`
	Throttle    bool           `json:"throttle" doc:"It was asked too often (429)."`
	HTTPStatus  *int           `json:"http_status,omitempty" doc:"The status that it answered, where it tells."`
	Annotations map[string]any `json:"annotations,omitempty" doc:"The segment's annotations; those of its subsegments are in segments."`
	Metadata    map[string]any `json:"metadata,omitempty" doc:"The segment's metadata, by namespace."`
	Inferred    bool           `json:"inferred" doc:"X-Ray knows of it from its caller only."`
	Orphan      bool           `json:"orphan" doc:"A root only because what it hangs on has not arrived."`
	TraceID     string         `json:"trace_id" doc:"The trace that it is in."`
}

// Part is a segment or a subsegment.
type Part struct {
	Name        string         `json:"name" doc:"Its name."`
	ID          string         `json:"id" doc:"Its id."`
	ParentID    string         `json:"parent_id,omitempty" doc:"The id of the segment or subsegment that it hangs on; missing for a root."`
	Type        string         `json:"type" doc:"segment or subsegment."`
	Service     string         `json:"service,omitempty" doc:"The name of the service that it belongs to."`
	Origin      string         `json:"origin,omitempty" doc:"The kind of resource, such as AWS::Lambda; segments only."`
	Namespace   string         `json:"namespace,omitempty" doc:"aws or remote for calls; subsegments only."`
	StartMS     float64        `json:"start_ms" doc:"Milliseconds from the first start in the tree to its own."`
	DurationMS  float64        `json:"duration_ms" doc:"Milliseconds from its start to its end; 0 while that is not known."`
	InProgress  bool           `json:"in_progress" doc:"It has not ended."`
	Error       bool           `json:"error" doc:"The caller's fault (4xx)."`
	Fault       bool           `json:"fault" doc:"Its own fault (5xx)."`
	Throttle    bool           `json:"throttle" doc:"It was asked too often (429)."`
	HTTPStatus  *int           `json:"http_status,omitempty" doc:"The status that it answered, where it tells."`
	Annotations map[string]any `json:"annotations,omitempty" doc:"Its annotations."`
	Metadata    map[string]any `json:"metadata,omitempty" doc:"Its metadata, by namespace."`
	Inferred    bool           `json:"inferred" doc:"X-Ray knows of it from its caller only."`
	Orphan      bool           `json:"orphan" doc:"A root only because its parent has not arrived."`
	TraceID     string         `json:"trace_id" doc:"The trace that it is in."`
}

// Failure is a segment or subsegment that went wrong, or passes on that
// something below it did.
type Failure struct {
	Service    string `json:"service,omitempty" doc:"The name of the service in which it happened."`
	Name       string `json:"name" doc:"The name of the segment or subsegment."`
	ID         string `json:"id" doc:"Its id."`
	TraceID    string `json:"trace_id" doc:"The trace that it is in."`
	Error      bool   `json:"error" doc:"The caller's fault (4xx)."`
	Fault      bool   `json:"fault" doc:"Its own fault (5xx)."`
	Throttle   bool   `json:"throttle" doc:"It was asked too often (429)."`
	HTTPStatus *int   `json:"http_status,omitempty" doc:"The status that it answered, where it tells."`
	Type       string `json:"type,omitempty" doc:"The exception's type, where it tells."`
	Message    string `json:"message,omitempty" doc:"The exception's message, where it tells."`
}

// Marks are those that X-Ray set, in words: "fault", "error, throttle".
func (f Failure) Marks() string {
	var marks []string
	for _, m := range []struct {
		name string
		set  bool
	}{{"error", f.Error}, {"fault", f.Fault}, {"throttle", f.Throttle}} {
		if m.set {
			marks = append(marks, m.name)
		}
	}
	return strings.Join(marks, ", ")
}

// Why is its exception, or else its status; "" where it tells neither.
func (f Failure) Why() string {
	switch {
	case f.Type != "" && f.Message != "":
		return f.Type + ": " + f.Message
	case f.Type+f.Message == "" && f.HTTPStatus != nil:
		return "status " + strconv.Itoa(*f.HTTPStatus)
	}
	return f.Type + f.Message
}

func (t *Tree) newResult() Result {
	first, last := t.span()
	r := Result{
		ID: t.id, TraceIDs: t.traceIDs(), DurationMS: between(first, last),
		Services: []Service{}, Visited: []string{}, Paths: []string{}, Segments: []Part{}, Errors: []Failure{},
	}
	for _, s := range t.services {
		r.Services = append(r.Services, s.result(first))
		if n := len(r.Visited); n == 0 || r.Visited[n-1] != s.head.Name {
			r.Visited = append(r.Visited, s.head.Name)
		}
		if len(s.children) == 0 {
			r.Paths = append(r.Paths, s.path())
		}
	}
	exceptions := t.exceptions()
	for _, n := range t.walked {
		r.Segments = append(r.Segments, n.part(first))
		if n.flags() > 0 && !(n.like != nil && n.Inferred && n.like.flags() > 0) {
			r.Errors = append(r.Errors, n.failure(exceptions))
		}
	}
	return r
}

// span gives the first start and the last end that are known.
func (t *Tree) span() (first, last time.Time) {
	for i, n := range t.nodes {
		if i == 0 {
			first, last = n.Start, n.Start
		}
		for _, at := range []time.Time{n.Start, n.End} {
			if at.After(last) {
				last = at
			}
		}
	}
	return first, last
}

func (t *Tree) traceIDs() []string {
	others := map[string]bool{}
	for _, n := range t.nodes {
		others[n.key.trace] = true
	}
	for _, w := range t.wanted {
		others[w] = true
	}
	delete(others, t.id)
	ids := []string{}
	if t.id != "" {
		ids = append(ids, t.id)
	}
	return append(ids, slices.Sorted(maps.Keys(others))...)
}

// between gives milliseconds, with three decimals at most; never below 0.
func between(from, to time.Time) float64 {
	return max(0, float64(to.UnixMicro()-from.UnixMicro())/1000)
}

// lasted is how long something took, 0 while its end is not known.
func lasted(start, end time.Time) float64 {
	if end.IsZero() {
		return 0
	}
	return between(start, end)
}

func (s *service) result(first time.Time) Service {
	h := s.head
	out := Service{
		Name: h.Name, Origin: h.Origin, ID: h.ID, TraceID: h.key.trace, Inferred: h.Inferred, Orphan: s.orphan(),
		StartMS: between(first, s.start), DurationMS: lasted(s.start, s.end),
	}
	if s.parent != nil {
		out.Parent = s.parent.head.ID
	}
	for _, m := range s.members {
		out.Error = out.Error || m.Error
		out.Fault = out.Fault || m.Fault
		out.Throttle = out.Throttle || m.Throttle
		if out.HTTPStatus == nil {
			out.HTTPStatus = m.status()
		}
		out.Annotations = united(out.Annotations, m.Annotations)
		out.Metadata = united(out.Metadata, m.Metadata)
	}
	return out
}

// united adds what is new in a second document.
func united(a, b map[string]any) map[string]any {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	out := maps.Clone(b)
	maps.Copy(out, a)
	return out
}

// path is the chain of names from the root to a service.
func (s *service) path() string {
	var names []string
	for ; s != nil; s = s.parent {
		names = append(names, s.head.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " > ")
}

func (n *node) status() *int {
	if n.HTTPStatus == 0 {
		return nil
	}
	status := n.HTTPStatus
	return &status
}

func (n *node) part(first time.Time) Part {
	p := Part{
		Name: n.Name, ID: n.ID, ParentID: n.above, Type: "segment", Origin: n.Origin, Namespace: n.Namespace,
		StartMS: between(first, n.Start), DurationMS: lasted(n.Start, n.End), InProgress: !n.Ended(),
		Error: n.Error, Fault: n.Fault, Throttle: n.Throttle, HTTPStatus: n.status(), Annotations: n.Annotations, Metadata: n.Metadata,
		Inferred: n.Inferred, Orphan: n.orphan != noOrphan, TraceID: n.key.trace, Service: n.serviceName(),
	}
	if n.sub {
		p.Type = subsegment
	}
	if n.parent != nil {
		p.ParentID = n.parent.ID
	}
	return p
}

// serviceName is the name of the service that a segment or subsegment is part of.
func (n *node) serviceName() string {
	if n.segment == nil {
		return ""
	}
	return n.segment.service.head.Name
}

// exceptions are those that the segments of the tree tell of, by trace and id:
// a segment that passes on an exception names only its id.
func (t *Tree) exceptions() map[key]Exception {
	out := map[key]Exception{}
	for _, n := range t.nodes {
		for _, e := range n.Cause.Exceptions {
			if k := (key{n.key.trace, e.ID}); e.ID != "" && out[k].ID == "" {
				out[k] = e
			}
		}
	}
	return out
}

func (n *node) failure(exceptions map[key]Exception) Failure {
	f := Failure{
		Service: n.serviceName(), Name: n.Name, ID: n.ID, TraceID: n.key.trace,
		Error: n.Error, Fault: n.Fault, Throttle: n.Throttle, HTTPStatus: n.status(), Message: n.Cause.Message,
	}
	e := exceptions[key{n.key.trace, n.Cause.Ref}]
	if len(n.Cause.Exceptions) > 0 {
		e = n.Cause.Exceptions[0]
	}
	if e.Type != "" || e.Message != "" {
		f.Type, f.Message = e.Type, e.Message
	}
	return f
}
