package xray

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	// spacing is the least time between the starts of two readings of a place,
	// perCall the same for its calls: 20 a second at most go on, however slow the
	// answers. AWS publishes no quota for BatchGetTraces.
	spacing = 500 * time.Millisecond
	perCall = 50 * time.Millisecond
	// restful is the same after a reading in which something did not get through.
	restful = 2 * time.Second
	// patience is how long one reading may take: a look that has to wait for the
	// reading under way and then for its own still ends within its bound.
	patience = 12 * time.Second
	// alone is the pause before what was not processed is asked for by itself.
	alone = time.Second
	// batch is how many traces one call may ask for.
	// https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html
	batch = 5
	// maxTraces bounds how many traces are gathered for one: it and the linked ones.
	maxTraces = 500
)

// reader reads the traces of one place for everybody in the run who asks. There
// is at most one reading under way; whoever asks meanwhile shares the next one,
// so that what anybody gets was read after they asked.
type reader struct {
	place *awsclient.Place
	clock *steps.Clock
	ctx   context.Context // the run's

	mu      sync.Mutex
	running bool
	next    *reading  // gathers who asks; nil when nobody does
	last    time.Time // when the last reading began
	rest    time.Duration

	// What follows belongs to the reading under way.
	calls      atomic.Int32        // made in it
	shy        map[string]bool     // traces that were not processed: they are asked for by themselves
	late       map[string]bool     // traces that the last reading did not come to: they come first
	links      map[string][]string // what traces were last seen to link to
	search     search
	retrievals []*retrieval // those that have not ended
}

// ask is what one step wants to read.
type ask struct {
	ids    []string
	linked bool // and what they link to
}

// reading is one reading, for all who share it.
type reading struct {
	asks   []ask
	began  chan struct{}
	done   chan struct{}
	traces map[string]*found
	unsure string // why it is not known whether Transaction Search is on
	err    error
}

// errNotRead is the error of a trace until all of it was read.
var errNotRead = steps.Passingf("reading traces takes longer than %s", patience)

// found is what was read of one trace.
type found struct {
	at          time.Time // when it was asked for, on our clock; nothing later counts as read
	segments    []*trace.Segment
	linked      []string
	unprocessed bool // X-Ray has not processed it
	exceeded    bool // it is larger than X-Ray takes, and the rest is lost
	err         error
}

func readerFor(ctx context.Context, run *steps.Shared, place *awsclient.Place) (*reader, error) {
	clock, err := steps.ClockOf(ctx, run, place)
	if err != nil {
		return nil, err
	}
	patient := place.Single() == place // for a step that looks once
	return steps.Share(ctx, run, fmt.Sprintf("xray.reader %s %v", place.Key(), patient), func(ctx context.Context) (*reader, error) {
		return &reader{place: place.Single(), clock: clock, ctx: ctx, shy: map[string]bool{}, links: map[string][]string{}}, nil
	})
}

// look reads traces, and where asked those that they link to.
func (r *reader) look(ctx context.Context, a ask) (*reading, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &reading{began: make(chan struct{}), done: make(chan struct{}), traces: map[string]*found{}}
	}
	mine := r.next
	mine.asks = append(mine.asks, a)
	if !r.running {
		r.running = true
		go r.run()
	}
	r.mu.Unlock()
	waits := awsclient.Holds(ctx) // for the reading of others, and for its turn
	select {
	case <-mine.began:
	case <-ctx.Done():
	}
	waits()
	select {
	case <-mine.done:
		return mine, mine.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// run reads for as long as somebody asks.
func (r *reader) run() {
	for {
		r.keepApart()
		r.mu.Lock()
		now := r.next
		r.next = nil
		if now == nil {
			r.running = false
			r.mu.Unlock()
			return
		}
		r.last = time.Now()
		r.mu.Unlock()
		close(now.began)
		r.calls.Store(0)
		now.err = r.read(now)
		r.rest = max(spacing, time.Duration(r.calls.Load())*perCall)
		r.late = map[string]bool{}
		for id, f := range now.traces {
			if f.err != nil {
				r.late[id] = true
			} else {
				r.links[id] = f.linked
			}
		}
		if now.err != nil || len(r.late) > 0 {
			r.rest = max(restful, r.rest)
		}
		close(now.done)
	}
}

// keepApart waits until the next reading may begin. Whoever asks meanwhile
// shares it.
func (r *reader) keepApart() {
	r.mu.Lock()
	left, wanted := r.rest-time.Since(r.last), r.next != nil
	r.mu.Unlock()
	if wanted {
		_ = steps.Pause(r.ctx, left) // the end of the run ends the reading too
	}
}

// read reads what is asked for, and then again what that links to. Its error is
// one for all who ask.
func (r *reader) read(now *reading) error {
	ctx, cancel := context.WithTimeoutCause(r.ctx, patience, errNotRead)
	defer cancel()
	r.askDestination(ctx)
	now.unsure = r.search.unsure
	for {
		var ids []string
		for _, a := range now.asks {
			wanted, _ := reach(a, func(id string) []string {
				if f := now.traces[id]; f != nil && f.err == nil {
					return f.linked
				}
				return r.links[id] // read at once what was linked the last time
			})
			for _, id := range wanted {
				if now.traces[id] == nil {
					ids = append(ids, id)
				}
			}
		}
		slices.Sort(ids)
		ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool {
			h, err := trace.Parse(id)
			if err == nil && h.Trace == id {
				return false
			}
			now.traces[id] = &found{at: time.Now()} // a link leads there; asked for, it would fail the call for others
			return true
		})
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			now.traces[id] = &found{at: time.Now(), err: errNotRead}
		}
		var err error
		if r.search.on {
			err = r.retrieve(ctx, ids, now.traces)
		} else {
			err = r.fetch(ctx, ids, now.traces)
		}
		switch {
		case ctx.Err() != nil && r.ctx.Err() == nil:
			return nil // those that were not read say so
		case err != nil:
			return err
		}
	}
}

// reach gives the traces that an ask leads to, as far as links are known, and
// whether there are more than are followed.
func reach(a ask, links func(id string) []string) (ids []string, cut bool) {
	seen := map[string]bool{}
	add := func(list []string) {
		for _, id := range list {
			switch {
			case seen[id]:
			case len(ids) == maxTraces:
				cut = true
			default:
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	add(a.ids)
	for i := 0; a.linked && i < len(ids); i++ {
		add(links(ids[i]))
	}
	return ids, cut
}

// fetch asks for traces, five at a time. One that X-Ray has not processed keeps
// the others of its call from being given: all of them are asked for once more,
// each by itself. What is found goes into traces; an error is one that all share.
func (r *reader) fetch(ctx context.Context, ids []string, traces map[string]*found) error {
	var first, together, single []string
	for _, id := range ids {
		switch {
		case r.shy[id]:
			single = append(single, id)
		case r.late[id]:
			first = append(first, id)
		default:
			together = append(together, id)
		}
	}
	together = append(first, together...)
	read := func(some []string) error { return r.call(ctx, some, traces) }
	if err := each(ctx, slices.Collect(slices.Chunk(together, batch)), read); err != nil {
		return err
	}
	again := slices.DeleteFunc(together, func(id string) bool { return !traces[id].unprocessed })
	if len(again) > 0 {
		if err := steps.Pause(ctx, alone); err != nil {
			return err
		}
		single = append(single, again...)
	}
	if err := each(ctx, slices.Collect(slices.Chunk(single, 1)), read); err != nil {
		return err
	}
	for _, id := range single {
		if traces[id].err == nil {
			r.shy[id] = traces[id].unprocessed
		}
	}
	return nil
}

// call makes one call for up to five traces and follows its pages. An error that
// may pass belongs to these traces alone.
func (r *reader) call(ctx context.Context, ids []string, traces map[string]*found) error {
	for _, id := range ids {
		*traces[id] = found{at: time.Now(), err: errNotRead}
	}
	in := &xray.BatchGetTracesInput{TraceIds: ids}
	for {
		r.calls.Add(1)
		page, err := r.place.XRay().BatchGetTraces(ctx, in)
		if err != nil {
			return r.without(ctx, ids, traces, "xray:BatchGetTraces", err)
		}
		for _, t := range page.Traces {
			if !slices.Contains(ids, aws.ToString(t.Id)) {
				continue // nobody asked for it
			}
			f := traces[aws.ToString(t.Id)]
			f.exceeded = f.exceeded || aws.ToBool(t.LimitExceeded)
			for _, s := range t.Segments {
				f.add(aws.ToString(t.Id), aws.ToString(s.Document))
			}
		}
		for _, id := range page.UnprocessedTraceIds {
			if slices.Contains(ids, id) {
				traces[id].unprocessed = true
			}
		}
		switch aws.ToString(page.NextToken) {
		case "":
			complete(ids, traces)
			return nil
		case aws.ToString(in.NextToken):
			return r.without(ctx, ids, traces, "", errors.New("X-Ray gives the same page of a trace again and again"))
		}
		in.NextToken = page.NextToken
	}
}

// complete notes that all of some traces was read.
func complete(ids []string, traces map[string]*found) {
	for _, id := range ids {
		if f := traces[id]; f.err == errNotRead {
			f.err = nil
		}
	}
}

// without notes that traces could not be read, and why; one that looking again
// cannot change is given back.
func (r *reader) without(ctx context.Context, ids []string, traces map[string]*found, action string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = r.explained(action, err)
	if steps.IsFinal(err) {
		return err
	}
	for _, id := range ids {
		traces[id].err = err
	}
	return nil
}

// explained says where something could not be read, and what permission it takes.
func (r *reader) explained(action string, err error) error {
	if awsclient.Denied(err) {
		return fmt.Errorf("the traces of account %s, region %s, may not be read: this needs the permission %s: %w", r.place.Account, r.place.Region, action, err)
	}
	return fmt.Errorf("traces of account %s, region %s: %w", r.place.Account, r.place.Region, err)
}

// add reads a segment document.
func (f *found) add(id, document string) {
	s, err := trace.ParseSegment([]byte(document))
	if err != nil {
		f.err = steps.Finalf("X-Ray gives a segment of trace %s that cannot be read: %w", id, err)
		return
	}
	f.segments = append(f.segments, s)
	for _, id := range trace.Linked([]*trace.Segment{s}) {
		if at, known := slices.BinarySearch(f.linked, id); !known {
			f.linked = slices.Insert(f.linked, at, id)
		}
	}
}
