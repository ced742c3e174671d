package runner

import (
	"context"
	"slices"
	"sync"
)

// alone is the lock that excludes every other case, whatever its locks.
const alone = "*"

// locks keep cases apart: no two that share one overlap, and one with "*"
// overlaps with none. Everybody takes all of its locks at once, so that none
// waits while it holds some; the first to ask comes first, so that nobody is
// passed by for ever.
type locks struct {
	mu      sync.Mutex
	next    int
	holding int                  // how many hold, with or without a lock
	queues  map[string][]*waiter // by lock, in the order they asked; the first may hold it
	stars   []*waiter            // those that want to be alone; the first may be
	waiting []*waiter            // not granted yet
}

// waiter is one that asked for locks, until it gives them back.
type waiter struct {
	number  int
	locks   []string
	alone   bool
	granted chan struct{} // closed when it has them
}

func newLocks() *locks { return &locks{queues: map[string][]*waiter{}} }

// wait waits until a waiter has all of its locks, which leave then gives back.
// An error is the context's cause; the waiter has left then.
func (l *locks) wait(ctx context.Context, w *waiter) error {
	if has(w) {
		return nil
	}
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
		l.leave(w)
		return context.Cause(ctx)
	}
}

// ask queues for locks; none are none.
func (l *locks) ask(names []string) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	w := &waiter{number: l.next, alone: slices.Contains(names, alone), granted: make(chan struct{})}
	if w.alone {
		l.stars = append(l.stars, w)
	} else {
		w.locks = names
	}
	for _, name := range w.locks {
		l.queues[name] = append(l.queues[name], w)
	}
	l.waiting = append(l.waiting, w)
	l.grant([]*waiter{w})
	return w
}

// leave gives back what a waiter holds, or ends its waiting.
func (l *locks) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if has(w) {
		l.holding--
	} else {
		l.waiting = without(l.waiting, w)
	}
	var heirs []*waiter
	for _, name := range w.locks {
		q := without(l.queues[name], w)
		if len(q) == 0 {
			delete(l.queues, name)
			continue
		}
		l.queues[name] = q
		heirs = append(heirs, q[0])
	}
	if w.alone {
		l.stars = without(l.stars, w)
		heirs = slices.Clone(l.waiting) // everybody behind it may have waited for it
	}
	l.grant(heirs)
	if len(l.stars) > 0 {
		l.grant(l.stars[:1])
	}
}

// grant gives those their locks that can have them.
func (l *locks) grant(to []*waiter) {
	for _, w := range to {
		if has(w) || !l.free(w) {
			continue
		}
		l.holding++
		l.waiting = without(l.waiting, w)
		close(w.granted)
	}
}

// free says whether nobody is before a waiter.
func (l *locks) free(w *waiter) bool {
	if w.alone {
		return l.holding == 0 && l.stars[0] == w
	}
	if len(l.stars) > 0 && (has(l.stars[0]) || l.stars[0].number < w.number) {
		return false
	}
	for _, name := range w.locks {
		if l.queues[name][0] != w {
			return false
		}
	}
	return true
}

func has(w *waiter) bool {
	select {
	case <-w.granted:
		return true
	default:
		return false
	}
}

func without(list []*waiter, w *waiter) []*waiter {
	if i := slices.Index(list, w); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
