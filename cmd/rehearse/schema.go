package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "The JSON Schemas for editors: scenario (the default), suite and steps",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			all, err := catalogue.EditorSchemas()
			if err != nil {
				return err
			}
			name := "scenario"
			if len(args) > 0 {
				name = args[0]
			}
			s, ok := all[name]
			if !ok {
				return fmt.Errorf("there is no schema %q; there are %s", name, strings.Join(catalogue.SchemaNames(), ", "))
			}
			_, err = c.OutOrStdout().Write(s)
			return err
		},
	}
}
