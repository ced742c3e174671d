package plan

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

var (
	environmentType = reflect.TypeFor[schema.Environment]()
	accountType     = reflect.TypeFor[schema.Account]()
)

// Vars are the layered vars of a case; the nearer layer wins.
type Vars struct {
	layers []map[string]*schema.Node
	nodes  map[string]*schema.Node
}

// varsOf layers vars, the farthest first. Those of --vars-file beat them all,
// and those of --var these.
func (b *builder) varsOf(layers ...map[string]*schema.Node) Vars {
	v := Vars{layers: layers, nodes: map[string]*schema.Node{}}
	for _, l := range layers {
		maps.Copy(v.nodes, l)
		for name := range l {
			b.varNames[name] = true
		}
	}
	maps.Copy(v.nodes, b.given)
	return v
}

// givenVars are the vars of --vars-file and, beating them, of --var.
func (b *builder) givenVars() map[string]*schema.Node {
	given := map[string]*schema.Node{}
	for _, file := range b.options.VarsFiles {
		maps.Copy(given, schema.ReadVars(file, b.p))
	}
	for name, text := range b.options.Vars {
		given[name] = &schema.Node{Pos: schema.Pos{File: "--var " + name}, Kind: schema.Text, Scalar: text}
	}
	return given
}

// warnOfUselessVars tells of vars on the command line that no file defines or
// uses: their names are probably misspelt.
func (b *builder) warnOfUselessVars() {
	for name, n := range b.given {
		if !b.varNames[name] {
			b.p.Warn(n.Pos, "no file that was read defines or uses a var %q%s", name, schema.DidYouMean(name, keys(b.varNames)))
		}
	}
}

// Names lists the names, sorted.
func (v Vars) Names() []string { return slices.Sorted(maps.Keys(v.nodes)) }

// checkVars checks what vars refer to, and that none needs itself. in is what
// is known where they are used; row says whether they belong to a case of a file.
func (b *builder) checkVars(v Vars, in *scenarioScope, row bool) {
	for _, name := range v.Names() {
		n := v.nodes[name]
		in.checkFiles(n)
		for _, u := range usesOf(n) {
			if u.optional {
				continue
			}
			switch head := u.path[0]; head {
			case "vars":
				if len(u.path) > 1 && v.nodes[u.path[1]] == nil && !in.guess {
					b.p.Add(u.pos, "there is no var %q%s", u.path[1], insteadOf(u.path[1], v.Names()))
				}
			case "env":
			case "suite":
				in.checkSuite(u)
			case "run", "scenario", "case":
				in.checkName(u, fixed[head])
			case "row":
				if !row && !in.guess {
					b.p.Add(u.pos, "%s", elsewhere[head])
				}
			default:
				b.p.Add(u.pos, "a var cannot use %q: vars are evaluated before the first step; they see vars, env, run, suite, scenario and case", head)
			}
		}
		if loop := v.loop(name, nil); loop != nil && name == slices.Min(loop) { // each loop once
			b.p.Add(n.Pos, "the var %q needs itself: %s", name, strings.Join(loop, " → "))
		}
	}
}

func (v Vars) loop(name string, through []string) []string {
	if i := slices.Index(through, name); i >= 0 {
		if i > 0 {
			return nil // told of the one that begins the loop
		}
		return append(through, name)
	}
	if len(through) > len(v.nodes) || v.nodes[name] == nil {
		return nil
	}
	for _, u := range usesOf(v.nodes[name]) {
		if u.path[0] == "vars" && len(u.path) > 1 {
			if l := v.loop(u.path[1], append(slices.Clone(through), name)); l != nil {
				return l
			}
		}
	}
	return nil
}

// Lazy gives the vars as a document whose fields are evaluated when they are
// asked for, each once. scope gives the other names that a var may use.
func (v Vars) Lazy(scope func(name string) *expr.Scope) expr.Lazy {
	return &lazyVars{vars: v, scope: scope, values: map[string]any{}}
}

// lazyVars is used by one attempt; its callers hold a lock of their own.
type lazyVars struct {
	vars   Vars
	scope  func(name string) *expr.Scope
	values map[string]any
	open   []string
}

func (l *lazyVars) Fields() []string { return l.vars.Names() }

func (l *lazyVars) Field(name string) (any, bool, error) {
	if x, ok := l.values[name]; ok {
		return x, true, nil
	}
	n, ok := l.vars.nodes[name]
	if !ok {
		return nil, false, nil
	}
	if slices.Contains(l.open, name) {
		return nil, false, fmt.Errorf("the var %q needs itself", name)
	}
	l.open = append(l.open, name)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	var p schema.Problems
	scope := *l.scope(name)
	scope.Dir = filepath.Dir(n.Pos.File) // a var's paths count from the file it stands in
	x := n.Resolve(context.Background(), &scope, &p)
	if err := p.Err(); err != nil {
		return nil, false, fmt.Errorf("the var %q: %w", name, err)
	}
	l.values[name] = x.Value()
	return l.values[name], true, nil
}

// Environ is the process environment as a document.
func Environ() map[string]any {
	m := map[string]any{}
	for _, kv := range os.Environ() {
		k, v, _ := strings.Cut(kv, "=")
		m[k] = v
	}
	return m
}

func insteadOf(wrong string, known []string) string {
	if d := schema.DidYouMean(wrong, known); d != "" {
		return d
	}
	return "; there are " + schema.KnownNames(known)
}
