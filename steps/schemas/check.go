package schemas

import (
	"context"
	"fmt"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/mock"
	"github.com/rehearse-dev/rehearse/steps"
)

// Bind reads the schema of a registry that a check of a step names.
func Bind(ctx context.Context, env *steps.Env, r *assertions.SchemaRef) error {
	d, err := describe(ctx, env, r.Registry, r.Name, r.Version)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("schemas/check %s %q %q", env.AWS.Key(), d.shown, r.Type)
	s, err := steps.Share(ctx, env.Run, key, func(context.Context) (*assertions.Schema, error) { return checker(d, r.Type) })
	if err != nil {
		return err
	}
	r.Bind(s, d.version)
	return nil
}

// checker makes of a document what values can be held against.
func checker(d document, part string) (*assertions.Schema, error) {
	if d.form == mock.JSONSchema {
		s, err := assertions.ReadJSONSchema(d.shown, d.text, part)
		return s, steps.Final(err)
	}
	s, err := d.schema(part)
	if err != nil {
		return nil, err
	}
	return assertions.NewSchema(func(value any) []assertions.Difference {
		var l []assertions.Difference
		for _, v := range s.Check(value) {
			l = append(l, assertions.Difference{Path: v.Where, Kind: assertions.Changed, Message: v.String()})
		}
		return l
	}), nil
}
