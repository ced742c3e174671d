package dynamodb

import (
	"fmt"
	"slices"

	"github.com/rehearse-dev/rehearse/schema"
)

// typeNames are the types of DynamoDB's own JSON.
var typeNames = []string{"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}

// checkTyped looks at load whether a document that is to be in DynamoDB's own
// JSON is, and warns of one that is and is not to be.
func checkTyped(parameter string, n *schema.Node, p *schema.Problems) {
	typed, _ := n.Get("typed")
	doc, _ := n.Get(parameter)
	if typed.Value != nil && typed.Value.Hole() || doc.Value.Kind != schema.Map {
		return
	}
	if typed.Value != nil && typed.Value.Scalar == "true" {
		for _, e := range doc.Value.Entries {
			checkAttribute(e.Value, parameter+"."+e.Key, p)
		}
		return
	}
	if !slices.ContainsFunc(doc.Value.Entries, func(e schema.Entry) bool { return !looksTyped(e.Value) }) {
		p.Warn(doc.Value.Pos, "this looks like DynamoDB's own JSON and will be taken for nested mappings; add typed: true, or write plain values such as {%s: …}", doc.Value.Entries[0].Key)
	}
}

func looksTyped(n *schema.Node) bool {
	return n.Kind == schema.Map && len(n.Entries) == 1 && slices.Contains(typeNames, n.Entries[0].Key)
}

// checkAttribute checks one attribute as far as its expressions allow.
func checkAttribute(n *schema.Node, at string, p *schema.Problems) {
	if n.Hole() {
		return
	}
	if looksTyped(n) {
		name, v := n.Entries[0].Key, n.Entries[0].Value
		switch {
		case name == "M" && v.Kind == schema.Map:
			for _, e := range v.Entries {
				checkAttribute(e.Value, at+"."+e.Key, p)
			}
			return
		case name == "L" && v.Kind == schema.List:
			for i, x := range v.Items {
				checkAttribute(x, fmt.Sprintf("%s[%d]", at, i), p)
			}
			return
		case v.AnyOpen():
			return
		}
	}
	if _, err := fromTyped(n.Value(), at); err != nil {
		p.Add(n.Pos, "%v", err)
	}
}
