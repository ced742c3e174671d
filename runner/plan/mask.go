package plan

import (
	"path"
	"slices"

	"github.com/rehearse-dev/rehearse/schema"
)

// Masks says whether the suite hides the value of an environment variable or a
// var with this name.
func (s *Suite) Masks(name string) bool {
	return slices.ContainsFunc(s.Mask, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// Secrets are the values of the environment variables that the suite hides.
func (s *Suite) Secrets() []string {
	var l []string
	for name, value := range Environ() {
		if s.Masks(name) {
			l = append(l, value.(string))
		}
	}
	return l
}

// Secrets are the values of the case's masked vars that are known before
// anything runs. Those that need more are known when an attempt begins.
func (c *Case) Secrets() []any {
	var l []any
	vars := c.early().Names["vars"].(*lazyVars)
	for _, name := range c.Vars.Names() {
		if !c.Suite.Masks(name) {
			continue
		}
		if v, ok, err := vars.Field(name); ok && err == nil {
			l = append(l, v)
		}
	}
	return l
}

// Literals are the values of masked vars as files and the command line write
// them, whatever is chosen, and those of the masked environment variables:
// what a problem with a file could show. It reads the files of vars and rows
// anew; what is wrong with them is told elsewhere.
func Literals(found []*schema.Found, o Options) []any {
	var l []any
	given := (&builder{options: o, p: &schema.Problems{}}).givenVars()
	for _, f := range found {
		s := &Suite{Suite: f.Suite}
		if len(s.Mask) == 0 {
			continue
		}
		for _, x := range s.Secrets() {
			l = append(l, x)
		}
		add := func(vars map[string]*schema.Node) {
			for name, n := range vars {
				if s.Masks(name) {
					l = literals(l, n)
				}
			}
		}
		add(given)
		add(s.Suite.Vars)
		for _, e := range s.Environments {
			add(e.Vars)
		}
		for _, x := range f.Scenarios {
			add(x.Vars)
			for _, c := range x.Cases.List {
				add(c.Vars)
			}
			if from := x.Cases.From; from != nil {
				add(from.Vars)
				for _, r := range schema.ReadRows(from.From, from.Pos, &schema.Problems{}) {
					for name, v := range r.Values {
						if s.Masks(name) {
							l = append(l, v)
						}
					}
				}
			}
		}
	}
	return l
}

// literals adds the scalars of a node that hold no expression.
func literals(l []any, n *schema.Node) []any {
	if n == nil || n.Open() {
		return l
	}
	for _, x := range n.Items {
		l = literals(l, x)
	}
	for _, e := range n.Entries {
		l = literals(l, e.Value)
	}
	if n.Kind == schema.Text || n.Kind == schema.Number {
		l = append(l, n.Scalar)
	}
	return l
}
