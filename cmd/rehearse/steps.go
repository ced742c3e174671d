package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

func newSteps() *cobra.Command {
	return &cobra.Command{
		Use:   "steps [KIND]",
		Short: "The step reference",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprint(c.OutOrStdout(), catalogue.List())
				return nil
			}
			all := catalogue.New()
			k, ok := all.Kind(args[0])
			if !ok {
				return fmt.Errorf("unknown step kind %q%s", args[0], schema.DidYouMean(args[0], all.Names()))
			}
			fmt.Fprint(c.OutOrStdout(), catalogue.Describe(k))
			return nil
		},
	}
}
