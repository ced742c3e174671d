package listen

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// Ready is how a listener comes to be ready.
type Ready string

// The ways to be ready.
const (
	// ReadyCanary proves it: events of its own came back three times in a row.
	ReadyCanary Ready = "canary"
	// ReadySettle assumes it after the suite's settle time.
	ReadySettle Ready = "settle"
)

const (
	namePrefix = "rehearse-"
	longestRun = 64 - len(namePrefix) - 1 - 8 // rules have names of at most 64 characters
	canaryRow  = 3
	receivers  = 2 // one stores while the other polls
)

// Opened is what a listen step has made or joined.
type Opened struct {
	Handle *Handle
	Rule   string // the harness rule's name
	Queue  string // the harness queue's name
}

// harness is one rule and one queue that gather what a selection lets through.
type harness struct {
	place    *awsclient.Place
	name     string // of the rule, the queue and the target alike
	chosen   chosen
	pattern  string // what the rule was created with
	ruleARN  string
	queueARN string
	queueURL string
	policy   string

	log      *Log
	canaries *canaries
	proven   atomic.Bool // canaries came back, so a closing one must
	confirm  confirmation
	ctx      context.Context // the run's, until the harness is closed
	stop     context.CancelFunc
	group    sync.WaitGroup

	mu        sync.Mutex
	holders   int // who may still rest a verdict on silence
	stopBeats context.CancelFunc
}

// OpenEventBridge opens a listener on a bus and returns when it is ready. All
// who ask for the same in a run share one rule and one queue, which are
// recorded in the run's ledger and run under the run's context.
func OpenEventBridge(ctx context.Context, env *steps.Env, sel Selection, ready Ready) (Opened, error) {
	began := time.Now()
	c, err := sel.choose(ctx, env)
	if err != nil {
		return Opened{}, err
	}
	h, err := shareHarness(ctx, env, c)
	if err != nil {
		return Opened{}, err
	}
	if err := h.becomeReady(ctx, env, ready); err != nil {
		return Opened{}, err
	}
	if err := h.log.Dead(); err != nil {
		return Opened{}, steps.Final(err)
	}
	handle := &Handle{Began: began, Log: h.log, Source: c.source, Confirm: func(ctx context.Context, since time.Time) error {
		return h.liveSince(ctx, since, ready != ReadySettle)
	}}
	if err := register(ctx, env.Run, handle); err != nil {
		return Opened{}, err
	}
	if ready != ReadySettle {
		h.hold(env.Life)
	}
	return Opened{Handle: handle, Rule: h.name, Queue: h.name}, nil
}

func shareHarness(ctx context.Context, env *steps.Env, c chosen) (*harness, error) {
	source := cmp.Or(env.Suite.CanarySource, "rehearse.canary")
	place, run, runID, tags := env.AWS.Shared(), env.Run, env.RunID, env.Suite.Tags
	key := fmt.Sprintf("%s/%s/%s/%s/%s", place.Key(), c.bus.ARN, c.pattern, c.state, source)
	clock, err := steps.ClockOf(ctx, run, place)
	if err != nil {
		return nil, err
	}
	return steps.Share(ctx, run, "listen/eventbridge/"+key, func(ctx context.Context) (*harness, error) {
		h, err := newHarness(place, c, runID, key, source)
		if err != nil {
			return nil, err
		}
		if err := h.create(ctx, &steps.Env{AWS: place, Ledger: run.Ledger()}, harnessTags(tags, runID)); err != nil {
			return nil, err
		}
		h.start(run, clock, env.Warn)
		return h, nil
	})
}

// newHarness plans a harness: names, ARNs and the rule's pattern.
func newHarness(place *awsclient.Place, c chosen, runID, key, source string) (*harness, error) {
	bus, ok := parseARN(c.bus.ARN)
	if !ok {
		return nil, steps.Finalf("bus %q has the ARN %q, which is none", c.bus.Name, c.bus.ARN)
	}
	name := fmt.Sprintf("%s%.*s-%x", namePrefix, longestRun, runID, sha256.Sum256([]byte(key)))
	name = name[:len(name)-2*(sha256.Size-4)] // eight digits tell the harnesses of a run apart
	path := name
	if c.bus.Name != DefaultBus {
		path = c.bus.Name + "/" + name
	}
	h := &harness{
		place: place, name: name, chosen: c, log: NewLog(),
		ruleARN:  fmt.Sprintf("arn:%s:events:%s:%s:rule/%s", bus.partition, bus.region, bus.account, path),
		queueARN: fmt.Sprintf("arn:%s:sqs:%s:%s:%s", bus.partition, bus.region, bus.account, name),
		canaries: newCanaries(place, c.bus.Name, source, name),
	}
	h.canaries.died = h.log.died
	h.policy = queuePolicy(h.queueARN, h.ruleARN)
	own := h.canaries.pattern()
	h.pattern = fmt.Sprintf(`{"$or":[%s,%s]}`, c.pattern, own)
	if n := len([]rune(h.pattern)); n > longestPattern {
		return nil, steps.Finalf("the event pattern of %s is too long: with the %d characters by which the listener lets its own canary events through it has %d, and EventBridge takes at most %d; shorten it by %d",
			c.source, n-len([]rune(c.pattern)), n, longestPattern, n-longestPattern)
	}
	return h, nil
}

// start begins to receive; it ends with the run.
func (h *harness) start(run *steps.Shared, clock *steps.Clock, warn func(string, ...any)) {
	ctx, stop := context.WithCancel(run.Context())
	h.ctx, h.stop = ctx, stop
	h.confirm = confirmation{ctx: ctx, prove: h.proveAlive, group: &h.group}
	r := &receiver{place: h.place.Single(), url: h.queueURL, queue: h.name, log: h.log, clock: clock, take: h.take}
	for range receivers {
		h.group.Go(func() { r.run(ctx) })
	}
	h.group.Go(func() { h.keepLease(ctx, time.Now().Add(lease), warn) })
	run.OnClose(h.close)
}

// close stops everything that runs for the harness and waits for it. The rule
// and the queue are removed by the run's ledger.
func (h *harness) close(ctx context.Context) error {
	h.log.Fail(errors.New("the run is over: its listeners are closed"))
	h.stop()
	done := make(chan struct{})
	go func() {
		h.group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the listener on %s did not stop: %w", h.chosen.source, context.Cause(ctx))
	}
}

// take sorts canaries from events.
func (h *harness) take(event map[string]any, message string, at, came time.Time) {
	if token, number, ok := isCanary(event); ok {
		if token == h.canaries.token {
			h.canaries.returned(number)
		}
		return
	}
	h.log.Add(event["id"].(string), message, event, at, came) // readEvent has seen the id
}

// becomeReady waits until the harness is ready in the way asked for, together
// with all others who ask for it.
func (h *harness) becomeReady(ctx context.Context, env *steps.Env, ready Ready) error {
	settle := env.Suite.Settle
	_, err := steps.Share(ctx, env.Run, "listen/ready/"+h.ruleARN+"/"+string(ready), func(ctx context.Context) (bool, error) {
		if ready == ReadySettle {
			return true, steps.Pause(ctx, settle)
		}
		sent, err := h.canaries.prove(ctx, canaryRow, readyBound)
		switch {
		case errors.Is(err, errNoCanary):
			return false, h.notLive(sent)
		case errors.Is(err, errDied):
			return false, steps.Final(h.log.Dead())
		}
		if err == nil {
			h.canaries.proven()
			h.proven.Store(true)
		}
		return true, err
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the listener on %s was not ready in time (rule and queue %s exist; ready: %s): %w", h.chosen.source, h.name, ready, err)
	}
	return err
}

// notLive says what was tried and what to look at.
func (h *harness) notLive(sent int) error {
	reading := ""
	if err := h.log.Err(); err != nil {
		reading = "; " + err.Error()
	}
	return steps.Finalf("the listener on %s is not live: %d canary events were put on bus %q in %s, and no %d in a row came back%s. "+
		"Rule %s and queue %s exist, and the queue's policy lets the rule send. A policy of the bus may keep events of source %q away: "+
		"set canary_source in rehearse.yaml to a source that it lets through, or use ready: settle",
		h.chosen.source, sent, h.chosen.bus.Name, readyBound, canaryRow, reading, h.name, h.name, h.canaries.source)
}
