package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// Reapers are the ways to remove each type of resource.
type Reapers map[string]steps.Reaper

// ReapersOf gathers the reapers of all kinds.
func ReapersOf(kinds []steps.Kind) Reapers {
	r := Reapers{}
	for _, k := range kinds {
		for _, x := range k.Reapers {
			r[x.Type] = x
		}
	}
	return r
}

// TakeBack removes everything the scope created, in reverse order, and gives
// what is left, each with the reason. One failure does not keep the rest. What
// may be created yet, by a call that was cut off, is removed once more after a
// while. where finds the place of a resource by its key.
func (s *Scope) TakeBack(ctx context.Context, reapers Reapers, where func(key string) *awsclient.Place) (left []string) {
	s.mu.Lock()
	entries := s.entries
	s.entries = nil
	s.mu.Unlock()
	var early []*entry
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.settled {
			continue
		}
		if e.keep {
			e.settle()
			s.tell(Change{Resource: e.resource, Owner: s.owner, Status: "kept"})
			continue
		}
		err := remove(ctx, reapers, where, e.resource)
		if err == nil && !e.created {
			early = append(early, e)
			continue
		}
		left = append(left, s.released(e, err)...)
	}
	if len(early) > 0 {
		_ = steps.Pause(ctx, settling) // each removal sees for itself that ctx has ended
	}
	for _, e := range early {
		left = append(left, s.released(e, remove(ctx, reapers, where, e.resource))...)
	}
	return left
}

// released tells what became of an entry, and gives what is left of it.
func (s *Scope) released(e *entry, err error) (left []string) {
	if err != nil {
		s.tell(Change{Resource: e.resource, Owner: s.owner, Status: "left", Err: err})
		return []string{fmt.Sprintf("%s %s: %s", e.resource.Type, e.resource.ID, awsclient.Explain(err))}
	}
	e.settle()
	s.tell(Change{Resource: e.resource, Owner: s.owner, Status: "released"})
	return nil
}

func remove(ctx context.Context, reapers Reapers, where func(key string) *awsclient.Place, r steps.Resource) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	if ctx.Err() != nil {
		return fmt.Errorf("no time was left to remove it: %w", context.Cause(ctx))
	}
	reaper, ok := reapers[r.Type]
	if !ok {
		return errors.New("nothing in this version of rehearse knows how to remove it")
	}
	return reaper.Remove(ctx, where(r.Place), r)
}
