// Package ledger keeps the record of what a run creates: on disk and synced
// before each call that creates, so that nothing is lost however the run ends.
// Taking back reads the record and nothing else.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// Ledger is the record of one run. It is safe for concurrent use.
type Ledger struct {
	mu   sync.Mutex
	path string
	file *os.File // nil when the record is kept in memory only
	next int
	open int // entries that are not settled
	err  error
}

// line is one line of the file.
type line struct {
	N        int               `json:"n"`
	Op       string            `json:"op"` // place, intend, created, settled
	Owner    string            `json:"owner,omitempty"`
	Resource *steps.Resource   `json:"resource,omitempty"`
	Place    *awsclient.Origin `json:"place,omitempty"`
}

// Folder is where ledgers lie: REHEARSE_STATE_DIR, else the user's state folder.
func Folder() (string, error) {
	if d := os.Getenv("REHEARSE_STATE_DIR"); d != "" {
		return d, nil
	}
	if d := os.Getenv("XDG_STATE_HOME"); d != "" {
		return filepath.Join(d, "rehearse"), nil
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		d, err := os.UserConfigDir()
		return filepath.Join(d, "rehearse"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "rehearse"), err
}

// Open begins the record of a run in a folder, with how to come to the places
// in which it creates something. The error says what to set when the folder
// cannot be written.
func Open(folder, run string, places []awsclient.Origin) (*Ledger, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the record of what this run creates cannot be kept in %s: %w; set REHEARSE_STATE_DIR to a folder that can be written", folder, errors.Unwrap(err))
	}
	path := filepath.Join(folder, run+".ledger")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the record of what this run creates cannot be kept in %s: %w; set REHEARSE_STATE_DIR to a folder that can be written", folder, errors.Unwrap(err))
	}
	l := &Ledger{path: path, file: f}
	for _, p := range places {
		if err := l.write(line{Op: "place", Place: &p}, true); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// InMemory is a record for a place that ends with this process.
func InMemory() *Ledger { return &Ledger{} }

// Close ends the record; it is removed when everything in it is settled.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return l.err
	}
	err := errors.Join(l.err, l.file.Close())
	if l.open == 0 {
		err = errors.Join(err, os.Remove(l.path))
	}
	l.file = nil
	return err
}

// Path is where the record lies, "" when it is kept in memory.
func (l *Ledger) Path() string { return l.path }

func (l *Ledger) write(x line, sync bool) error {
	if l.file == nil {
		return nil
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(append(b, '\n')); err == nil && sync {
		err = l.file.Sync()
	}
	return err
}

func (l *Ledger) intend(owner string, r steps.Resource) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	if err := l.write(line{N: l.next, Op: "intend", Owner: owner, Resource: &r}, true); err != nil {
		return 0, fmt.Errorf("nothing was created, because the record of it cannot be written: %w", err)
	}
	l.open++
	return l.next, nil
}

// note records what became of an entry. A failure is told at Close: the
// resource is there, and the intent is enough to remove it.
func (l *Ledger) note(x line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.Op == "settled" {
		l.open--
	}
	if err := l.write(x, false); err != nil {
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
	n, err := k.ledger.intend(k.owner, r)
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
	settled  bool
}

func (e *entry) Created(r steps.Resource) {
	e.scope.mu.Lock()
	e.resource = r
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
