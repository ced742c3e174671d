package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

// scope is what the expressions of an attempt see. It grows with every result.
type scope struct {
	mu    sync.Mutex // held while evaluating, never while waiting
	names map[string]any
	dir   string
	ended map[string]event.Status // how the steps with an id ended
}

// newScope makes a scope of fixed names; vars see them too.
func newScope(vars plan.Vars, file string, fixed map[string]any) *scope {
	s := &scope{names: maps.Clone(fixed), dir: filepath.Dir(file), ended: map[string]event.Status{}}
	s.names["env"] = plan.Environ()
	outer := maps.Clone(s.names)
	seen := &expr.Scope{Names: outer, Dir: s.dir}
	lazy := vars.Lazy(func() *expr.Scope { return seen })
	outer["vars"], s.names["vars"] = lazy, lazy
	return s
}

// set adds a step's result.
func (s *scope) set(id string, status event.Status, result any) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[id] = status
	if result != nil {
		s.names[id] = result
	}
}

// status is how the step with an id ended, "" when it has not.
func (s *scope) status(id string) event.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended[id]
}

// resolved is a step with values in place of its expressions.
type resolved struct {
	params *schema.Node
	common schema.StepFields
	expect assertions.Checks
}

// resolve evaluates a step's expressions. An error names every place that
// could not be evaluated.
func (s *scope) resolve(ctx context.Context, x *plan.Step) (resolved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	var r resolved
	env := &expr.Scope{Names: s.names, Dir: s.dir}
	r.params = x.Params.Resolve(ctx, env, &p)
	fields := x.Fields.Resolve(ctx, env, &p)
	if err := p.Err(); err != nil {
		return r, err
	}
	schema.FieldsShape().Fill(fields, "field", &r.common, &p)
	if e, ok := fields.Get("expect"); ok {
		r.expect.ReadNode(e.Value, &p)
	}
	return r, p.Err()
}

// when evaluates a step's condition.
func (s *scope) when(ctx context.Context, x *plan.Step) (bool, error) {
	if x.When == nil {
		return true, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	v := x.When.Resolve(ctx, &expr.Scope{Names: s.names, Dir: s.dir}, &p)
	if err := p.Err(); err != nil {
		return false, err
	}
	if v.Kind != schema.Bool {
		return false, fmt.Errorf("when must be true or false, and gave %s", v.Kind)
	}
	return v.Scalar == "true", nil
}

// variable is the value of a var, nil when it has none.
func (s *scope) variable(name string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _, err := s.names["vars"].(expr.Lazy).Field(name)
	if err != nil {
		return nil
	}
	return v
}

// maxExplained is how many names of a condition are explained.
const maxExplained = 5

// explain says what the names in a step's expressions stood for.
func (s *scope) explain(x *plan.Step) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := &expr.Scope{Names: s.names, Dir: s.dir}
	var said []string
	for _, name := range x.Names() {
		e, err := expr.Parse(name)
		if err != nil || len(said) == maxExplained {
			continue
		}
		v, err := e.Eval(context.Background(), root)
		if err != nil {
			continue // the condition itself told of it
		}
		b, err := json.Marshal(v)
		if err != nil {
			continue
		}
		text := []rune(string(b))
		said = append(said, name+" is "+string(text[:min(len(text), 80)]))
	}
	if len(said) == 0 {
		return ""
	}
	return "; " + strings.Join(said, ", ")
}

// has says whether there is a result of a step.
func (s *scope) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.names[id]
	return ok
}

// nest makes a result known below another name too, such as suite.
func (s *scope) nest(under, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.names[id]; ok && id != "" {
		s.names[under].(map[string]any)[id] = v
	}
}
