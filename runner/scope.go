package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

// scope is what the expressions of steps see. It grows with every result. A
// scope inside another sees that one's names too.
type scope struct {
	mu    *sync.Mutex // one for all scopes of an attempt, which share its vars; held while evaluating, never while waiting
	outer *scope
	names map[string]any
	ended map[string]ending // of the steps with an id
	seeds *seeds            // of random numbers; one for all scopes of an attempt, used under the lock
}

// ending is how a step ended, and when.
type ending struct {
	status event.Status
	at     time.Time
}

// newScope makes a scope of fixed names; vars see them too.
func newScope(vars plan.Vars, fixed map[string]any, random *seeds) *scope {
	s := &scope{mu: new(sync.Mutex), names: maps.Clone(fixed), ended: map[string]ending{}, seeds: random}
	s.names["env"] = plan.Environ()
	outer := maps.Clone(s.names)
	lazy := vars.Lazy(func(name string) *expr.Scope {
		return &expr.Scope{Names: outer, Rand: random.of("vars/" + name)}
	})
	outer["vars"], s.names["vars"] = lazy, lazy
	return s
}

// inside makes a scope that sees everything here, and more.
func (s *scope) inside(names map[string]any) *scope {
	return &scope{mu: s.mu, outer: s, names: names, ended: map[string]ending{}, seeds: s.seeds}
}

// ofBlock makes the scope of a block, which sees what does not depend on where
// it is used, and its params.
func (s *scope) ofBlock(params map[string]any) *scope {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, names := s.all(), map[string]any{"params": params}
	for _, name := range []string{"vars", "env", "run", "suite", "scenario", "case"} {
		if v, ok := all[name]; ok {
			names[name] = v
		}
	}
	return &scope{mu: s.mu, names: names, ended: map[string]ending{}, seeds: s.seeds}
}

// all are the names that are seen here; the caller holds the lock.
func (s *scope) all() map[string]any {
	if s.outer == nil {
		return s.names
	}
	m := maps.Clone(s.outer.all())
	maps.Copy(m, s.names)
	return m
}

// env is the scope for expressions of a file; use names what they are for,
// such as a step's place. The caller holds the lock.
func (s *scope) env(file, use string) *expr.Scope {
	return &expr.Scope{Names: s.all(), Dir: filepath.Dir(file), Rand: s.seeds.of(use)}
}

// set adds a step's result.
func (s *scope) set(id string, status event.Status, result any) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[id] = ending{status, time.Now()}
	if result != nil {
		s.names[id] = result
	}
}

// end is how the step with an id ended; empty when it has not.
func (s *scope) end(id string) ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := s; at != nil; at = at.outer {
		if e, ok := at.ended[id]; ok {
			return e
		}
	}
	return ending{}
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
	env := s.env(x.Pos.File, x.Place())
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

// pauses gives the generator by which the pauses of a step's probe vary.
func (s *scope) pauses(x *plan.Step) *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seeds.of(x.Place() + "/pauses")
}

// when evaluates a step's condition.
func (s *scope) when(ctx context.Context, x *plan.Step) (bool, error) {
	if x.When == nil {
		return true, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	v := x.When.Resolve(ctx, s.env(x.Pos.File, x.Place()), &p)
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
	v, _, err := s.all()["vars"].(expr.Lazy).Field(name)
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
	root := s.env(x.Pos.File, x.Place())
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
		text := string(b)
		if r := []rune(text); len(r) > 80 {
			text = string(r[:80]) + "…"
		}
		said = append(said, name+" is "+text)
	}
	if len(said) == 0 {
		return ""
	}
	return "; " + strings.Join(said, ", ")
}

// items evaluates what a step runs again and again for.
func (s *scope) items(ctx context.Context, x *plan.Step) (schema.ForEach, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	var f schema.ForEach
	n := x.ForEach.Resolve(ctx, s.env(x.Pos.File, x.Place()), &p)
	if err := p.Err(); err != nil {
		return f, err
	}
	f.ReadNode(n, &p)
	return f, p.Err()
}

// params gives the params of a used block their values: those given, and the defaults.
func (s *scope) params(ctx context.Context, x *plan.Step, with *schema.Node) (map[string]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	values := map[string]any{}
	for name, param := range x.Block.Params {
		if e, ok := with.Get(name); ok {
			values[name] = e.Value.Value()
		} else {
			values[name] = nil
			if param.Default != nil {
				values[name] = param.Default.Resolve(ctx, s.env(x.Block.File, x.Place()+"/params/"+name), &p).Value()
			}
		}
	}
	return values, p.Err()
}

// document evaluates a node of a file.
func (s *scope) document(ctx context.Context, n *schema.Node, file, use string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p schema.Problems
	v := n.Resolve(ctx, s.env(file, use), &p)
	return v.Value(), p.Err()
}

// has says whether there is a result of a step.
func (s *scope) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.all()[id]
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
