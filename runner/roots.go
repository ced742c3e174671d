package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/trace"
)

const (
	// rootBatch is how many segments go into one call, as many as AWS's own daemon sends.
	rootBatch = 50
	// rootPatience is what one such call may take, its retries included.
	rootPatience = 10 * time.Second
)

// roots puts the runner's own segments into X-Ray: what act called hangs on
// them, so that nobody who looks at a trace finds segments without a parent.
// No verdict needs them: they are put beside the run, and a place that refuses
// them gets no more.
type roots struct {
	run *run

	mu      sync.Mutex
	byPlace map[*awsclient.Place]*rootsOf
	sending sync.WaitGroup
}

// rootsOf are the segments for one place.
type rootsOf struct {
	waiting []string
	busy    bool // somebody sends them
	refused bool
}

// put takes the segment of an attempt whose act has ended.
func (o *roots) put(place *awsclient.Place, segment []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.byPlace[place]
	if p == nil {
		p = &rootsOf{}
		o.byPlace[place] = p
	}
	if p.refused {
		return
	}
	p.waiting = append(p.waiting, string(segment))
	if !p.busy {
		p.busy = true
		o.sending.Go(func() { o.send(place, p) })
	}
}

// send sends what waits for a place until nothing does.
func (o *roots) send(place *awsclient.Place, p *rootsOf) {
	for {
		o.mu.Lock()
		n := min(len(p.waiting), rootBatch)
		if n == 0 || p.refused {
			p.busy, p.waiting = false, nil
			o.mu.Unlock()
			return
		}
		batch := p.waiting[:n]
		p.waiting = p.waiting[n:]
		o.mu.Unlock()
		if err := o.call(place, batch); err != nil {
			o.mu.Lock()
			p.refused = true
			o.mu.Unlock()
			o.complain(place, err)
		}
	}
}

func (o *roots) call(place *awsclient.Place, batch []string) error {
	ctx, cancel := context.WithTimeout(o.run.base, rootPatience)
	defer cancel()
	out, err := place.XRay().PutTraceSegments(ctx, &xray.PutTraceSegmentsInput{TraceSegmentDocuments: batch})
	if err == nil && len(out.UnprocessedTraceSegments) > 0 {
		refused := out.UnprocessedTraceSegments[0]
		err = fmt.Errorf("X-Ray refuses the segment: %s %s", aws.ToString(refused.ErrorCode), aws.ToString(refused.Message))
	}
	return err
}

// complain says once that a place takes no segments: as a warning where
// somebody can mend it.
func (o *roots) complain(place *awsclient.Place, err error) {
	if o.run.base.Err() != nil {
		return
	}
	level := "info"
	if awsclient.Denied(err) {
		level = "warning"
	}
	o.run.say(level, "traces in account %s, region %s lack the segment that they begin with, so consoles show what act called without its parent (no verdict depends on it): %s", place.Account, place.Region, awsclient.Explain(err))
}

// wait returns when all that was taken is sent.
func (o *roots) wait() { o.sending.Wait() }

// putRoot puts the segment of an attempt whose act has ended.
func (a *attempt) putRoot() {
	a.run.roots.put(a.run.Places.Of(a.suite, ""), trace.OwnSegment(a.trace, a.id, a.run.ID, a.actStart, time.Now()))
}
