package steps

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Shared holds what all cases of a run use together: listeners, settled
// stacks, readers of log groups. What it makes lives as long as the run, not
// as long as who asked first.
type Shared struct {
	ctx    context.Context
	stop   context.CancelFunc
	making sync.WaitGroup // what is being made just now
	ledger Ledger

	mu     sync.Mutex
	byKey  map[string]*sharedValue
	closer []func(context.Context) error
}

type sharedValue struct {
	done  chan struct{}
	value any
	err   error
}

// NewShared makes the store of a run. Everything made through it runs under
// ctx, and what it creates is recorded in the run's own ledger.
func NewShared(ctx context.Context, ledger Ledger) *Shared {
	ctx, stop := context.WithCancel(ctx)
	return &Shared{ctx: ctx, stop: stop, ledger: ledger, byKey: map[string]*sharedValue{}}
}

// Context is the run's: it ends when the run is over or stopped.
func (s *Shared) Context() context.Context { return s.ctx }

// Ledger is the run's own.
func (s *Shared) Ledger() Ledger { return s.ledger }

// OnClose has something done at the end of the run, the latest first.
func (s *Shared) OnClose(f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closer = append(s.closer, f)
}

// Close ends what is still being made, so that nothing comes into being any
// more, and does what was asked to be done at the end of the run. Afterwards
// nothing may be shared.
func (s *Shared) Close(ctx context.Context) error {
	s.stop()
	made := make(chan struct{})
	go func() {
		s.making.Wait()
		close(made)
	}()
	var errs []error
	select {
	case <-made:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("something that the run's cases share is still being made: %w", context.Cause(ctx)))
	}
	s.mu.Lock()
	closers := s.closer
	s.closer = nil
	s.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closed(ctx, closers[i]))
	}
	return errors.Join(errs...)
}

// closed keeps what breaks from keeping the others from their end.
func closed(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v; please report it", r)
		}
	}()
	return f(ctx)
}

// Share gives the run's value for a key and makes it when nobody has yet.
// Whoever asks meanwhile waits for it, or gives up with its own context. A
// failure is told to all who waited and forgotten: the next one tries again.
func Share[T any](ctx context.Context, s *Shared, key string, make func(context.Context) (T, error)) (T, error) {
	var zero T
	s.mu.Lock()
	v, ok := s.byKey[key]
	if !ok {
		v = &sharedValue{done: newDone()}
		s.byKey[key] = v
		s.making.Go(func() { s.fill(key, v, func(ctx context.Context) (any, error) { return make(ctx) }) })
	}
	s.mu.Unlock()
	select {
	case <-v.done:
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
	if v.err != nil {
		return zero, v.err
	}
	t, ok := v.value.(T)
	if !ok {
		return zero, fmt.Errorf("internal: %q is shared as %T", key, v.value)
	}
	return t, nil
}

func newDone() chan struct{} { return make(chan struct{}) }

func (s *Shared) fill(key string, v *sharedValue, make func(context.Context) (any, error)) {
	defer close(v.done)
	defer func() {
		if r := recover(); r != nil {
			v.err = fmt.Errorf("internal: %v", r)
		}
		if v.err != nil {
			s.mu.Lock()
			delete(s.byKey, key)
			s.mu.Unlock()
		}
	}()
	v.value, v.err = make(s.ctx)
}
