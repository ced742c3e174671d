package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/runner/plan"
	"github.com/rehearse-dev/rehearse/schema"
)

func newValidate() *cobra.Command {
	return planned("validate [PATH…]", "Check files without running them", func(w io.Writer, p *plan.Plan) {
		fmt.Fprintf(w, "%s in %s: valid\n", schema.CountOf(p.Found, "case"), schema.CountOf(p.Files, "file"))
	})
}

// planned makes a command that checks files and tells of what a run would do.
func planned(use, short string, tell func(io.Writer, *plan.Plan)) *cobra.Command {
	s := &selection{}
	c := &cobra.Command{
		Use: use, Short: short,
		RunE: func(c *cobra.Command, paths []string) error {
			o, err := s.options()
			if err != nil {
				return err
			}
			o.AnyEnvironment = true
			p, err := load(paths, o, false, c.ErrOrStderr())
			if err != nil {
				return err
			}
			return printHiding(c.OutOrStdout(), p, tell)
		},
	}
	s.flags(c)
	return c
}
