package local

import (
	"context"
	"maps"
	"slices"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Values are names a user chose, with their values.
type Values map[string]any

// ReadNode takes a mapping with at least one name.
func (v *Values) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.Hole():
		return
	case n.Kind != schema.Map:
		p.Add(n.Pos, "expected names with their values, found %s; write {name: value}", n.Kind)
		return
	case len(n.Entries) == 0:
		p.Add(n.Pos, "nothing is set; write at least one name: value")
		return
	}
	for _, e := range n.Entries {
		if e.Key == "" {
			p.Add(e.KeyPos, "a value needs a name")
		}
	}
	*v, _ = n.Value().(map[string]any)
}

func (Values) String() string { return "names with their values" }

// EditorSchema describes the values to editors.
func (Values) EditorSchema() map[string]any {
	return map[string]any{"type": "object", "minProperties": 1}
}

// Set gives values names, for later steps.
var Set = steps.Define("set", steps.Def[Values, map[string]any]{
	Summary: "Gives values names that later steps can use.",
	Example: `act:
  - set: {customer: "c-${scenario.id}", amounts: [1, 2, 3]}
    id: order
assert:
  - check: ${order.customer == "c-" + scenario.id && sum(order.amounts) == 6}
`,
	Do: func(_ context.Context, _ *steps.Env, v Values) (map[string]any, error) {
		return maps.Clone(v), nil
	},
	Keys:       func(v Values) []string { return slices.Sorted(maps.Keys(v)) },
	Idempotent: true, Pure: true, FreeResult: true,
})
