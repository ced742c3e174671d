package awsclient

import (
	"context"
	"sync"
	"time"
)

// Pace gathers how long calls were held back by our own pacing.
type Pace struct {
	mu      sync.Mutex
	waiting int       // calls that wait now
	since   time.Time // when the first of them began
	waited  time.Duration
}

// Waited is how long calls waited for their turn, until now where some still
// wait; what several wait at once counts once.
func (p *Pace) Waited() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting > 0 {
		return p.waited + time.Since(p.since)
	}
	return p.waited
}

func (p *Pace) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == 0 {
		p.since = time.Now()
	}
	p.waiting++
}

func (p *Pace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting--; p.waiting == 0 {
		p.waited += time.Since(p.since)
	}
}

// Holds tells the pace of ctx that what is done in it is held back, until the
// function that it gives is called.
func Holds(ctx context.Context) (end func()) {
	p := paceOf(ctx)
	p.begin()
	return p.end
}

type (
	paceKey   struct{}
	urgentKey struct{}
)

// Paced gives a context whose calls tell the pace how long they wait.
func Paced(ctx context.Context) (context.Context, *Pace) {
	p := &Pace{}
	return context.WithValue(ctx, paceKey{}, p), p
}

func paceOf(ctx context.Context) *Pace {
	p, _ := ctx.Value(paceKey{}).(*Pace)
	if p == nil {
		return &Pace{} // nobody asks
	}
	return p
}

// Urgent gives a context whose calls go ahead of all that wait: for clean-up,
// which has little time.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

func isUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }
