package schema

import (
	"reflect"
	"strings"
	"time"
)

// Case is one variation of a scenario.
type Case struct {
	Name    string           `json:"name" required:"true" doc:"Its name; reports write Scenario [name]."`
	Vars    map[string]*Node `json:"vars" doc:"Values that override the scenario's."`
	Tags    []string         `json:"tags" doc:"Tags beside the scenario's."`
	Skip    *Node            `json:"skip" doc:"A reason skips the case: text, or an expression; false, null and empty run it."`
	Timeout *time.Duration   `json:"timeout" doc:"Overrides the scenario's timeout."`

	Pos Pos `json:"-"`
}

// CasesFrom makes a case of every row of a file.
type CasesFrom struct {
	From    string           `json:"from" required:"true" doc:"A .csv, .json or .yaml file beside this one; each row becomes a case and each column a var."`
	Name    *Node            `json:"name" doc:"The name of each case, such as \"${row.claim}\"; without it a column called name is taken."`
	Vars    map[string]*Node `json:"vars" doc:"Values that every row's case gets, ${row…} included; they override the columns."`
	Tags    []string         `json:"tags" doc:"Tags beside the scenario's."`
	Skip    *Node            `json:"skip" doc:"A reason skips the case, such as \"${row.skip}\"; false, null and empty run it."`
	Timeout *time.Duration   `json:"timeout" doc:"Overrides the scenario's timeout."`

	Pos Pos `json:"-"` // where the file's name stands
}

var (
	listOfCases = reflect.TypeFor[[]Case]()
	fromType    = reflect.TypeFor[CasesFrom]()
)

// Cases are the cases of a scenario: a list, or the rows of a file.
type Cases struct {
	List []Case
	From *CasesFrom
}

// ReadNode reads a list of cases, or a mapping that says where they come from.
func (c *Cases) ReadNode(n *Node, p *Problems) {
	if n.Kind == Map {
		c.readFrom(n, p)
		return
	}
	if n.Kind == Text && !n.Open() {
		p.Add(n.Pos, "expected a list of cases, found %s; cases of a file are written {from: %s, name: \"${row.COLUMN}\"}", describe(n), n.Scalar)
		return
	}
	if n.Kind == List && len(n.Items) == 0 {
		p.Add(n.Pos, "no case stands here, so nothing of this scenario would run; leave cases out or name one")
		return
	}
	ShapeOf(listOfCases).fillLiteral(n, &c.List, p)
	for i := range c.List {
		if i < len(n.Items) {
			c.List[i].Pos = n.Items[i].Pos
			for _, k := range []string{"name", "tags", "timeout"} {
				forbidHoles(n.Items[i], k, p)
			}
			longerThanNothing(n.Items[i], p, "timeout")
		}
		if e, ok := n.Items[i].Get("name"); ok && strings.TrimSpace(c.List[i].Name) == "" && e.Value.Kind == Text {
			p.Add(e.Value.Pos, "the case has no name")
		}
	}
}

func (c *Cases) readFrom(n *Node, p *Problems) {
	before := p.Errors()
	from := &CasesFrom{Pos: n.At("from")}
	ShapeOf(fromType).fillLiteral(n, from, p)
	for _, k := range []string{"from", "tags", "timeout"} {
		forbidHoles(n, k, p)
	}
	longerThanNothing(n, p, "timeout")
	if p.Errors() == before {
		c.From = from
	}
}

func (Cases) String() string {
	return "a list of cases, or {from: FILE, name: …}"
}

// EditorSchema describes the cases to editors.
func (Cases) EditorSchema() map[string]any {
	return map[string]any{"anyOf": []any{ShapeOf(listOfCases).EditorSchema(), ShapeOf(fromType).EditorSchema()}}
}
