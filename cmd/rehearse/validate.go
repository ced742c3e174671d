package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newValidate() *cobra.Command {
	s := &selection{}
	c := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check files without running them",
		RunE: func(c *cobra.Command, paths []string) error {
			o, err := s.options()
			if err != nil {
				return err
			}
			o.AnyEnvironment = true
			p, err := load(paths, o, c.ErrOrStderr())
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s in %s: valid\n", countOf(p.Found, "case"), countOf(p.Files, "file"))
			return nil
		},
	}
	s.flags(c)
	return c
}
