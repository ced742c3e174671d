package listen

import (
	"slices"
	"strings"
	"time"
)

// Watch reads a log from its own cursor on.
type Watch struct {
	log   *Log
	since time.Time
	shelf *shelf // nil: it reads all arrivals
	text  string
	next  int
	wake  chan struct{}
}

// Literal is a text that the events somebody waits for have at a path of names.
// Whoever names one is not troubled with other events: without, thousands who
// each wait for an event of their own would each look at the events of all.
type Literal struct {
	Path []string
	Text string
}

// mostShelves bounds for how many paths arrivals are sorted.
const mostShelves = 50

// shelf sorts arrivals by the text that they have at one path.
type shelf struct {
	path     []string
	arrivals map[string][]*Arrival
	watches  map[string]map[*Watch]struct{}
}

func (s *shelf) put(a *Arrival) {
	if text, ok := textAt(a.Doc, s.path); ok {
		s.arrivals[text] = append(s.arrivals[text], a)
	}
}

func textAt(doc any, path []string) (string, bool) {
	for _, name := range path {
		m, _ := doc.(map[string]any)
		doc = m[name]
	}
	text, ok := doc.(string)
	return text, ok
}

// shelfFor sorts the arrivals by a path, from the first time on that somebody
// asks; nil when there are too many paths. The mutex must be held.
func (l *Log) shelfFor(path []string) *shelf {
	key := strings.Join(path, "\x00")
	s := l.byText[key]
	if s == nil && len(l.byText) < mostShelves {
		s = &shelf{path: slices.Clone(path), arrivals: map[string][]*Arrival{}, watches: map[string]map[*Watch]struct{}{}}
		for _, a := range l.arrivals {
			s.put(a)
		}
		l.byText[key] = s
	}
	return s
}

// Watch begins to read what arrived at or after a moment and, where a literal
// is given, has it.
func (l *Log) Watch(since time.Time, only *Literal) *Watch {
	w := &Watch{log: l, since: since, wake: make(chan struct{}, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if only != nil {
		w.shelf, w.text = l.shelfFor(only.Path), only.Text
	}
	if w.shelf == nil {
		l.watches[w] = struct{}{}
		return w
	}
	same := w.shelf.watches[w.text]
	if same == nil {
		same = map[*Watch]struct{}{}
		w.shelf.watches[w.text] = same
	}
	same[w] = struct{}{}
	return w
}

// Wake says that Next may have something new, or that the log has an error.
func (w *Watch) Wake() <-chan struct{} { return w.wake }

// Next gives what came since the last call.
func (w *Watch) Next() []*Arrival {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	list := w.log.arrivals
	if w.shelf != nil {
		list = w.shelf.arrivals[w.text]
	}
	var out []*Arrival
	for _, a := range list[w.next:] {
		if !a.At.Before(w.since) {
			out = append(out, a)
		}
	}
	w.next = len(list)
	return out
}

// All gives everything that came by now, whether or not it has the literal.
func (w *Watch) All() []*Arrival {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	var out []*Arrival
	for _, a := range w.log.arrivals {
		if !a.At.Before(w.since) {
			out = append(out, a)
		}
	}
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
	if w.shelf == nil {
		return
	}
	if same := w.shelf.watches[w.text]; same != nil {
		if delete(same, w); len(same) == 0 {
			delete(w.shelf.watches, w.text)
		}
	}
}
