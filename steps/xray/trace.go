package xray

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Params are the parameters of trace.
type Params struct {
	ID         string              `json:"id" doc:"The trace's id, such as ${scenario.trace_id}, or a trace header."`
	Annotation map[string]any      `json:"annotation" doc:"Instead of the id: annotations that one trace alone has since the start of act, key and value; they may stand on different segments."`
	Visits     []string            `json:"visits" doc:"Services that must appear in this order; others may come between."`
	Paths      []string            `json:"paths" doc:"Chains of services from a root to a leaf that must be there, such as \"A > * > C\"; * is one service, ** any number."`
	Only       []string            `json:"only" doc:"All the services that may appear."`
	NoErrors   bool                `json:"no_errors" doc:"No segment or subsegment may have an error, a fault or a throttle."`
	Linked     bool                `json:"linked" default:"true" doc:"Whether the traces that it links to belong to it, as those behind a queue do; at most 500 are followed."`
	Settle     time.Duration       `json:"settle" default:"10s" doc:"How long nothing more may come before the trace counts as whole."`
	Accounts   []steps.AccountName `json:"accounts" doc:"Names from the suite's accounts where parts of the trace are too, beside the step's own place."`
}

// Trace looks at a trace.
var Trace = steps.Define("trace", steps.Def[Params, trace.Result]{
	Summary: "Looks at an X-Ray trace, with the traces it links to, as one tree of services.",
	Doc: `The runner opens a trace for each attempt of a case and sends its header with every call of act; what records segments for it is the business of the
application: active tracing on functions, APIs and state machines. The runner's own segment counts in nothing here.
visits and paths alone pass as soon as they hold. Everything else (only, no_errors, expect, the use of the result) waits until the trace is
whole: every segment has ended, each has its parent, something has come of every linked trace, and nothing has changed for the time of settle. A within
may not be shorter than that. What is wrong with a trace that is whole ends the step: at once for only and no_errors, which more segments cannot mend; for
expect where visits or paths say what belongs to it. A trace without a service satisfies nothing.
With CloudWatch Transaction Search on, traces are read from CloudWatch Logs, which takes longer; annotation finds only those that X-Ray indexes then.`,
	Example: `act:
  - put_event: {bus: "${suite.app.BusName}", source: shop, detail_type: order-placed, detail: {run: "${scenario.id}"}}
assert:
  - trace: {id: "${scenario.trace_id}", paths: ["** > greeter"]}
    within: 20s
  - trace:
      id: ${scenario.trace_id}
      visits: [greeter]
      only: [greeter]
      no_errors: true
      settle: 5s
    expect:
      duration_ms: {lt: 5000}
      $.services[*].origin: {each: {equals: "AWS::Lambda"}}
`,
	Watch:   watchTrace,
	Demands: func(Params) assertions.Checks { return assertions.Rule("services", "empty", false) },
	Rules:   []steps.Rule{steps.OneOf("id", "annotation")},
	Check:   checkTrace,
	Needs:   needsOf,
	Within:  90 * time.Second,
	Settles: func(p Params) (time.Duration, bool) { return p.Settle, p.early() },
})

// early says whether the parameters ask only for what cannot be taken back: that
// something is there.
func (p Params) early() bool {
	return len(p.Visits)+len(p.Paths) > 0 && len(p.Only) == 0 && !p.NoErrors
}

func needsOf(p Params) []steps.Permission {
	l := []steps.Permission{
		{Action: "xray:BatchGetTraces"}, {Action: "xray:GetTraceSegmentDestination"}, {Action: "xray:StartTraceRetrieval"}, {Action: "xray:ListRetrievedTraces"},
	}
	if p.ID == "" {
		l = append(l, steps.Permission{Action: "xray:GetTraceSummaries"})
	}
	return l
}

// checkTrace refuses what can never hold or asks nothing.
func checkTrace(n *schema.Node, p *schema.Problems) {
	if e, given := n.Get("id"); given && !e.Value.Open() {
		if _, err := trace.Parse(e.Value.Scalar); err != nil {
			p.Add(e.Value.Pos, "%v", err)
		}
	}
	if e, given := n.Get("annotation"); given {
		checkAnnotation(e.Value, p)
	}
	if e, given := n.Get("no_errors"); given && !e.Value.Open() && e.Value.Scalar == "false" {
		p.Add(e.Value.Pos, "no_errors: false asks nothing; leave it out, or write expect: {errors: {empty: false}} to ask for errors")
	}
	for _, key := range []string{"visits", "paths", "only"} {
		e, given := n.Get(key)
		if !given || e.Value.Open() {
			continue
		}
		if len(e.Value.Items) == 0 {
			p.Add(e.Value.Pos, "%s is an empty list, which asks nothing; leave it out", key)
		}
		for _, x := range e.Value.Items {
			if text := wrongName(key, x.Scalar); text != "" && !x.Open() {
				p.Add(x.Pos, "%s", text)
			}
		}
	}
	checkOnlyAllows(n, p)
}

// wrongName says what is wrong with an element of visits, paths or only.
func wrongName(key, text string) string {
	switch {
	case key == "paths":
		return badPath(text)
	case strings.TrimSpace(text) == "":
		return key + " names services; this is empty text"
	case strings.Contains(text, " > "):
		return key + " takes names of services, each by itself; a chain such as " + strconv.Quote(text) + " belongs into paths"
	}
	return ""
}

// checkOnlyAllows refuses to forbid by only what visits or paths ask for.
func checkOnlyAllows(n *schema.Node, p *schema.Problems) {
	only, given := n.Get("only")
	if !given || only.Value.AnyOpen() || only.Value.Kind != schema.List {
		return
	}
	allowed := func(name string) bool {
		return slices.ContainsFunc(only.Value.Items, func(x *schema.Node) bool { return x.Scalar == name })
	}
	for _, key := range []string{"visits", "paths"} {
		e, given := n.Get(key)
		if !given {
			continue
		}
		for _, x := range e.Value.Items {
			if x.Open() || wrongName(key, x.Scalar) != "" { // told already
				continue
			}
			parts := []string{x.Scalar}
			if key == "paths" {
				parts = pathParts(x.Scalar)
			}
			for _, name := range parts {
				if name != oneName && name != anyNames && !allowed(name) {
					p.Add(x.Pos, "%s asks for %s, and only does not let it appear", key, name)
				}
			}
		}
	}
}

// check refuses, when the expressions have values, what checkTrace refuses in
// what is written out.
func (p Params) check() error {
	for _, l := range []struct {
		key  string
		list []string
	}{{"visits", p.Visits}, {"paths", p.Paths}, {"only", p.Only}} {
		if l.list != nil && len(l.list) == 0 {
			return steps.Finalf("%s is an empty list, which asks nothing", l.key)
		}
		for _, text := range l.list {
			if wrong := wrongName(l.key, text); wrong != "" {
				return steps.Finalf("%s", wrong)
			}
		}
	}
	return nil
}
