package awsclient

import (
	"context"
	"sync/atomic"
	"time"
)

// Pace gathers how long calls were held back by our own pacing.
type Pace struct{ waited atomic.Int64 }

// Waited is the sum of all waiting so far.
func (p *Pace) Waited() time.Duration { return time.Duration(p.waited.Load()) }

// Paced gives a context whose calls add to the pace.
func Paced(ctx context.Context) (context.Context, *Pace) { return ctx, &Pace{} }

// Urgent marks calls that go ahead.
func Urgent(ctx context.Context) context.Context { return ctx }
