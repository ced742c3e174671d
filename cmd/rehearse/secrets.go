package main

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

// curtain keeps what suites mask out of what is printed beside the stream:
// problems with files, with the lines they stand in, and lists.
type curtain struct {
	text  func(string) string
	masks func(name string) bool
}

// curtainOf draws it before the files that were found.
func curtainOf(found []*schema.Found, o plan.Options) curtain {
	return curtain{
		text: runner.Hiding(plan.Literals(found, o)...),
		masks: func(name string) bool {
			return slices.ContainsFunc(found, func(f *schema.Found) bool { return (&plan.Suite{Suite: f.Suite}).Masks(name) })
		},
	}
}

// key is a key of a mapping in a line of YAML or JSON.
var key = regexp.MustCompile(`["']?([^\s"':{},\[\]]+)["']?\s*:(\s|$)`)

// line hides the value behind each masked name, also where the file cannot be
// read, and every masked value.
func (c curtain) line(s string) string {
	for _, m := range key.FindAllStringSubmatchIndex(s, -1) {
		if c.masks(s[m[2]:m[3]]) && strings.TrimSpace(s[m[1]:]) != "" {
			s = s[:m[1]] + "***"
			break
		}
	}
	return c.text(s)
}

// printHiding prints what is told of a plan without the values it masks.
func printHiding(w io.Writer, p *plan.Plan, tell func(io.Writer, *plan.Plan)) error {
	values := secretsOf(p)
	for _, c := range p.Cases {
		if len(c.Suite.Mask) > 0 {
			values = append(values, c.Secrets()...)
		}
	}
	var b strings.Builder
	tell(&b, p)
	_, err := io.WriteString(w, runner.Hiding(values...)(b.String()))
	return err
}

// hiding gives an error without credentials and other values.
func hiding(err error, values ...any) error {
	if err == nil {
		return nil
	}
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		values = append(values, os.Getenv(name))
	}
	return errors.New(runner.Hiding(values...)(err.Error()))
}

// secretsOf are the values of the environment variables that a plan masks.
func secretsOf(p *plan.Plan) []any {
	var l []any
	for _, s := range p.Suites {
		for _, x := range s.Secrets() {
			l = append(l, x)
		}
	}
	return l
}
