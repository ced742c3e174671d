package listen

import (
	"context"
	"sync"
)

// confirmation lets everybody who asks at the same time share one proof, which
// begins only after they asked: an older one would say nothing about now.
type confirmation struct {
	ctx   context.Context // the run's: the proof does not end with one who asked
	prove func(context.Context) error
	group *sync.WaitGroup

	mu      sync.Mutex
	next    *proof // not begun yet
	current *proof
}

type proof struct {
	done chan struct{}
	err  error
}

// ask waits for a proof that begins from now on, or for ctx.
func (c *confirmation) ask(ctx context.Context) error {
	c.mu.Lock()
	p := c.next
	if p == nil {
		p = &proof{done: make(chan struct{})}
		before := c.current
		c.next = p
		c.group.Go(func() { c.run(p, before) })
	}
	c.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *confirmation) run(p, before *proof) {
	defer close(p.done)
	if before != nil {
		<-before.done
	}
	c.mu.Lock()
	c.next, c.current = nil, p
	c.mu.Unlock()
	p.err = c.prove(c.ctx)
}
