package listen

import (
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
)

// Arrival is an event that came, once, however often it was delivered.
type Arrival struct {
	Doc any       // the event as a plain JSON document
	At  time.Time // when it was first received here
	// ByService says that it was received late because nothing could be read, and
	// At is when the carrier says it came, on our clock.
	ByService bool

	id     string
	copies []string // the deliveries it came in, by the carrier's own id
}

// Log keeps what arrived in the order it came. What was added is never taken
// back, so whoever reads it needs only a cursor. It is safe for concurrent use.
type Log struct {
	mu       sync.Mutex
	arrivals []*Arrival
	byID     map[string]*Arrival
	watches  map[*Watch]struct{} // of all arrivals
	byText   map[string]*shelf   // by the path of the text
	dead     error               // set once: nothing more will come
	died     chan struct{}       // closed then
	trouble  error               // passing: nothing can be read just now
	troubled time.Time           // when that was so last
	hidden   time.Time           // until then messages may be there that nobody can receive
	hid      error               // what lost them
	stranger error               // something came that was not sent by what is listened to
	strange  time.Time           // when that came last
}

// NewLog makes an empty log.
func NewLog() *Log {
	return &Log{died: make(chan struct{}), byID: map[string]*Arrival{}, watches: map[*Watch]struct{}{}, byText: map[string]*shelf{}}
}

// Add records a delivery of an event. id is what the event is counted once by,
// delivery what the carrier calls this delivery: the same delivery read a
// second time is no second one. came is when the carrier took it, on our
// clock, zero where that is not known: it counts where nothing could be read then.
func (l *Log) Add(id, delivery string, doc any, at, came time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.byID[id]
	if ok {
		for _, c := range a.copies {
			if c == delivery {
				return
			}
		}
		a.copies = append(a.copies, delivery)
	} else {
		a = &Arrival{Doc: doc, At: at, id: id, copies: []string{delivery}}
		if !came.IsZero() && !came.After(l.troubled) {
			a.At, a.ByService = came, true
		}
		l.byID[id] = a
		l.arrivals = append(l.arrivals, a)
		for _, s := range l.byText {
			s.put(a)
		}
	}
	wake(l.watches)
	for _, s := range l.byText {
		if text, ok := textAt(doc, s.path); ok {
			wake(s.watches[text])
		}
	}
}

// Fail says that nothing more will come; the first reason stays.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead == nil {
		l.dead = err
		close(l.died)
		l.wakeAll()
	}
}

// Troubled says that reading failed and will be tried again; nil, that it works.
func (l *Log) Troubled(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble != nil || err != nil {
		l.troubled = time.Now()
	}
	if (l.trouble == nil) != (err == nil) {
		defer l.wakeAll()
	}
	l.trouble = err
}

// Lost notes that an answer was lost which may have had messages in it, and
// why: until a moment nobody can receive them.
func (l *Log) Lost(until time.Time, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hidden, l.hid = until, why
}

// lost is why an answer was lost last.
func (l *Log) lost() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return awsclient.Explain(l.hid)
}

// blind is how long messages may still be hidden that have arrived.
func (l *Log) blind() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.hidden)
}

// Stranger notes that something came that cannot have been sent by what is
// listened to. What came rightly still counts; that nothing else came is in doubt.
func (l *Log) Stranger(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stranger, l.strange = err, time.Now()
}

// strangerSince is what came since a moment and should not have.
func (l *Log) strangerSince(since time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.strange.Before(since) {
		return nil
	}
	return l.stranger
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

// wakeAll tells everybody. The mutex must be held.
func (l *Log) wakeAll() {
	wake(l.watches)
	for _, s := range l.byText {
		for _, watches := range s.watches {
			wake(watches)
		}
	}
}

func wake(watches map[*Watch]struct{}) {
	for w := range watches {
		select {
		case w.wake <- struct{}{}:
		default: // it has not looked since it was last told
		}
	}
}
