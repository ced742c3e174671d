package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// stream numbers the events and hands them on, one after the other, with the
// secrets in them hidden. Whoever tells of something does not wait for those
// who listen: a terminal that is slow must not make a scenario late.
type stream struct {
	run   string
	start time.Time

	mu    sync.Mutex // guards what follows
	seq   int64
	queue []event.Event
	ended bool
	wake  chan struct{} // holds a token when there may be something in the queue

	secrets sync.Mutex
	masks   *masker

	sinks   []event.Sink
	broken  error         // why a sink takes no more; to be read after drained
	drained chan struct{} // closed when everything has been handed on
}

func newStream(run string, secrets []string, sinks []event.Sink) *stream {
	s := &stream{
		run: run, start: time.Now(), masks: newMasker(), sinks: sinks,
		wake: make(chan struct{}, 1), drained: make(chan struct{}),
	}
	for _, x := range secrets {
		s.masks.hide(x)
	}
	go s.deliver()
	return s
}

// emit tells of an event; its body must not change any more.
func (s *stream) emit(e event.Event) {
	s.mu.Lock()
	now := time.Now()
	s.seq++
	e.V, e.Seq, e.Run = event.Version, s.seq, s.run
	e.Time, e.TMS = now.UTC(), now.Sub(s.start).Milliseconds()
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	s.nudge()
}

func (s *stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ErrStuck says that a sink took no more events when a run was stopped at
// once. It may still be at work, so no report can be closed.
var ErrStuck = errors.New("an output takes nothing more, so no report is whole; is somebody reading the terminal or the pipe?")

// lastPatience is how long a run that is stopped at once waits for its reports.
const lastPatience = 5 * time.Second

// close waits until every event has been handed on; when now ends, not much
// longer. The error says what became of a sink that could not take them.
func (s *stream) close(now context.Context) error {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.nudge()
	select {
	case <-s.drained:
		return s.broken
	case <-now.Done():
	}
	patience := time.NewTimer(lastPatience)
	defer patience.Stop()
	select {
	case <-s.drained:
		return s.broken
	case <-patience.C:
		return ErrStuck
	}
}

func (s *stream) deliver() {
	defer close(s.drained)
	for range s.wake {
		for {
			s.mu.Lock()
			batch, ended := s.queue, s.ended
			s.queue = nil
			s.mu.Unlock()
			for _, e := range batch {
				s.hand(e)
			}
			if len(batch) == 0 {
				if ended {
					return
				}
				break
			}
		}
	}
}

func (s *stream) hand(e event.Event) {
	s.secrets.Lock()
	e = s.masks.apply(e)
	s.secrets.Unlock()
	for i := range s.sinks {
		if s.sinks[i] == nil {
			continue
		}
		if err := tell(s.sinks[i], e); err != nil {
			s.sinks[i] = nil // what it would make of the rest could not be trusted
			s.broken = errors.Join(s.broken, err)
		}
	}
}

func tell(sink event.Sink, e event.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error in a report (%T, event %d, %s): %v; please report it", sink, e.Seq, e.Type, r)
		}
	}()
	sink.Emit(e)
	return nil
}

// hide keeps a value out of every event from now on.
func (s *stream) hide(v any) {
	s.secrets.Lock()
	defer s.secrets.Unlock()
	s.masks.hide(v)
}
