package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// templateDocument is a CloudFormation template as it stands in its file.
type templateDocument struct {
	Description string
	account     string   // where its stack goes in the sandbox
	region      string   // likewise
	harmless    []string // faults with which the suite must still pass
	parameters  map[string]templateParameter
	conditions  map[string]*yaml.Node
	resources   []templateResource // in the file's order
	outputs     []templateOutput
}

type templateParameter struct {
	value   string // the default
	needed  bool   // has no default
	allowed []string
	line    int
}

type templateResource struct {
	id, kind, condition string
	dependsOn           []string
	properties          *yaml.Node // nil when there are none
	line                int
}

type templateOutput struct {
	name, description, condition string
	value                        *yaml.Node
	line                         int
}

// faultParameter is the parameter with which the example systems are broken on purpose.
const faultParameter = "Fault"

// Faults lists the values that a template allows for its `Fault` parameter, the unbroken "none" among them. It is
// empty when the template has no such parameter.
func Faults(template []byte) ([]string, error) {
	t, err := parseTemplate(template)
	if err != nil {
		return nil, err
	}
	return t.parameters[faultParameter].allowed, nil
}

// HarmlessFaults lists those of a template's faults that its suite must not mind. Its Metadata names them
// (Sandbox: {HarmlessFaults: […]}).
func HarmlessFaults(template []byte) ([]string, error) {
	t, err := parseTemplate(template)
	if err != nil {
		return nil, err
	}
	return t.harmless, nil
}

func at(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...))
}

// parseTemplate reads the sections that the sandbox knows and refuses others.
func parseTemplate(source []byte) (*templateDocument, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(source, &root); err != nil {
		return nil, fmt.Errorf("the template is not YAML: %w", err)
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the template is not a mapping of sections such as Resources")
	}
	t := &templateDocument{account: Account, region: Region, parameters: map[string]templateParameter{}, conditions: map[string]*yaml.Node{}}
	err := eachField(root.Content[0], func(key, value *yaml.Node) error {
		switch key.Value {
		case "AWSTemplateFormatVersion":
			return nil
		case "Metadata":
			return t.parseMetadata(value)
		case "Description":
			t.Description = value.Value
			return nil
		case "Parameters":
			return eachField(value, t.parseParameter)
		case "Conditions":
			return eachField(value, func(k, v *yaml.Node) error {
				t.conditions[k.Value] = v
				return nil
			})
		case "Resources":
			return eachField(value, t.parseResource)
		case "Outputs":
			return eachField(value, t.parseOutput)
		}
		return at(key, "the sandbox does not know the section %s", key.Value)
	})
	if err == nil && len(t.resources) == 0 {
		err = errors.New("the template has no Resources")
	}
	return t, err
}

// eachField visits the fields of a mapping; a key that stands twice is an error.
func eachField(n *yaml.Node, visit func(key, value *yaml.Node) error) error {
	n = resolved(n)
	if n.Kind != yaml.MappingNode {
		return at(n, "expected a mapping")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			return at(key, "%s stands here twice", key.Value)
		}
		seen[key.Value] = true
		if err := visit(key, resolved(n.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// parseMetadata reads what is meant for the sandbox; CloudFormation and its other readers have keys of their own.
func (t *templateDocument) parseMetadata(n *yaml.Node) error {
	return eachField(n, func(key, value *yaml.Node) error {
		if key.Value != "Sandbox" {
			return nil
		}
		return eachField(value, func(k, v *yaml.Node) error {
			switch k.Value {
			case "Account":
				if t.account = v.Value; !accountID.MatchString(v.Value) {
					return at(v, "%q is no account: it has 12 digits", v.Value)
				}
			case "Region":
				t.region = v.Value
			case "HarmlessFaults":
				t.harmless = scalars(v)
			default:
				return at(k, "the sandbox does not know %s; it knows Account, Region, HarmlessFaults", k.Value)
			}
			return nil
		})
	})
}

func (t *templateDocument) parseParameter(key, value *yaml.Node) error {
	p := templateParameter{needed: true, line: key.Line}
	err := eachField(value, func(k, v *yaml.Node) error {
		switch k.Value {
		case "Default":
			p.value, p.needed = v.Value, false
		case "AllowedValues":
			for _, e := range v.Content {
				p.allowed = append(p.allowed, e.Value)
			}
		case "Type", "Description", "ConstraintDescription", "NoEcho":
		default:
			return at(k, "parameter %s: the sandbox does not check %s", key.Value, k.Value)
		}
		return nil
	})
	t.parameters[key.Value] = p
	return err
}

func (t *templateDocument) parseResource(key, value *yaml.Node) error {
	r := templateResource{id: key.Value, line: key.Line}
	err := eachField(value, func(k, v *yaml.Node) error {
		switch k.Value {
		case "Type":
			r.kind = v.Value
		case "Condition":
			r.condition = v.Value
		case "DependsOn":
			r.dependsOn = append(r.dependsOn, scalars(v)...)
		case "Properties":
			r.properties = v
		case "DeletionPolicy", "UpdateReplacePolicy", "Metadata":
		default:
			return at(k, "resource %s: the sandbox does not know %s", key.Value, k.Value)
		}
		return nil
	})
	if err == nil && r.kind == "" {
		err = at(key, "resource %s has no Type", key.Value)
	}
	t.resources = append(t.resources, r)
	return err
}

func (t *templateDocument) parseOutput(key, value *yaml.Node) error {
	o := templateOutput{name: key.Value, line: key.Line}
	err := eachField(value, func(k, v *yaml.Node) error {
		switch k.Value {
		case "Value":
			o.value = v
		case "Description":
			o.description = v.Value
		case "Condition":
			o.condition = v.Value
		case "Export":
		default:
			return at(k, "output %s: the sandbox does not know %s", key.Value, k.Value)
		}
		return nil
	})
	if err == nil && o.value == nil {
		err = at(key, "output %s has no Value", key.Value)
	}
	t.outputs = append(t.outputs, o)
	return err
}

func scalars(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for _, c := range n.Content {
		all = append(all, c.Value)
	}
	return all
}

// values are the parameters' values: the defaults, with the given ones over them.
func (t *templateDocument) values(given map[string]string) (map[string]string, error) {
	for name := range given {
		if _, ok := t.parameters[name]; !ok {
			return nil, fmt.Errorf("the template has no parameter %s", name)
		}
	}
	out := map[string]string{}
	for name, p := range t.parameters {
		v, ok := given[name]
		if !ok {
			if p.needed {
				return nil, fmt.Errorf("line %d: parameter %s has no default and no value is given", p.line, name)
			}
			v = p.value
		}
		if len(p.allowed) > 0 && !slices.Contains(p.allowed, v) {
			return nil, fmt.Errorf("line %d: parameter %s: %q is not one of %s", p.line, name, v, strings.Join(p.allowed, ", "))
		}
		out[name] = v
	}
	return out, nil
}
