package sandbox

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// resolver evaluates the intrinsic functions of one template while its resources come into being.
type resolver struct {
	home       *home
	template   *templateDocument
	stack      *deployedStack
	parameters map[string]string
	conditions map[string]bool
	made       map[string]resource // by logical id
	busy       map[string]bool     // conditions that are being evaluated
}

// resource is what a maker made: what Ref gives, and what GetAtt gives by attribute.
type resource struct {
	ref, id    string // id: the physical id, where it is not what Ref gives
	attributes map[string]string
}

// notYet says that a resource must be made first.
type notYet struct{ id string }

func (e notYet) Error() string { return "needs " + e.id }

// noValue is what AWS::NoValue gives: its field is left out.
type noValue struct{}

// eval gives the value of a node: map[string]any, []any, string, bool, number or nil.
func (r *resolver) eval(n *yaml.Node) (any, error) {
	n = resolved(n)
	if name, argument, ok := intrinsic(n); ok {
		return r.call(name, argument)
	}
	switch n.Kind {
	case yaml.SequenceNode:
		return r.list(n)
	case yaml.MappingNode:
		m := map[string]any{}
		err := eachField(n, func(k, v *yaml.Node) error {
			x, err := r.eval(v)
			if _, none := x.(noValue); err == nil && !none {
				m[k.Value] = x
			}
			return err
		})
		return m, err
	}
	return scalar(n)
}

// scalar reads a plain value. Dates stay text: CloudFormation means them so (Version: 2012-10-17).
func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!int":
		i, err := strconv.Atoi(n.Value)
		if err != nil {
			return nil, at(n, "%q is no integer", n.Value)
		}
		return i, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!float":
		var f float64
		err := n.Decode(&f)
		return f, err
	case "!!null":
		return nil, nil
	}
	return n.Value, nil
}

// intrinsic recognises !Name x and {Fn::Name: x}.
func intrinsic(n *yaml.Node) (string, *yaml.Node, bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		plain := *n
		plain.Tag = ""
		if n.Kind == yaml.ScalarNode {
			plain.Tag = "!!str"
		}
		return n.Tag[1:], &plain, true
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		key := n.Content[0].Value
		if name, ok := strings.CutPrefix(key, "Fn::"); ok || key == "Ref" {
			return name, resolved(n.Content[1]), true
		}
		if key == "Condition" && n.Content[1].Kind == yaml.ScalarNode {
			return "Condition", n.Content[1], true
		}
	}
	return "", nil, false
}

func (r *resolver) list(n *yaml.Node) ([]any, error) {
	n = resolved(n)
	if n.Kind != yaml.SequenceNode {
		return nil, at(n, "expected a list")
	}
	out := []any{}
	for _, c := range n.Content {
		x, err := r.eval(c)
		if err != nil {
			return nil, err
		}
		if _, none := x.(noValue); !none {
			out = append(out, x)
		}
	}
	return out, nil
}

func (r *resolver) call(name string, n *yaml.Node) (any, error) {
	switch name {
	case "Ref":
		return r.ref(n, n.Value)
	case "GetAtt":
		return r.ref(n, strings.Join(scalars(n), "."))
	case "Sub":
		return r.sub(n)
	case "Join":
		return r.join(n)
	case "Select":
		return r.choose(n)
	case "If":
		return r.either(n)
	case "Equals", "Not", "And", "Or", "Condition":
		return r.truth(name, n)
	}
	return nil, at(n, "the sandbox does not know the intrinsic function %s", name)
}

// ref finds a name (Ref) or a name with an attribute (GetAtt, and both inside Sub).
func (r *resolver) ref(n *yaml.Node, name string) (any, error) {
	switch name {
	case "AWS::Region":
		return r.home.region, nil
	case "AWS::AccountId":
		return r.home.account, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return r.stack.name, nil
	case "AWS::StackId":
		return r.stack.id, nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	if v, ok := r.parameters[name]; ok {
		return v, nil
	}
	id, attribute, isAttribute := strings.Cut(name, ".")
	made, ok := r.made[id]
	if !ok {
		return nil, r.missing(n, id)
	}
	if !isAttribute {
		return made.ref, nil
	}
	if v, ok := made.attributes[attribute]; ok {
		return v, nil
	}
	return nil, at(n, "%s has no attribute %s in the sandbox", id, attribute)
}

// missing tells a resource that comes later from one that never comes.
func (r *resolver) missing(n *yaml.Node, id string) error {
	for _, res := range r.template.resources {
		if res.id != id {
			continue
		}
		if ok, err := r.holds(n, res.condition); err != nil || !ok {
			return at(n, "%s is not made, because its condition %s does not hold", id, res.condition)
		}
		return notYet{id}
	}
	return at(n, "there is no parameter or resource %q", id)
}

var subVariable = regexp.MustCompile(`\$\{([^}]*)\}`)

// sub fills ${Name} and ${Name.Attribute} into text; ${!x} stays ${x}.
func (r *resolver) sub(n *yaml.Node) (any, error) {
	text, own := n, map[string]any{}
	if n.Kind == yaml.SequenceNode {
		if len(n.Content) != 2 {
			return nil, at(n, "Sub takes a text, or a text and a map")
		}
		text = n.Content[0]
		m, err := r.eval(n.Content[1])
		if err != nil {
			return nil, err
		}
		own, _ = m.(map[string]any)
	}
	var failed error
	out := subVariable.ReplaceAllStringFunc(text.Value, func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if v, ok := own[name]; ok {
			return textOf(v)
		}
		v, err := r.ref(text, name)
		if err != nil && failed == nil {
			failed = err
		}
		return fmt.Sprint(v)
	})
	return out, failed
}

func (r *resolver) join(n *yaml.Node) (any, error) {
	if len(n.Content) != 2 {
		return nil, at(n, "Join takes a separator and a list")
	}
	list, err := r.eval(n.Content[1])
	if err != nil {
		return nil, err
	}
	items, ok := list.([]any)
	if !ok {
		return nil, at(n, "Join takes a separator and a list")
	}
	var parts []string
	for _, x := range items {
		parts = append(parts, textOf(x))
	}
	return strings.Join(parts, n.Content[0].Value), nil
}

func (r *resolver) choose(n *yaml.Node) (any, error) {
	parts, err := r.list(n)
	if err != nil {
		return nil, err
	}
	if len(parts) == 2 {
		i, err := strconv.Atoi(textOf(parts[0]))
		if items, ok := parts[1].([]any); ok && err == nil && i >= 0 && i < len(items) {
			return items[i], nil
		}
	}
	return nil, at(n, "Select takes an index and a list that has it")
}

func (r *resolver) either(n *yaml.Node) (any, error) {
	if len(n.Content) != 3 {
		return nil, at(n, "If takes a condition and two values")
	}
	ok, err := r.holds(n, n.Content[0].Value)
	if err != nil {
		return nil, err
	}
	if ok {
		return r.eval(n.Content[1])
	}
	return r.eval(n.Content[2])
}

// holds evaluates a named condition; no name always holds.
func (r *resolver) holds(n *yaml.Node, name string) (bool, error) {
	if name == "" {
		return true, nil
	}
	if v, ok := r.conditions[name]; ok {
		return v, nil
	}
	c, ok := r.template.conditions[name]
	if !ok {
		return false, at(n, "there is no condition %q", name)
	}
	if r.busy[name] {
		return false, at(n, "condition %q needs itself", name)
	}
	r.busy[name] = true
	v, err := r.eval(c)
	delete(r.busy, name)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, at(c, "condition %q is neither true nor false", name)
	}
	r.conditions[name] = b
	return b, nil
}

func (r *resolver) truth(name string, n *yaml.Node) (any, error) {
	if name == "Condition" {
		return r.holds(n, n.Value)
	}
	parts, err := r.list(n)
	if err != nil {
		return nil, err
	}
	if name == "Equals" {
		if len(parts) != 2 {
			return nil, at(n, "Equals takes two values")
		}
		return textOf(parts[0]) == textOf(parts[1]), nil
	}
	all, any := true, false
	for _, p := range parts {
		b, ok := p.(bool)
		if !ok {
			return nil, at(n, "%s takes conditions", name)
		}
		all, any = all && b, any || b
	}
	switch {
	case len(parts) == 0, name == "Not" && len(parts) != 1:
		return nil, at(n, "%s takes another number of conditions", name)
	case name == "Not":
		return !all, nil
	case name == "And":
		return all, nil
	}
	return any, nil
}
