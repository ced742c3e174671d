package listen

import (
	"sync"
	"time"
)

// Arrival is an event that came, once, however often it was delivered.
type Arrival struct {
	Doc any       // the event as a plain JSON document
	At  time.Time // when it was first received here

	id     string
	copies []string // the deliveries it came in, by the carrier's own id
}

// Log keeps what arrived in the order it came. What was added is never taken
// back, so whoever reads it needs only a cursor. It is safe for concurrent use.
type Log struct {
	mu       sync.Mutex
	arrivals []*Arrival
	byID     map[string]*Arrival
	watches  map[*Watch]struct{}
	dead     error // set once: nothing more will come
	trouble  error // passing: nothing can be read just now
	retried  int
}

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{byID: map[string]*Arrival{}, watches: map[*Watch]struct{}{}}
}

// Add records a delivery of an event. id is what the event is counted once by,
// delivery what the carrier calls this delivery: the same delivery read a
// second time is no second one.
func (l *Log) Add(id, delivery string, doc any, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a, ok := l.byID[id]; ok {
		for _, c := range a.copies {
			if c == delivery {
				return
			}
		}
		a.copies = append(a.copies, delivery)
	} else {
		a = &Arrival{Doc: doc, At: at, id: id, copies: []string{delivery}}
		l.byID[id] = a
		l.arrivals = append(l.arrivals, a)
	}
	l.wake()
}

// Fail says that nothing more will come; the first reason stays.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead == nil {
		l.dead = err
		l.wake()
	}
}

// Troubled says that reading failed and will be tried again; nil, that it works.
func (l *Log) Troubled(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.retried++
	}
	if (l.trouble == nil) != (err == nil) {
		defer l.wake()
	}
	l.trouble = err
}

// Retried is how often reading failed and was tried again.
func (l *Log) Retried() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.retried
}

// Err is why nothing more will come, or why nothing can be read just now.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead != nil {
		return l.dead
	}
	return l.trouble
}

// Dead is why nothing more will come; nil while the log lives.
func (l *Log) Dead() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

// wake tells everybody who watches. The mutex must be held.
func (l *Log) wake() {
	for w := range l.watches {
		select {
		case w.wake <- struct{}{}:
		default: // it has not looked since it was last told
		}
	}
}

// Watch reads a log from its own cursor on.
type Watch struct {
	log   *Log
	since time.Time
	next  int
	wake  chan struct{}
}

// Watch begins to read what arrived at or after a moment.
func (l *Log) Watch(since time.Time) *Watch {
	w := &Watch{log: l, since: since, wake: make(chan struct{}, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watches[w] = struct{}{}
	return w
}

// Wake says that Next may have something new, or that the log has an error.
func (w *Watch) Wake() <-chan struct{} { return w.wake }

// Next gives what came since the last call.
func (w *Watch) Next() []*Arrival {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	var out []*Arrival
	for _, a := range w.log.arrivals[w.next:] {
		if !a.At.Before(w.since) {
			out = append(out, a)
		}
	}
	w.next = len(w.log.arrivals)
	return out
}

// Deliveries counts how often these arrivals were delivered, doubles included.
func (w *Watch) Deliveries(of []*Arrival) int {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	n := 0
	for _, a := range of {
		n += len(a.copies)
	}
	return n
}

// Close ends the reading.
func (w *Watch) Close() {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	delete(w.log.watches, w)
}
