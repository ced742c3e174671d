package schema

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

var fieldsType = reflect.TypeFor[StepFields]()

// StepFields are the keys that a step of any kind may have beside its kind.
type StepFields struct {
	Name           string         `json:"name" doc:"What reports call the step."`
	ID             string         `json:"id" doc:"Its result is ${id…} for later steps; letters, digits and _, unique in the scenario."`
	When           *Node          `json:"when" doc:"An expression; false skips the step."`
	AttemptTimeout *time.Duration `json:"attempt_timeout" doc:"How long one attempt may take (default: the suite's step_timeout)."`
	Expect         *Node          `json:"expect" doc:"Checks on the step's result: a path, and what is expected there."`
	Within         *time.Duration `json:"within" doc:"Probe: look again until the checks hold, at most this long. Written down, it is an SLA."`
	Every          *time.Duration `json:"every" doc:"The pause between two looks, slightly varied."`
	Hold           *time.Duration `json:"hold" doc:"Probe: once the checks hold, they must go on holding this long."`
	Throughout     *time.Duration `json:"throughout" doc:"Probe: the checks must hold at every look for this long. Excludes within and hold."`
	WarnAfter      *time.Duration `json:"warn_after" doc:"A pass later than this is reported as a warning; shorter than a written within."`
	After          string         `json:"after" doc:"In assert: the id of a step; this one starts when that one has passed, and its clocks count from that one's end."`
	ForEach        *ForEach       `json:"for_each" doc:"Run the step once for each element of a list: ${each.value}, ${each.index}; the result is the list of results."`
	In             string         `json:"in" doc:"A name from the suite's accounts: where this step runs."`
	Mask           []string       `json:"mask" doc:"Paths of the result that are never printed."`
	Keep           bool           `json:"keep" doc:"Do not take back what this step created."`
}

// FieldsShape describes the keys common to all steps.
func FieldsShape() *Shape { return ShapeOf(fieldsType) }

// Step is one step as it is written: the common fields, and what is left,
// which should be exactly one kind with its parameters.
type Step struct {
	Pos    Pos
	Fields *Node      // the common fields as written
	Common StepFields // the same, as far as they are known before anything runs
	Others []Entry    // the kind, and what should not be there
}

// ReadNode reads a step; which kinds there are is not known here.
func (s *Step) ReadNode(n *Node, p *Problems) {
	s.Pos = n.Pos
	if n.Kind != Map {
		p.Add(n.Pos, "a step is a mapping such as \"- put_event: {…}\", found %s%s", describe(n), hintSpace(n))
		return
	}
	shape := FieldsShape()
	s.Fields = &Node{Pos: n.Pos, Kind: Map}
	for _, e := range n.Entries {
		if _, ok := shape.Field(e.Key); ok {
			s.Fields.Entries = append(s.Fields.Entries, e)
		} else {
			s.Others = append(s.Others, e)
		}
	}
	shape.Fill(s.Fields, "field", &s.Common, p)
	for _, k := range []string{"id", "after", "in", "mask", "keep", "name"} {
		forbidHoles(s.Fields, k, p)
	}
	s.checkTimes(p)
}

// checkTimes refuses durations that exclude one another or that are nothing.
func (s *Step) checkTimes(p *Problems) {
	for _, k := range []string{"within", "throughout"} {
		if isNothing(s.Fields, k) {
			p.Add(s.Fields.At(k), "%s must be longer than nothing; leave it out to look once", k)
		}
	}
	if isNothing(s.Fields, "every") {
		p.Add(s.Fields.At("every"), "every must be longer than nothing: a probe without a pause floods the service")
	}
	longerThanNothing(s.Fields, p, "attempt_timeout", "warn_after")
	if _, throughout := s.Fields.Get("throughout"); throughout {
		for k, why := range map[string]string{
			"within":     "either the checks hold all the time, or they come to hold in time",
			"hold":       "throughout holds from the first look on",
			"warn_after": "nothing can come late that holds all the time",
		} {
			if e, ok := s.Fields.Get(k); ok {
				p.Add(e.KeyPos, "throughout excludes %s: %s", k, why)
			}
		}
	}
	within, after := written(s.Fields, "within"), written(s.Fields, "warn_after")
	if within > 0 && after >= within {
		p.Add(s.Fields.At("warn_after"), "warn_after (%s) must be shorter than within (%s)", after, within)
	}
}

// written is a duration as it stands in a mapping, 0 where it is missing, wrong
// or an expression.
func written(n *Node, key string) time.Duration {
	e, ok := n.Get(key)
	if !ok || e.Value.Open() || e.Value.Kind != Text {
		return 0
	}
	d, _ := time.ParseDuration(e.Value.Scalar)
	return d
}

// isNothing says whether a duration is written and is zero.
func isNothing(n *Node, key string) bool {
	e, ok := n.Get(key)
	if !ok || e.Value.Open() || e.Value.Kind != Text {
		return false
	}
	d, err := time.ParseDuration(e.Value.Scalar)
	return err == nil && d == 0
}

// longerThanNothing refuses durations of nothing, with which nothing could happen.
func longerThanNothing(n *Node, p *Problems, keys ...string) {
	for _, k := range keys {
		if isNothing(n, k) {
			p.Add(n.At(k), "%s must be longer than nothing", k)
		}
	}
}

func (Step) String() string { return "a step" }

// ReservedIDs are the names that no step can have as its id, sorted, because
// expressions give them a meaning or refuse them as words of other languages.
var ReservedIDs = sync.OnceValue(func() []string {
	l := []string{"vars", "env", "run", "suite", "scenario", "case", "row", "each", "params", "in", "None", "NaN", "Infinity", "undefined"}
	for _, word := range []string{"and", "or", "not", "nil", "true", "false", "null"} {
		l = append(l, word, strings.ToUpper(word), strings.ToUpper(word[:1])+word[1:])
	}
	for _, f := range expr.Functions() {
		l = append(l, f.Name)
	}
	slices.Sort(l)
	return slices.Compact(l)
})
