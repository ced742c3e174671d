package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// XRay is how X-Ray shows what was recorded. The zero value shows everything at once.
type XRay struct {
	// Destination is where segments go: "XRay", or "CloudWatchLogs" as with Transaction Search, when BatchGetTraces finds
	// nothing and a retrieval must be started. "" is "XRay".
	Destination string
	// RetrievalTime is how long a retrieval runs.
	RetrievalTime time.Duration
	// Unprocessed is how often a trace is asked for before it is given. A trace that is not given keeps all from being
	// given that are asked for in the same call.
	Unprocessed int
	// Page is how many segments a page of BatchGetTraces, ListRetrievedTraces and GetTraceSummaries (there: traces) holds,
	// at least 1; 0: all. A trace may be cut by the end of a page.
	Page int
	// Limit is how many bytes of documents a trace may have; what comes later is dropped, and the trace says so. 0: 500 KiB.
	Limit int
}

// traceLimit is AWS's: https://docs.aws.amazon.com/general/latest/gr/xray.html
const traceLimit = 500 << 10

// xrayService is X-Ray. A document is given as it was put: subsegments that were put by themselves are not joined to
// their segment, and no segments are inferred.
type xrayService struct {
	home    *home
	options XRay

	mu         sync.Mutex
	serial     int
	traces     map[string]*tracedSegments
	retrievals map[string]*retrieval
}

// tracedSegments are guarded by the service's mutex.
type tracedSegments struct {
	id       string
	segments []xraySegment // as they came
	bytes    int
	exceeded bool
	asked    int
}

type xraySegment struct {
	serial      int
	id          string
	document    string
	start, end  float64 // seconds since 1970; end 0: in progress
	annotations map[string]any
	came        time.Time
}

// retrieval is one search in the logs.
type retrieval struct {
	ids      []string
	from, to time.Time
	done     time.Time // from when on it is complete
	begun    time.Time // what came later is not in it
}

func newXRay(h *home) *xrayService {
	return &xrayService{home: h, options: h.options.XRay, traces: map[string]*tracedSegments{}, retrievals: map[string]*retrieval{}}
}

// xrayPaths are the operations of X-Ray's REST protocol; all are POST, with everything in the body.
var xrayPaths = map[string]string{
	"/TraceSegments":              "PutTraceSegments",
	"/Traces":                     "BatchGetTraces",
	"/TraceSummaries":             "GetTraceSummaries",
	"/GetTraceSegmentDestination": "GetTraceSegmentDestination",
	"/StartTraceRetrieval":        "StartTraceRetrieval",
	"/ListRetrievedTraces":        "ListRetrievedTraces",
}

var (
	segmentIDForm   = regexp.MustCompile(`^[0-9a-f]{16}$`)
	segmentNameForm = regexp.MustCompile(`^[\pL\pN\pZ_.:/%&#=+\\\-@]{1,200}$`)
)

func invalidRequest(format string, args ...any) *apiError {
	return refuse("InvalidRequestException", format, args...)
}

// PutTraceSegments records documents; those that are wrong are named in the answer.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
func (x *xrayService) PutTraceSegments(_ context.Context, in *xray.PutTraceSegmentsInput) (*xray.PutTraceSegmentsOutput, error) {
	if len(in.TraceSegmentDocuments) == 0 {
		return nil, invalidRequest("TraceSegmentDocuments is required")
	}
	out := &xray.PutTraceSegmentsOutput{UnprocessedTraceSegments: []types.UnprocessedTraceSegment{}}
	for _, doc := range in.TraceSegmentDocuments {
		if id, code := x.record(doc); code != "" {
			out.UnprocessedTraceSegments = append(out.UnprocessedTraceSegments, types.UnprocessedTraceSegment{
				Id: &id, ErrorCode: &code, Message: aws.String("Invalid segment. ErrorCode: " + code),
			})
		}
	}
	return out, nil
}

// put records a segment that a service of the sandbox makes itself.
func (x *xrayService) put(doc map[string]any) {
	text := compactJSON(doc)
	if id, code := x.record(text); code != "" {
		x.home.lose("segment "+id, "X-Ray", invalidRequest("%s: %s", code, text))
	}
}

// record keeps a document; of one that is wrong it gives the id and what is wrong.
func (x *xrayService) record(text string) (id, code string) {
	var doc struct {
		ID          string         `json:"id"`
		Name        string         `json:"name"`
		TraceID     string         `json:"trace_id"`
		ParentID    string         `json:"parent_id"`
		Type        string         `json:"type"`
		Start       *float64       `json:"start_time"`
		End         *float64       `json:"end_time"`
		InProgress  bool           `json:"in_progress"`
		Annotations map[string]any `json:"annotations"`
	}
	if json.Unmarshal([]byte(text), &doc) != nil || len(text) > 64<<10 {
		return "", "ParseError"
	}
	now := x.home.now()
	begun, isID := trace.Began(doc.TraceID)
	switch age := now.Sub(begun); {
	case doc.ID == "":
		return "", "MissingId"
	case !segmentIDForm.MatchString(doc.ID):
		return doc.ID, "InvalidId"
	case !isID, age > 30*24*time.Hour, age < -5*time.Minute:
		return doc.ID, "InvalidTraceId"
	case !segmentNameForm.MatchString(doc.Name):
		return doc.ID, "InvalidName"
	case doc.Start == nil:
		return doc.ID, "MissingStartTime"
	case doc.End == nil && !doc.InProgress:
		return doc.ID, "MissingEndTime"
	case doc.Type == "subsegment" && doc.ParentID == "":
		return doc.ID, "MissingParentId"
	}
	s := xraySegment{id: doc.ID, document: text, start: *doc.Start, annotations: doc.Annotations, came: now}
	if doc.End != nil && !doc.InProgress {
		s.end = *doc.End
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	t := x.traces[doc.TraceID]
	if t == nil {
		t = &tracedSegments{id: doc.TraceID}
		x.traces[doc.TraceID] = t
	}
	x.serial++
	s.serial = x.serial
	t.bytes += len(text)
	if t.exceeded = t.exceeded || t.bytes > cmp.Or(x.options.Limit, traceLimit); !t.exceeded {
		t.segments = append(t.segments, s)
	}
	return "", ""
}

// at are the segments that had come at a time, in the order in which they came; a complete one takes the place of
// the same in progress.
func (t *tracedSegments) at(now time.Time) []xraySegment {
	var out []xraySegment
	for _, s := range t.segments {
		if s.came.After(now) {
			continue
		}
		i := slices.IndexFunc(out, func(o xraySegment) bool { return o.id == s.id })
		switch {
		case i < 0:
			out = append(out, s)
		case s.end > 0 || out[i].end == 0:
			out[i] = s
		}
	}
	return out
}

func duration(segments []xraySegment) *float64 {
	first, last := segments[0].start, 0.0
	for _, s := range segments {
		first, last = min(first, s.start), max(last, s.end)
	}
	return aws.Float64(max(0, last-first))
}

// BatchGetTraces gives up to five traces. One that nobody recorded is left out.
// https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html
func (x *xrayService) BatchGetTraces(_ context.Context, in *xray.BatchGetTracesInput) (*xray.BatchGetTracesOutput, error) {
	if err := checkTraceIDs(in.TraceIds, 1); err != nil {
		return nil, err
	}
	out := &xray.BatchGetTracesOutput{Traces: []types.Trace{}, UnprocessedTraceIds: []string{}}
	if x.options.Destination == string(types.TraceSegmentDestinationCloudWatchLogs) {
		return out, nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if in.NextToken == nil && x.unprocessed(in.TraceIds) {
		out.UnprocessedTraceIds = in.TraceIds
		return out, nil
	}
	found, next, err := x.page(in.TraceIds, in.NextToken, x.home.now())
	for _, f := range found {
		t := types.Trace{Id: &f.trace.id, Duration: duration(f.segments), LimitExceeded: aws.Bool(f.trace.exceeded)}
		for _, s := range f.segments {
			t.Segments = append(t.Segments, types.Segment{Id: &s.id, Document: &s.document})
		}
		out.Traces = append(out.Traces, t)
	}
	out.NextToken = next
	return out, err
}

func checkTraceIDs(ids []string, least int) error {
	if len(ids) < least || len(ids) > 5 {
		return invalidRequest("TraceIds must have %d to 5 items, it has %d", least, len(ids))
	}
	for _, id := range ids {
		if _, ok := trace.Began(id); !ok {
			return invalidRequest("Invalid trace id: %q", id)
		}
	}
	return nil
}

// unprocessed counts that traces are asked for, and says whether one of them is not ready.
func (x *xrayService) unprocessed(ids []string) bool {
	not := false
	for _, id := range ids {
		if t := x.traces[id]; t != nil {
			t.asked++
			not = not || t.asked <= x.options.Unprocessed
		}
	}
	return not
}

// found is a part of a trace.
type found struct {
	trace    *tracedSegments
	segments []xraySegment
}

// page gives what follows a token, which is the serial number of the last segment that was given.
func (x *xrayService) page(ids []string, token *string, now time.Time) (out []found, next *string, err error) {
	after := 0
	if token != nil {
		if after, err = strconv.Atoi(*token); err != nil {
			return nil, nil, invalidRequest("Invalid NextToken")
		}
	}
	type one struct {
		trace *tracedSegments
		xraySegment
	}
	var all []one
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if t := x.traces[id]; t != nil {
			for _, s := range t.at(now) {
				if s.serial > after {
					all = append(all, one{t, s})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(a.serial, b.serial) })
	if n := x.options.Page; n > 0 && len(all) > n {
		all = all[:n]
		next = aws.String(strconv.Itoa(all[n-1].serial))
	}
	for _, s := range all {
		i := slices.IndexFunc(out, func(f found) bool { return f.trace == s.trace })
		if i < 0 {
			i, out = len(out), append(out, found{trace: s.trace})
		}
		out[i].segments = append(out[i].segments, s.xraySegment)
	}
	return out, next, nil
}

// GetTraceSegmentDestination says whether Transaction Search is on.
func (x *xrayService) GetTraceSegmentDestination(context.Context, *xray.GetTraceSegmentDestinationInput) (*xray.GetTraceSegmentDestinationOutput, error) {
	return &xray.GetTraceSegmentDestinationOutput{
		Destination: types.TraceSegmentDestination(cmp.Or(x.options.Destination, "XRay")), Status: types.TraceSegmentDestinationStatusActive,
	}, nil
}

// StartTraceRetrieval begins a search for traces in the logs.
// https://docs.aws.amazon.com/xray/latest/api/API_StartTraceRetrieval.html
func (x *xrayService) StartTraceRetrieval(_ context.Context, in *xray.StartTraceRetrievalInput) (*xray.StartTraceRetrievalOutput, error) {
	switch {
	case in.StartTime == nil || in.EndTime == nil || in.EndTime.Before(*in.StartTime):
		return nil, invalidRequest("StartTime and EndTime are required, in that order")
	case x.options.Destination != string(types.TraceSegmentDestinationCloudWatchLogs):
		return nil, invalidRequest("Transaction Search is not enabled")
	}
	if err := checkTraceIDs(in.TraceIds, 1); err != nil {
		return nil, err
	}
	now := x.home.now()
	token := newID()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.retrievals[token] = &retrieval{ids: in.TraceIds, from: *in.StartTime, to: *in.EndTime, begun: now, done: now.Add(x.options.RetrievalTime)}
	return &xray.StartTraceRetrievalOutput{RetrievalToken: &token}, nil
}

// ListRetrievedTraces gives what a search found, nothing before its end.
// https://docs.aws.amazon.com/xray/latest/api/API_ListRetrievedTraces.html
func (x *xrayService) ListRetrievedTraces(_ context.Context, in *xray.ListRetrievedTracesInput) (*xray.ListRetrievedTracesOutput, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.retrievals[aws.ToString(in.RetrievalToken)]
	if r == nil {
		return nil, &apiError{Code: "ResourceNotFoundException", Message: "No retrieval has this token", Status: http.StatusNotFound}
	}
	out := &xray.ListRetrievedTracesOutput{RetrievalStatus: types.RetrievalStatusRunning, TraceFormat: types.TraceFormatTypeXray, Traces: []types.RetrievedTrace{}}
	if x.home.now().Before(r.done) {
		return out, nil
	}
	out.RetrievalStatus = types.RetrievalStatusComplete
	inside := slices.DeleteFunc(slices.Clone(r.ids), func(id string) bool {
		begun, _ := trace.Began(id)
		return begun.Add(time.Second).Before(r.from) || begun.After(r.to)
	})
	parts, next, err := x.page(inside, in.NextToken, r.begun)
	for _, f := range parts {
		t := types.RetrievedTrace{Id: &f.trace.id, Duration: duration(f.segments)}
		for _, s := range f.segments {
			t.Spans = append(t.Spans, types.Span{Id: &s.id, Document: &s.document})
		}
		out.Traces = append(out.Traces, t)
	}
	out.NextToken = next
	return out, err
}

// GetTraceSummaries finds traces that began in a range of time and pass a filter.
// https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html
func (x *xrayService) GetTraceSummaries(_ context.Context, in *xray.GetTraceSummariesInput) (*xray.GetTraceSummariesOutput, error) {
	if in.StartTime == nil || in.EndTime == nil || in.EndTime.Before(*in.StartTime) {
		return nil, invalidRequest("StartTime and EndTime are required, in that order")
	}
	wanted, err := parseTraceFilter(aws.ToString(in.FilterExpression))
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	out := &xray.GetTraceSummariesOutput{TraceSummaries: []types.TraceSummary{}, ApproximateTime: in.EndTime}
	after := aws.ToString(in.NextToken)
	for _, id := range slices.Sorted(maps.Keys(x.traces)) {
		segments := x.traces[id].at(x.home.now())
		begun, _ := trace.Began(id)
		// a trace's id has whole seconds only
		if id <= after || len(segments) == 0 || begun.Unix() < in.StartTime.Unix() || begun.After(*in.EndTime) || !wanted.match(segments) {
			continue
		}
		if n := x.options.Page; n > 0 && len(out.TraceSummaries) == n {
			out.NextToken = out.TraceSummaries[n-1].Id
			break
		}
		out.TraceSummaries = append(out.TraceSummaries, types.TraceSummary{
			Id: &id, Duration: duration(segments), StartTime: &begun, Annotations: annotationsOf(segments),
		})
	}
	out.TracesProcessedCount = aws.Int64(int64(len(x.traces)))
	return out, nil
}
