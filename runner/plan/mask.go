package plan

import (
	"path"
	"slices"
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
