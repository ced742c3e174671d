package xray

import (
	"context"
	"sync"

	"github.com/rehearse-dev/rehearse/steps"
)

// abreast is how many calls may be under way at a time.
const abreast = 8

// each makes a call for each of a list, several at a time, begun no faster than
// they may go on. It ends when all have; after an error, the first of which it
// gives, or the end of ctx no more are begun. Each call looks after traces of its own.
func each[T any](ctx context.Context, list []T, call func(T) error) error {
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		fail error
		free = make(chan struct{}, abreast)
	)
	broken := func() error {
		mu.Lock()
		defer mu.Unlock()
		return fail
	}
	for i, x := range list {
		if i > 0 && steps.Pause(ctx, perCall) != nil {
			break
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil || broken() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-free }()
			if err := call(x); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if fail == nil {
					fail = err
				}
			}
		})
	}
	all.Wait()
	if err := broken(); err != nil {
		return err
	}
	return context.Cause(ctx)
}
