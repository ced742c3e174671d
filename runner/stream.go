package runner

import (
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// stream numbers the events, hides secrets in them and hands them on, one
// after the other.
type stream struct {
	mu    sync.Mutex
	run   string
	start time.Time
	seq   int64
	masks *masker
	sinks []event.Sink
}

func newStream(run string, secrets []string, sinks []event.Sink) *stream {
	s := &stream{run: run, start: time.Now(), masks: newMasker(), sinks: sinks}
	for _, x := range secrets {
		s.masks.hide(x)
	}
	return s
}

func (s *stream) emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.seq++
	e.V, e.Seq, e.Run = event.Version, s.seq, s.run
	e.Time, e.TMS = now.UTC(), now.Sub(s.start).Milliseconds()
	e = s.masks.apply(e)
	for _, sink := range s.sinks {
		sink.Emit(e)
	}
}

// hide keeps a value out of every later event.
func (s *stream) hide(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.masks.hide(v)
}
