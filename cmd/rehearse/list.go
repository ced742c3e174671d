package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newList() *cobra.Command {
	s := &selection{}
	c := &cobra.Command{
		Use:   "list [PATH…]",
		Short: "The cases that a run would run",
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
			out := c.OutOrStdout()
			for _, x := range p.Cases {
				fmt.Fprintf(out, "%s:%d  %s", x.File, x.Line, x.Name)
				if len(x.Tags) > 0 {
					fmt.Fprintf(out, "  [%s]", strings.Join(x.Tags, ", "))
				}
				if x.Skip != "" {
					fmt.Fprintf(out, "  (skipped: %s)", x.Skip)
				}
				fmt.Fprintln(out)
			}
			return nil
		},
	}
	s.flags(c)
	return c
}
