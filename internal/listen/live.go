package listen

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// While a case that listens lives, a canary is put on the bus every few
// seconds. One that does not come back shows that the listener was dead for a
// while, although it lives again when the closing proof is made: its rule was
// disabled and enabled, its target removed and put back, its queue purged. So
// an outage that nobody sees is shorter than beatEvery.
const (
	beatEvery  = 5 * time.Second
	longestGap = 3 * beatEvery // between two canaries that came back: some calls may fail
	// longestTrouble is how long the bus may take no canaries at all: that tells
	// of the way to it and nothing of the listener, which is looked at afterwards.
	longestTrouble = time.Minute
	blameAfter     = 2 * time.Second // without a canary it is looked at what may be wrong
)

// hold keeps the canaries coming until nobody's life is left.
func (h *harness) hold(life context.Context) {
	if life == nil {
		life = h.ctx
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holders++; h.holders == 1 {
		ctx, stop := context.WithCancel(h.ctx)
		h.stopBeats = stop
		h.group.Go(func() { h.beat(ctx) })
	}
	context.AfterFunc(life, h.release)
}

func (h *harness) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holders--; h.holders == 0 {
		h.stopBeats()
	}
}

// beat puts a canary on the bus whenever none was put for a while, a closing
// proof's included.
func (h *harness) beat(ctx context.Context) {
	for {
		if steps.Pause(ctx, h.canaries.untilNext()) != nil {
			return
		}
		n, err := h.canaries.send(ctx, h.place.Single())
		if err != nil {
			if steps.Pause(ctx, retryPause) != nil {
				return
			}
			continue
		}
		if steps.Pause(ctx, blameAfter) != nil {
			return
		}
		if !h.canaries.isBack(n) { // what is wrong now may not be seen later
			if why := h.unchanged(ctx); why != nil && steps.IsMarkedFinal(why) {
				h.canaries.blame(n, why.Error())
			}
		}
	}
}

// unchanged says whether queue, rule and target are still as they were made.
func (h *harness) unchanged(ctx context.Context) error {
	for _, check := range []func(context.Context) error{h.queueUnchanged, h.ruleUnchanged, h.targetUnchanged} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// liveSince proves that what arrived since a moment is all that was sent: the
// harness lives now, lived all the time as far as canaries tell, and nobody
// else used its queue.
func (h *harness) liveSince(ctx context.Context, since time.Time, canaries bool) error {
	if err := h.seeing(ctx); err != nil {
		return err
	}
	if err := h.log.strangerSince(since); err != nil {
		return steps.Final(err)
	}
	if !canaries {
		return nil
	}
	until := time.Now()
	for {
		gap, wait, news := h.canaries.gap(since, until)
		switch {
		case gap != nil:
			return steps.Finalf("the listener on %s was not proven live from %s to %s: %s; what was sent in this time may be lost, so neither silence nor a count proves anything",
				h.chosen.source, clockTime(gap.from), clockTime(gap.to), gap.why)
		case wait <= 0:
			return nil
		}
		late := time.NewTimer(wait)
		select {
		case <-news:
		case <-late.C:
		case <-ctx.Done():
			late.Stop()
			return context.Cause(ctx)
		}
		late.Stop()
	}
}

// seeing proves that the harness lives, at a time when no lost answer hides
// messages that have arrived.
func (h *harness) seeing(ctx context.Context) error {
	for end := time.Now().Add(longestTrouble / 2); ; {
		if err := steps.Pause(ctx, h.log.blind()); err != nil {
			return err
		}
		err := h.confirm.ask(ctx)
		if err != nil || h.log.blind() <= 0 {
			return err
		}
		if time.Now().After(end) {
			return steps.Finalf("the answers of the listener's queue %s get lost again and again, with messages that are hidden for %s then (last: %v), so neither silence nor a count proves anything",
				h.name, hiding, h.log.lost())
		}
	}
}

func clockTime(t time.Time) string { return t.Local().Format("15:04:05") }

// sent is one canary that was put on the bus, or not.
type sent struct {
	number int
	began  time.Time
	at     time.Time // when the bus had taken it; zero while nobody knows
	ended  time.Time // when the call was over, however it ended
	err    error     // why it was not put
	blame  string    // what was found wrong when it did not come back
}

// gap is a time in which nothing proves that the listener lived.
type gap struct {
	from, to time.Time
	why      string
}

// untilNext is how long nobody need put another one on the bus.
func (c *canaries) untilNext() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) == 0 {
		return 0
	}
	return time.Until(c.all[len(c.all)-1].began.Add(beatEvery))
}

func (c *canaries) isBack(number int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.back[number]
}

// blame notes why a canary did not come back.
func (c *canaries) blame(number int, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[number-1].blame = why
}

// between are the canaries that were put on the bus between two moments, in the
// order in which that began. The mutex must be held.
func (c *canaries) between(since, until time.Time) []*sent {
	first := sort.Search(len(c.all), func(i int) bool { return !c.all[i].began.Before(since) })
	last := sort.Search(len(c.all), func(i int) bool { return c.all[i].began.After(until) })
	return slices.Clone(c.all[first:max(first, last)])
}

// gap looks for the first time between two moments in which the listener was
// not proven live, from the moment on when it became so. wait, when it is more
// than 0, is how long a canary may still come back; news says that one did.
func (c *canaries) gap(since, until time.Time) (g *gap, wait time.Duration, news <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live.After(since) {
		since = c.live
	}
	list := c.between(since, until)
	if g := untried(list, since, until); g != nil {
		return g, 0, nil
	}
	slices.SortStableFunc(list, func(a, b *sent) int { return a.at.Compare(b.at) })
	last, lost, why := since, "", "no canary event was put on the bus"
	for _, s := range list {
		switch {
		case s.at.IsZero() && s.err != nil:
			why = awsclient.Explain(s.err)
		case s.at.IsZero(): // under way
		case !c.back[s.number] && time.Since(s.at) < closingBound:
			return nil, closingBound - time.Since(s.at), c.news
		case !c.back[s.number]:
			if lost == "" || s.blame != "" {
				lost = cmp.Or(s.blame, fmt.Sprintf("a canary event that was put on bus %q at %s did not come back (somebody may have changed rule, target or queue %s for a while)", c.bus, clockTime(s.at), c.token))
			}
		case lost != "":
			return &gap{last, s.at, lost}, 0, nil
		case s.at.Sub(last) > longestTrouble:
			return &gap{last, s.at, why}, 0, nil
		default:
			last = s.at
		}
	}
	if lost != "" || until.Sub(last) > longestTrouble {
		return &gap{last, until, cmp.Or(lost, why)}, 0, nil
	}
	return nil, 0, nil
}

// untried looks for the first time in which no canary was on its way to the
// bus. One that the bus refuses for good is none.
func untried(list []*sent, since, until time.Time) *gap {
	tried, why := since, "no canary event was put on the bus"
	for _, s := range list {
		over := s.ended
		switch {
		case over.IsZero():
			over = until
		case s.err != nil:
			why = awsclient.Explain(s.err)
			if steps.IsFinal(s.err) {
				continue
			}
		}
		if s.began.Sub(tried) > longestGap {
			return &gap{tried, s.began, why}
		}
		if over.After(tried) {
			tried = over
		}
	}
	if until.Sub(tried) > longestGap {
		return &gap{tried, until, why}
	}
	return nil
}
