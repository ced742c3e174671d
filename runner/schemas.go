package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/steps"
)

// bindSchemas reads the schemas of registries that a step's checks need, before
// anything is looked at: a check without its schema would say nothing. An error
// names every schema that cannot be used.
func (g *stage) bindSchemas(ctx context.Context, env *steps.Env, patience time.Duration, needed ...[]*assertions.SchemaRef) error {
	refs := slices.Concat(needed...)
	if len(refs) == 0 {
		return nil
	}
	if g.run.Schemas == nil {
		return errors.New("internal error: nothing here reads the registry of a schema; please report it")
	}
	if patience > 0 {
		within, cancel := withTimeout(ctx, patience, "no answer within %s", patience)
		defer cancel()
		ctx = within
	}
	var errs []error
	for _, r := range refs {
		err := g.run.Schemas(ctx, env, r)
		told := slices.ContainsFunc(errs, func(e error) bool { return err != nil && e.Error() == err.Error() })
		switch {
		case err == nil, told:
		case ctx.Err() != nil:
			return fmt.Errorf("schema %s cannot be read: %w", r, context.Cause(ctx))
		default:
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
