package awsclient

import (
	"sync"
	"time"
)

// Pace is how long calls were held up by our own pacing. It is safe for
// concurrent use.
type Pace struct {
	mu      sync.Mutex
	waited  time.Duration
	waiting int       // calls that wait now
	since   time.Time // when that was last counted
}

// Waited is the sum of what the calls under one context waited for their turn,
// those that still wait included.
func (p *Pace) Waited() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count()
	return p.waited
}

// count adds what those that wait have waited since it was last counted. The
// mutex must be held.
func (p *Pace) count() {
	now := time.Now()
	p.waited += time.Duration(p.waiting) * now.Sub(p.since)
	p.since = now
}

// begin notes that a call waits; nil notes nothing.
func (p *Pace) begin() time.Time {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count()
		p.waiting++
	}
	return time.Now()
}

// end notes that a call waits no more, and gives how long it did.
func (p *Pace) end(began time.Time) time.Duration {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count()
		p.waiting--
	}
	return time.Since(began)
}
