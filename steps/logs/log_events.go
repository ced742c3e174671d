package logs

import (
	"context"
	"sort"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// EventsParams are the parameters of log_events.
type EventsParams struct {
	LogGroup     string                   `json:"log_group" required:"true" doc:"The log group's name or ARN."`
	Filter       assertions.LogFilterText `json:"filter" doc:"A CloudWatch Logs filter pattern, such as ERROR or { $.level = \"ERROR\" }."`
	Match        assertions.Partial       `json:"match" doc:"A partial document that an entry must match."`
	Where        assertions.Checks        `json:"where" doc:"Checks that an entry must pass."`
	Since        Moment                   `json:"since" doc:"Entries from this time on, in RFC 3339; the start of act unless given."`
	StreamPrefix string                   `json:"stream_prefix" doc:"Only streams whose names begin so."`
}

// EventsResult are the entries that were found.
type EventsResult struct {
	Events []Event `json:"events" doc:"The entries, the oldest first."`
	Count  int     `json:"count" doc:"How many they are."`
}

// Event is one entry of a log.
type Event struct {
	Message   string `json:"message" doc:"The entry."`
	JSON      *any   `json:"json,omitempty" doc:"The entry as a document, when it is JSON."`
	Timestamp string `json:"timestamp" doc:"The entry's own time, in RFC 3339."`
	Stream    string `json:"stream" doc:"The stream that it stands in."`
}

// LogEvents looks for entries of a log group.
var LogEvents = steps.Define("log_events", steps.Def[EventsParams, EventsResult]{
	Summary: "Looks for entries of a CloudWatch Logs log group.",
	Doc:     "The filter is applied by the service and again here; `match` and `where` select among what it lets through. Every page is read and no entry is counted twice. A missing log group is an error, but `/aws/lambda/NAME` of a function that has not run yet is empty.",
	Example: `act:
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: order-placed, detail: {run: "${scenario.id}"}}
assert:
  - log_events: {log_group: "${suite.app.LogGroupName}", filter: '{ $.detail.run = "${scenario.id}" }'}
    within: 20s
    expect:
      count: 1
      $.events[0].json.level: INFO
`,
	Watch:   watchEvents,
	Success: func(EventsParams) assertions.Checks { return assertions.Rule("count", "gte", 1) },
	Needs: func(p EventsParams) []steps.Permission {
		l := []steps.Permission{{Action: "logs:FilterLogEvents", Resource: p.LogGroup}}
		if name, ok := functionOf(groupName(p.LogGroup)); ok {
			l = append(l, steps.Permission{Action: "lambda:GetFunction", Resource: name})
		}
		return l
	},
	Selects: &steps.Selection{Noun: "an entry", Text: []string{"message", "timestamp", "stream"}, Free: []string{"json"}},
})

func watchEvents(ctx context.Context, env *steps.Env, p EventsParams) (steps.Probe[EventsResult], error) {
	filter, err := assertions.ParseLogFilter(string(p.Filter))
	if err != nil {
		return steps.Probe[EventsResult]{}, steps.Final(err)
	}
	since := time.Time(p.Since)
	if since.IsZero() {
		since = env.Since
	}
	if now := time.Now(); since.After(now.Add(time.Minute)) {
		return steps.Probe[EventsResult]{}, steps.Finalf("since is %s, which is in the future: no entry can be that new", since.UTC().Format(time.RFC3339))
	}
	r, err := readerFor(ctx, env, source{group: p.LogGroup, filter: string(p.Filter), prefix: p.StreamPrefix})
	if err != nil {
		return steps.Probe[EventsResult]{}, err
	}
	return steps.Probe[EventsResult]{Look: func(ctx context.Context) (steps.Seen[EventsResult], error) {
		entries, err := r.look(ctx, since)
		if err != nil {
			return steps.Seen[EventsResult]{}, err
		}
		return p.sift(entries, filter), nil
	}}, nil
}

// sift applies everything that the service was not asked to do, and what it
// was asked to do once more: emulators let everything through.
func (p EventsParams) sift(entries []entry, filter *assertions.LogFilter) steps.Seen[EventsResult] {
	seen := steps.Seen[EventsResult]{Doc: EventsResult{Events: []Event{}}}
	var passed []entry
	known := true // when each of them was ingested
	for _, e := range entries {
		if !filter.Matches(e.message) {
			continue
		}
		passed = append(passed, e)
		if len(p.differences(e)) > 0 {
			continue
		}
		seen.Doc.Events = append(seen.Doc.Events, e.event())
		known = known && !e.ingested.IsZero()
		if e.ingested.After(seen.At) {
			seen.At = e.ingested
		}
	}
	if !known {
		seen.At = time.Time{}
	}
	seen.ByService = true
	seen.Doc.Count = len(seen.Doc.Events)
	seen.Explain = func() steps.Explanation { return p.explain(passed) }
	return seen
}

// differences say how an entry differs from what match and where ask for.
func (p EventsParams) differences(e entry) []assertions.Difference {
	if !p.Match.Set() && p.Where.Empty() {
		return nil
	}
	doc := e.document()
	var out []assertions.Difference
	if p.Match.Set() {
		out = append(out, p.Match.Match(doc)...)
	}
	if !p.Where.Empty() {
		_, unmet := p.Where.Run(doc)
		for _, m := range unmet {
			out = append(out, m.Difference())
		}
	}
	return out
}

// maxMisses is how many near misses are told.
const maxMisses = 5

// explain tells which entries came nearest to what was asked for.
func (p EventsParams) explain(passed []entry) steps.Explanation {
	arrived := len(passed)
	x := steps.Explanation{Arrived: &arrived}
	for _, e := range passed {
		if diff := p.differences(e); len(diff) > 0 {
			x.Misses = append(x.Misses, steps.Miss{Summary: e.summary(), Diff: diff})
		}
	}
	sort.SliceStable(x.Misses, func(i, j int) bool { return len(x.Misses[i].Diff) < len(x.Misses[j].Diff) })
	x.Misses = x.Misses[:min(len(x.Misses), maxMisses)]
	return x
}

// entry is one entry as the service gave it.
type entry struct {
	id, message, stream string
	at                  int64     // its own time, in ms since 1970
	ingested            time.Time // on our clock; zero when unknown
}

func (e entry) event() Event {
	v := Event{Message: e.message, Stream: e.stream, Timestamp: time.UnixMilli(e.at).UTC().Format("2006-01-02T15:04:05.000Z")}
	if doc, err := schema.ParseJSON([]byte(e.message)); err == nil {
		v.JSON = &doc
	}
	return v
}

// document is the event as checks see it.
func (e entry) document() map[string]any {
	v := e.event()
	doc := map[string]any{"message": v.Message, "timestamp": v.Timestamp, "stream": v.Stream}
	if v.JSON != nil {
		doc["json"] = *v.JSON
	}
	return doc
}

func (e entry) summary() string {
	s := []rune(strings.TrimSpace(e.message))
	if len(s) > 200 {
		s = append(s[:199], '…')
	}
	return string(s)
}
