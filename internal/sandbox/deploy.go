package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"gopkg.in/yaml.v3"
)

// Deploy makes a stack of a template. The bodies of its functions are those registered for the system (built in, or in
// Options.Functions). What the sandbox cannot do exactly as the template says is an error that names the line.
// A stack that failed stays half made, and its name is not taken. It goes into the account and region that the
// template's Metadata names (Sandbox: {Account: "…", Region: …}), else into [Account] and [Region].
func (s *Sandbox) Deploy(ctx context.Context, stackName, systemName string, template []byte, params map[string]string) error {
	t, err := parseTemplate(template)
	if err != nil {
		return err
	}
	values, err := t.values(params)
	if err != nil {
		return err
	}
	h := s.home(t.account, t.region)
	if _, err := h.stacks.find(&stackName); err == nil {
		return fmt.Errorf("stack %s exists already", stackName)
	}
	stack := &deployedStack{
		name: stackName, id: h.arn("cloudformation", "stack/"+stackName+"/"+newID()), description: t.Description, created: s.now(), parameters: values,
	}
	d := &deployment{
		ctx: ctx, system: systemName,
		resolver: &resolver{
			home: h, template: t, stack: stack, parameters: values, conditions: map[string]bool{}, made: map[string]resource{}, busy: map[string]bool{},
		},
	}
	if err := d.makeAll(); err != nil {
		return fmt.Errorf("deploying %s: %w", stackName, err)
	}
	if err := d.giveOutputs(); err != nil {
		return fmt.Errorf("deploying %s: %w", stackName, err)
	}
	h.stacks.mu.Lock()
	defer h.stacks.mu.Unlock()
	h.stacks.stacks[stackName] = stack
	return nil
}

// deployment is one stack coming into being.
type deployment struct {
	*resolver
	ctx    context.Context
	system string
}

// makeAll makes the resources; what waits for another one goes into the next round.
func (d *deployment) makeAll() error {
	todo := slices.Clone(d.template.resources)
	for len(todo) > 0 {
		var later []templateResource
		var why []string
		for _, r := range todo {
			err := d.make(r)
			var wait notYet
			if errors.As(err, &wait) {
				later = append(later, r)
				why = append(why, fmt.Sprintf("line %d: %s %v", r.line, r.id, wait))
			} else if err != nil {
				return fmt.Errorf("%s: %w", r.id, err)
			}
		}
		if len(later) == len(todo) {
			return fmt.Errorf("these resources need each other: %s", strings.Join(why, "; "))
		}
		todo = later
	}
	return nil
}

func (d *deployment) make(r templateResource) error {
	here := &yaml.Node{Line: r.line}
	if ok, err := d.holds(here, r.condition); err != nil || !ok {
		return err
	}
	maker, ok := makers[r.kind]
	if !ok {
		return at(here, "the sandbox cannot make a resource of type %s; it makes %s", r.kind, strings.Join(slices.Sorted(maps.Keys(makers)), ", "))
	}
	if err := d.awaited(here, r); err != nil {
		return err
	}
	p := &properties{node: here, lines: map[string]int{}, used: map[string]bool{}}
	if r.properties != nil {
		v, err := d.eval(r.properties)
		if err != nil {
			return err
		}
		p.node = r.properties
		if p.values, ok = v.(map[string]any); !ok {
			return at(r.properties, "Properties is not a mapping")
		}
		for i := 0; i+1 < len(r.properties.Content); i += 2 {
			p.lines[r.properties.Content[i].Value] = r.properties.Content[i].Line
		}
	}
	made, err := maker(d, r.id, p)
	if err == nil {
		err = p.finish(r.kind)
	} else if p.err != nil { // why the maker failed
		err = p.err
	}
	if err != nil {
		if errors.As(err, new(lined)) {
			return err
		}
		return at(here, "%v", err)
	}
	d.made[r.id] = made
	id := made.id
	if id == "" {
		id = made.ref
	}
	d.stack.resources = append(d.stack.resources, deployedResource{logicalID: r.id, physicalID: id, kind: r.kind, made: d.home.now()})
	return nil
}

// awaited checks DependsOn. A resource whose condition does not hold is not waited for.
func (d *deployment) awaited(here *yaml.Node, r templateResource) error {
	for _, id := range r.dependsOn {
		i := slices.IndexFunc(d.template.resources, func(other templateResource) bool { return other.id == id })
		if i < 0 {
			return at(here, "%s depends on %s, which the template does not have", r.id, id)
		}
		ok, err := d.holds(here, d.template.resources[i].condition)
		if err != nil {
			return err
		}
		if _, made := d.made[id]; ok && !made {
			return notYet{id}
		}
	}
	return nil
}

func (d *deployment) giveOutputs() error {
	for _, o := range d.template.outputs {
		if ok, err := d.holds(o.value, o.condition); err != nil {
			return fmt.Errorf("output %s: %w", o.name, err)
		} else if !ok {
			continue
		}
		v, err := d.eval(o.value)
		if err != nil {
			return fmt.Errorf("output %s: %w", o.name, err)
		}
		d.stack.outputs = append(d.stack.outputs, types.Output{
			OutputKey: aws.String(o.name), OutputValue: aws.String(textOf(v)), Description: optional(o.description),
		})
	}
	return nil
}
