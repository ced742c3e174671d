// Package ledger keeps the record of what a run creates: on disk and synced
// before each call that creates, so that nothing is lost however the run ends.
// Taking back reads the record and nothing else.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/gofrs/flock"

	"github.com/rehearse-dev/rehearse/steps"
)

// Ledger is the record of one run. It is safe for concurrent use.
type Ledger struct {
	path string       // "" when the record is kept in memory only
	lock *flock.Flock // held while the process lives

	mu      sync.Mutex
	file    storage // nil in memory, and after Close
	size    int64   // of what was written whole
	next    int
	open    int   // entries that are not settled
	err     error // of notes that could not be written
	broken  error // why nothing can be written any more
	busy    bool  // a sync is under way
	waiting *syncing
}

// InMemory is a record for a place that ends with this process.
func InMemory() *Ledger { return &Ledger{} }

// Path is where the record lies; "" when it is kept in memory, or was removed
// because nothing is left.
func (l *Ledger) Path() string { return l.path }

func (l *Ledger) intend(owner string, keep bool, r steps.Resource) (int, error) {
	l.mu.Lock()
	l.next++
	n := l.next
	err := l.write(line{N: n, Op: "intend", Owner: owner, Keep: keep, Resource: &r})
	if err == nil {
		l.open++
	}
	l.mu.Unlock()
	if err == nil {
		if err = l.durable(); err != nil {
			l.mu.Lock()
			l.open--
			l.mu.Unlock()
		}
	}
	if err != nil {
		var system *fs.PathError
		if errors.As(err, &system) {
			err = fmt.Errorf("%w (%s)", system.Err, l.path) // the file had another name when it was opened
		}
		return 0, fmt.Errorf("nothing was created, because the record of it cannot be written: %w", err)
	}
	return n, nil
}

// note records what became of an entry. A failure is told at Close: the
// resource is there, and the intent is enough to remove it.
func (l *Ledger) note(x line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.Op == "settled" {
		l.open--
	}
	if err := l.write(x); err != nil {
		l.err = fmt.Errorf("the record of what this run created cannot be written any more: %w", err)
	}
}

// Scope is what belongs together and is taken back together: a case's
// attempt, or the run.
type Scope struct {
	ledger *Ledger
	owner  string
	tell   func(Change)

	mu      sync.Mutex
	entries []*entry
}

// Change tells of a resource.
type Change struct {
	Resource steps.Resource
	Owner    string
	Status   string // created, released, kept, left
	Err      error
}

// Scope makes a scope; tell hears of everything created and released in it.
func (l *Ledger) Scope(owner string, tell func(Change)) *Scope {
	return &Scope{ledger: l, owner: owner, tell: tell}
}

// Keeping gives the scope as a step sees it that keeps what it creates.
func (s *Scope) Keeping(keep bool) steps.Ledger { return keeper{s, keep} }

type keeper struct {
	*Scope
	keep bool
}

func (k keeper) Intend(_ context.Context, r steps.Resource) (steps.Entry, error) {
	n, err := k.ledger.intend(k.owner, k.keep, r)
	if err != nil {
		return nil, err
	}
	e := &entry{scope: k.Scope, n: n, resource: r, keep: k.keep}
	k.mu.Lock()
	k.entries = append(k.entries, e)
	k.mu.Unlock()
	return e, nil
}

type entry struct {
	scope    *Scope
	n        int
	resource steps.Resource
	keep     bool
	created  bool
	settled  bool
}

func (e *entry) Created(r steps.Resource) {
	e.scope.mu.Lock()
	e.resource, e.created = r, true
	e.scope.mu.Unlock()
	e.scope.ledger.note(line{N: e.n, Op: "created", Resource: &r})
	e.scope.tell(Change{Resource: r, Owner: e.scope.owner, Status: "created"})
}

func (e *entry) Forget() { e.settle() }

func (e *entry) settle() {
	e.scope.mu.Lock()
	done := e.settled
	e.settled = true
	e.scope.mu.Unlock()
	if !done {
		e.scope.ledger.note(line{N: e.n, Op: "settled"})
	}
}
