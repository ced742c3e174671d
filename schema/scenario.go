package schema

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

var scenarioType = reflect.TypeFor[Scenario]()

// Scenario is one document of a scenario file.
type Scenario struct {
	Scenario     string           `json:"scenario" required:"true" doc:"What the scenario shows, in a sentence: its name in every report."`
	Description  string           `json:"description" doc:"More about it, for readers."`
	Tags         []string         `json:"tags" doc:"Words that --tags and --skip-tags select by."`
	Environments []string         `json:"environments" doc:"The environments it may run in; none means every one."`
	Timeout      *time.Duration   `json:"timeout" doc:"How long arrange, act and assert of one attempt may take together (default 5m)."`
	Retries      *int             `json:"retries" doc:"How often it is run again, from the start, after an attempt that did not pass; a later pass is reported as flaky."`
	Locks        []string         `json:"locks" doc:"Cases that share a lock never overlap, clean-up included; \"*\" runs alone."`
	Skip         *Node            `json:"skip" doc:"A reason skips the scenario: text, or an expression; false, null and empty run it."`
	Vars         map[string]*Node `json:"vars" doc:"Values for ${vars.NAME}; they may use one another."`
	Cases        Cases            `json:"cases" doc:"Each becomes a test case of its own: a list, or {from: FILE} for a case from each row."`
	Arrange      []Step           `json:"arrange" doc:"What must be there first; runs in order, stops at the first failure."`
	Act          []Step           `json:"act" doc:"What is done to the application; runs in order, stops at the first failure."`
	Assert       []Step           `json:"assert" doc:"What must then be true; the steps start together when act has ended."`
	Diagnose     []Step           `json:"diagnose" doc:"What to look at after a failure, before anything is taken away; never changes the verdict."`
	Cleanup      []Step           `json:"cleanup" doc:"What to remove; always runs, every step of it."`

	Node *Node `json:"-"`
	Name Pos   `json:"-"` // where the name stands
}

// ReadScenarios reads every scenario of a file.
func ReadScenarios(file string, src []byte, p *Problems) []*Scenario {
	var out []*Scenario
	for _, n := range ReadDocuments(file, src, p) {
		if s := readScenario(n, p); s != nil {
			out = append(out, s)
		}
	}
	return out
}

func readScenario(n *Node, p *Problems) *Scenario {
	if n.Kind != Map {
		p.Add(n.Pos, "a scenario is a mapping that begins with \"scenario: what it shows\", found %s", n.Kind)
		return nil
	}
	s := &Scenario{}
	wrong := p.Errors()
	ShapeOf(scenarioType).fillLiteral(withoutOwn(n), s, p)
	s.Node = n
	s.Name = n.At("scenario")
	for _, k := range []string{"scenario", "tags", "environments", "timeout", "retries", "locks"} {
		forbidHoles(n, k, p)
	}
	longerThanNothing(n, p, "timeout")
	checkRetries(n, p)
	checkLocks(n, p)
	if e, ok := n.Get("assert"); ok && e.Value.Kind == List && len(e.Value.Items) == 0 {
		p.Add(e.Value.Pos, "assert is empty, so nothing would be checked; write a step, or leave assert out")
	}
	if len(s.Arrange)+len(s.Act)+len(s.Assert) == 0 && p.Errors() == wrong {
		p.Add(s.Name, "this scenario has no steps, so nothing would be checked; write what to do in act, and what must be true in assert")
	}
	if e, ok := n.Get("scenario"); ok && strings.TrimSpace(s.Scenario) == "" && e.Value.Kind == Text {
		p.Add(e.Value.Pos, "the scenario has no name")
	}
	return s
}

// withoutOwn leaves out the top-level keys that are the user's own.
func withoutOwn(n *Node) *Node {
	c := *n
	c.Entries = nil
	for _, e := range n.Entries {
		if !strings.HasPrefix(e.Key, "x-") {
			c.Entries = append(c.Entries, e)
		}
	}
	return &c
}

// forbidHoles refuses expressions where nothing is evaluated: ignoring them
// would make the file say something else than it means.
func forbidHoles(n *Node, key string, p *Problems) {
	e, ok := n.Get(key)
	if !ok {
		return
	}
	e.Value.Walk(func(x *Node) {
		if x.Open() {
			p.Add(x.Pos, "%q takes no expressions: it is needed before anything is evaluated", key)
		}
	})
}

// MaxRetries bounds retries: what fails more often than that is not flaky.
const MaxRetries = 100

func checkRetries(n *Node, p *Problems) {
	e, ok := n.Get("retries")
	if !ok || e.Value.Kind != Number || e.Value.Open() {
		return
	}
	if i, err := strconv.Atoi(e.Value.Scalar); err == nil && (i < 0 || i > MaxRetries) {
		p.Add(e.Value.Pos, "retries is a number from 0 to %d, found %d", MaxRetries, i)
	}
}

// checkLocks refuses a lock without a name, which would lock nothing.
func checkLocks(n *Node, p *Problems) {
	e, ok := n.Get("locks")
	if !ok {
		return
	}
	for _, x := range e.Value.Items {
		if x.Kind == Text && strings.TrimSpace(x.Scalar) == "" {
			p.Add(x.Pos, "a lock needs a name; \"*\" runs the scenario alone")
		}
	}
}
