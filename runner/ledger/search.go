package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/listen"
)

// leaseGrace is by how much the clocks of two machines may differ.
const leaseGrace = 5 * time.Minute

// place is an account and region that a sweep may have to look into.
type place struct {
	origins []awsclient.Origin // the ways to it
	tried   int                // how many of them led nowhere
	place   *awsclient.Place
	err     error
}

// know remembers a way to a place.
func (s *Sweep) know(o awsclient.Origin) *place {
	p := s.places[o.Key()]
	if p == nil {
		p = &place{}
		s.places[o.Key()] = p
		s.order = append(s.order, o.Key())
	}
	if !slices.Contains(p.origins, o) {
		p.origins = append(p.origins, o)
	}
	return p
}

// reach connects a place, once, in one of the known ways.
func (s *Sweep) reach(ctx context.Context, key string) (*awsclient.Place, error) {
	p := s.places[key]
	if p == nil {
		return nil, fmt.Errorf("the ledger does not say how to come to %s", key)
	}
	for ; p.place == nil && p.tried < len(p.origins); p.tried++ {
		p.place, p.err = s.Connect(ctx, p.origins[p.tried])
	}
	if p.place == nil {
		return nil, p.err
	}
	return p.place, nil
}

// Where says in words what a place is.
func Where(o awsclient.Origin) string {
	text := fmt.Sprintf("account %s, region %s", o.Account, o.Region)
	if o.Endpoint != "" {
		text += ", at " + o.Endpoint
	}
	return text
}

// search removes the listeners of dead runs in a place, which it knows by name
// and tag.
func (s *Sweep) search(ctx context.Context, key string) {
	where := Where(s.places[key].origins[0])
	at, err := s.reach(ctx, key)
	if err != nil {
		s.swept.Skipped = append(s.swept.Skipped, Unreached{where, err})
		return
	}
	if s.looked[at.Key()] {
		return // another way to the same place
	}
	s.looked[at.Key()] = true
	s.swept.Looked = append(s.swept.Looked, Where(at.Origin))
	parts, errs := listen.Parts(ctx, at)
	if len(errs) > 0 {
		g := Group{Where: where}
		for _, err := range errs {
			g.Problems = append(g.Problems, why(ctx, err))
		}
		s.tell(g)
	}
	byRun := map[string][]listen.Part{}
	var runs []string
	for _, p := range parts {
		if s.handled[handle(p.Resource)] || s.living[p.Run] {
			continue
		}
		if byRun[p.Run] == nil {
			runs = append(runs, p.Run)
		}
		byRun[p.Run] = append(byRun[p.Run], p)
	}
	slices.Sort(runs)
	for _, run := range runs {
		s.parts(ctx, at, where, run, byRun[run])
	}
}

// parts removes what is left of a run's listeners in a place, when no lease
// protects any of it.
func (s *Sweep) parts(ctx context.Context, at *awsclient.Place, where, run string, all []listen.Part) {
	g, unknown := Group{Run: run, Where: where}, Group{Run: run, Where: where}
	var lease time.Time
	var ours []listen.Part
	for _, p := range all {
		if p.Untagged {
			unknown.Things = append(unknown.Things, Thing{Resource: p.Resource})
			continue
		}
		ours = append(ours, p)
		g.Began = p.Created
		if p.Lease.After(lease) {
			lease = p.Lease
		}
	}
	if !s.wanted(run, cmp.Or(g.Began, beganOf(run))) {
		return
	}
	if len(unknown.Things) > 0 {
		unknown.Alone = "named like listeners, but without the tags that rehearse sets, so perhaps not its own"
		s.tell(unknown)
	}
	if len(ours) == 0 {
		return
	}
	protected := !s.dead[run] && lease.Add(leaseGrace).After(time.Now())
	for _, p := range ours {
		t := Thing{Resource: p.Resource}
		switch {
		case protected:
		case s.DryRun:
			t.Status = "would be removed"
		default:
			t.Status = "removed"
			if err := remove(ctx, s.Reapers, func(string) *awsclient.Place { return at }, p.Resource); err != nil {
				t.Status, t.Why = "left", why(ctx, err)
			}
		}
		g.Things = append(g.Things, t)
	}
	if protected {
		g.Alone = "it may live on another machine: " + leaseWords(lease)
	}
	s.tell(g)
}

// leaseWords says when a lease ends that still protects.
func leaseWords(end time.Time) string {
	at := end.Local().Format("15:04:05 MST")
	if left := time.Until(end); left > 0 {
		return fmt.Sprintf("its lease ends at %s (in %d min)", at, (left+time.Minute-1)/time.Minute)
	}
	return fmt.Sprintf("its lease ended at %s, less than %s ago, and clocks differ", at, leaseGrace)
}
