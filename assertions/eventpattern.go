package assertions

import (
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// EventPattern is an EventBridge event pattern. The zero value is none: it lets
// nothing through. Once read it is never changed: it may be used concurrently.
//
// Source: "Creating event patterns" and "Comparison operators for use in event
// patterns" of the EventBridge User Guide, and AWS's own matching engine, Event
// Ruler, where these are silent. The rules, each with a case that shows it,
// stand in testdata/eventpattern.jsonl.
type EventPattern struct {
	rules  [][]patternField // alternatives; each holds when all its fields do
	wanted map[string]bool  // the paths of the fields and of everything above them
	names  []PatternName
	set    bool
}

// PatternName is a field of the event itself that a pattern names.
type PatternName struct {
	Name   string
	Pos    schema.Pos
	Nested bool // the pattern asks for fields inside it
}

// ParseEventPattern reads an event pattern from JSON text. What EventBridge
// refuses is an error that names everything that is wrong with the pattern: the
// field, and what would be right.
func ParseEventPattern(pattern []byte) (*EventPattern, error) {
	c := patternCompiler{}
	p := &EventPattern{}
	if n, err := readPatternText(string(pattern), schema.Pos{}); err != nil {
		c.add(schema.Pos{}, "%v", err)
	} else {
		c.compile(n, p)
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return p, nil
}

// ReadNode reads an event pattern from a document, or from text that holds it
// as JSON, and reports everything that is wrong with it. What expressions
// without values leave open is read around.
func (p *EventPattern) ReadNode(n *schema.Node, problems *schema.Problems) {
	*p = EventPattern{set: true}
	switch {
	case n.Hole() || n.Kind == schema.Text && n.Open():
		return
	case n.Kind == schema.Text:
		parsed, err := readPatternText(n.Scalar, n.Pos)
		if err != nil {
			problems.Add(n.Pos, "%v", err)
			return
		}
		n = parsed
	}
	c := patternCompiler{}
	c.compile(n, p)
	for _, x := range c.problems {
		problems.Add(x.pos, "%s", x.message)
	}
	for _, x := range c.warnings {
		problems.Warn(x.pos, "%s", x.message)
	}
}

// String names what stands for an event pattern in a file.
func (EventPattern) String() string { return "an EventBridge event pattern" }

// EditorSchema describes an event pattern to editors.
func (EventPattern) EditorSchema() map[string]any {
	return eitherOf(ref(eventPatternRef), map[string]any{"type": "string"})
}

// Set says that there is a pattern.
func (p EventPattern) Set() bool { return p.set }

// Names lists the fields of the event itself that the pattern names.
func (p EventPattern) Names() []PatternName { return p.names }

// Matches says whether the pattern lets the event through. An event that is not
// an object matches nothing.
func (p *EventPattern) Matches(event any) bool {
	f, ok := p.flatten(event)
	return ok && slices.ContainsFunc(p.rules, f.matches)
}

func (p *EventPattern) flatten(event any) (*flattener, bool) {
	doc, ok := event.(map[string]any)
	if !ok {
		return nil, false
	}
	f := &flattener{wanted: p.wanted, leaves: map[string][]leaf{}}
	f.object("", doc, nil)
	return f, true
}

// finish takes over what was compiled.
func (p *EventPattern) finish(rules []rule) {
	p.set, p.wanted = true, map[string]bool{}
	for _, r := range rules {
		fields := make([]patternField, 0, len(r))
		for _, f := range r {
			fields = append(fields, f)
			p.wanted[f.path] = true
			for i, c := range f.path {
				if c == '.' {
					p.wanted[f.path[:i]] = true
				}
			}
		}
		// Order matters: whether a field is absent is asked of the array
		// elements that the fields before it chose.
		slices.SortFunc(fields, func(a, b patternField) int { return strings.Compare(a.path, b.path) })
		p.rules = append(p.rules, fields)
	}
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
