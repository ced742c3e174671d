package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// takes says what a flag takes, by the type of its value.
var takes = map[string]string{"int": "a whole number", "int64": "a whole number", "duration": "a duration such as 500ms, 20s or 1h30m", "bool": "true or false"}

// flagError says in words what is wrong with a flag.
func flagError(c *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &value) && takes[value.GetFlag().Value.Type()] != "":
		return fmt.Errorf("--%s takes %s, got %q", value.GetFlag().Name, takes[value.GetFlag().Value.Type()], value.GetValue())
	case errors.As(err, &unknown):
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		name := unknown.GetSpecifiedName()
		if near := nearest.Name(name, known); near != "" {
			return fmt.Errorf("%s has no flag --%s; did you mean --%s?", c.CommandPath(), name, near)
		}
		return fmt.Errorf("%s has no flag --%s; `%s --help` lists those there are", c.CommandPath(), strings.TrimLeft(name, "-"), c.CommandPath())
	}
	return err
}
