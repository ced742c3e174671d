package listen

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Handle is one listen step: a harness that it may share with others, and the
// moment from which on it hears.
type Handle struct {
	ID    string    // the text by which received finds it again
	Began time.Time // what arrived earlier is not its own
	Log   *Log
	// Confirm proves that the harness lives, is unchanged and did so since a
	// moment, so that silence means that nothing was sent since. Calls at the same
	// time share the work.
	Confirm func(ctx context.Context, since time.Time) error
	// What it listens to, for messages: `bus "shop", rule "orders"`.
	Source string
}

// handles are the listeners of a run by their ids.
type handles struct {
	mu   sync.Mutex
	byID map[string]*Handle
}

func handlesOf(ctx context.Context, run *steps.Shared) (*handles, error) {
	return steps.Share(ctx, run, "listen/handles", func(context.Context) (*handles, error) {
		return &handles{byID: map[string]*Handle{}}, nil
	})
}

// register gives a handle its id.
func register(ctx context.Context, run *steps.Shared, h *Handle) error {
	all, err := handlesOf(ctx, run)
	if err != nil {
		return err
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	h.ID = fmt.Sprintf("listener-%d", len(all.byID)+1)
	all.byID[h.ID] = h
	return nil
}

// Find gives the handle that a listen step of this run opened.
func Find(ctx context.Context, run *steps.Shared, id string) (*Handle, error) {
	all, err := handlesOf(ctx, run)
	if err != nil {
		return nil, err
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if h, ok := all.byID[id]; ok {
		return h, nil
	}
	known := make([]string, 0, len(all.byID))
	for k := range all.byID {
		known = append(known, k)
	}
	sort.Strings(known)
	return nil, fmt.Errorf("%q is no listener of this run; from takes the id of a listen step, and an expression or a param the listener itself, ${%s.listener} (opened so far: %s)", id, id, schema.KnownNames(known))
}
