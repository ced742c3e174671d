package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/runner/plan"
)

func newList() *cobra.Command {
	return planned("list [PATH…]", "The cases that a run would run", func(w io.Writer, p *plan.Plan) {
		for _, x := range p.Cases {
			fmt.Fprintf(w, "%s:%d  %s", x.File, x.Line, x.Name)
			if len(x.Tags) > 0 {
				fmt.Fprintf(w, "  [%s]", strings.Join(x.Tags, ", "))
			}
			if x.Skip != "" {
				fmt.Fprintf(w, "  (skipped: %s)", x.Skip)
			}
			fmt.Fprintln(w)
		}
	})
}
