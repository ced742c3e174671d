package xray

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// summariesEvery is the least time between two searches of one step.
const summariesEvery = 2 * time.Second

// finder looks for the one trace that has annotations.
type finder struct {
	readers []*reader
	want    map[string]any
	filter  string
	since   time.Time // of our clock
	own     string    // the attempt's own trace, which began before act and by our clock

	found []string
}

func newFinder(readers []*reader, want map[string]any, since time.Time, own string) (*finder, error) {
	var terms []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if wrong := wrongAnnotation(key, want[key]); wrong != "" {
			return nil, steps.Finalf("%s", wrong)
		}
		terms = append(terms, annotationKey(key)+" = "+annotationValue(want[key]))
	}
	return &finder{readers: readers, want: want, filter: strings.Join(terms, " AND "), since: since, own: own}, nil
}

// plainKey is a key that stands behind a dot; others stand in brackets.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// annotationKey writes a key as filter expressions do.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
func annotationKey(key string) string {
	if plainKey.MatchString(key) {
		return "annotation." + key
	}
	return "annotation[" + key + "]"
}

// inQuotes escapes what would end a text.
var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func annotationValue(v any) string {
	if s, ok := v.(string); ok {
		return `"` + inQuotes.Replace(s) + `"`
	}
	return fmt.Sprint(v) // true, false or the digits of a number
}

// find gives the trace's id, "" while there is none. Several are an error that
// looking again cannot change. It looks each time: a second one may come later.
func (f *finder) find(ctx context.Context) (string, error) {
	for _, r := range f.readers {
		if err := f.search(ctx, r); err != nil {
			return "", err
		}
	}
	switch len(f.found) {
	case 0:
		return "", nil
	case 1:
		return f.found[0], nil
	}
	slices.Sort(f.found)
	return "", steps.Finalf("%d traces since %s have %s: %s; name something that only one of them has",
		len(f.found), f.since.UTC().Format(time.RFC3339), f.filter, schema.KnownNames(f.found))
}

// search asks one place for summaries of the traces that match.
func (f *finder) search(ctx context.Context, r *reader) error {
	since := r.clock.Theirs(f.since).Truncate(time.Second) // a trace's id has whole seconds only
	first, last := since, r.clock.Theirs(time.Now()).Add(time.Second)
	if at, ok := trace.Began(f.own); ok && at.Before(first) {
		first = at
	} else if ok && at.After(last) {
		last = at.Add(time.Second)
	}
	in := &xray.GetTraceSummariesInput{FilterExpression: &f.filter, StartTime: &first, EndTime: &last, TimeRangeType: types.TimeRangeTypeTraceId}
	for {
		called := time.Now()
		page, err := r.place.XRay().GetTraceSummaries(ctx, in)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return r.explained("xray:GetTraceSummaries", err)
		}
		r.clock.Saw(page.ResultMetadata, called)
		for _, s := range page.TraceSummaries {
			id := aws.ToString(s.Id)
			if at, ok := trace.Began(id); ok && at.Before(since) && id != f.own {
				continue
			}
			if !slices.Contains(f.found, id) && f.summarised(s) {
				f.found = append(f.found, id)
			}
		}
		switch aws.ToString(page.NextToken) { // an empty page may have another behind it
		case "":
			return nil
		case aws.ToString(in.NextToken):
			return errors.New("X-Ray gives the same page of traces again and again")
		}
		in.NextToken = page.NextToken
	}
}

// summarised applies the filter once more, as far as the summary tells: there
// are emulators that let everything through.
func (f *finder) summarised(s types.TraceSummary) bool {
	if len(s.Annotations) == 0 {
		return true
	}
	for key, want := range f.want {
		if !slices.ContainsFunc(s.Annotations[key], func(v types.ValueWithServiceIds) bool { return equal(want, plainValue(v.AnnotationValue)) }) {
			return false
		}
	}
	return true
}

func plainValue(v types.AnnotationValue) any {
	switch v := v.(type) {
	case *types.AnnotationValueMemberStringValue:
		return v.Value
	case *types.AnnotationValueMemberNumberValue:
		return json.Number(strconv.FormatFloat(v.Value, 'g', -1, 64))
	case *types.AnnotationValueMemberBooleanValue:
		return v.Value
	}
	return nil
}

// equal compares annotations as X-Ray does, which keeps numbers as float64.
func equal(a, b any) bool {
	x, ok := a.(json.Number)
	y, ok2 := b.(json.Number)
	if !ok || !ok2 {
		return a == b
	}
	f, err := x.Float64()
	g, err2 := y.Float64()
	return err == nil && err2 == nil && f == g
}

// annotated says whether the segments of a trace have all the annotations.
func (f *finder) annotated(id string, list []*trace.Segment) bool {
	var has func(list []*trace.Segment, of, key string, want any) bool
	has = func(list []*trace.Segment, of, key string, want any) bool {
		return slices.ContainsFunc(list, func(s *trace.Segment) bool {
			in := of
			if s.TraceID != "" {
				in = s.TraceID
			}
			v, ok := s.Annotations[key]
			return in == id && ok && equal(want, v) || has(s.Subsegments, in, key, want)
		})
	}
	for key, want := range f.want {
		if !has(list, id, key, want) {
			return false
		}
	}
	return true
}

// checkAnnotation refuses what no trace can be found by.
func checkAnnotation(n *schema.Node, p *schema.Problems) {
	if n.Open() || n.Kind != schema.Map {
		return
	}
	if len(n.Entries) == 0 {
		p.Add(n.Pos, "annotation is empty, so any trace would do; write what only this one has, such as {order_id: \"${created.body.id}\"}")
	}
	for _, e := range n.Entries {
		value := e.Value.Value()
		if e.Value.Open() {
			value = "anything"
		}
		if wrong := wrongAnnotation(e.Key, value); wrong != "" {
			p.Add(e.KeyPos, "%s", wrong)
		}
	}
}

var annotationName = regexp.MustCompile(`^[A-Za-z0-9_.]{1,500}$`)

// wrongAnnotation says why no trace can be found by an annotation.
func wrongAnnotation(key string, value any) string {
	if !annotationName.MatchString(key) {
		return fmt.Sprintf("%q cannot be the key of an annotation that is searched for: those have letters, digits, _ and . only", key)
	}
	switch v := value.(type) {
	case bool, json.Number:
	case string:
		if v == "" {
			return "the annotation " + key + " is empty text: no trace is found by that"
		}
	default:
		return "the value of the annotation " + key + " must be text, a number, true or false"
	}
	return ""
}
