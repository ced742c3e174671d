package trace

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// service is a node of the tree as people think of it: a segment, with those
// that count as one with it.
type service struct {
	head     *node   // the segment that it is named and known by
	members  []*node // the head and the segments that count as one with it
	parent   *service
	children []*service

	start, end time.Time // of the members that were really there
	counted    time.Time // its start in the order of services: never before its parent's
}

// joinServices makes services of the segments.
func (t *Tree) joinServices() {
	t.joinFunctions()
	t.joinInferred()
	for _, n := range t.walked {
		if n.sub || n.like != nil {
			continue
		}
		n.service = &service{head: n}
		t.services = append(t.services, n.service)
	}
	for _, n := range t.walked {
		if n.sub {
			continue
		}
		s := n.counts().service
		n.service = s
		if n == s.head {
			s.members = slices.Insert(s.members, 0, n)
		} else {
			s.members = append(s.members, n)
		}
	}
	for _, s := range t.services {
		if above := s.head.aboveSegment(); above != nil {
			s.parent = above.service
		}
		s.start, s.end = s.head.Start, s.head.End
		for _, m := range s.members {
			if m.Inferred && !s.head.Inferred {
				continue // the caller's view: it has the way there and back in it
			}
			if m.Start.Before(s.start) {
				s.start = m.Start
			}
			if m.End.After(s.end) {
				s.end = m.End
			}
		}
	}
}

// counts gives the segment that stands for a service.
func (n *node) counts() *node {
	for n.like != nil {
		n = n.like
	}
	return n
}

// Where a Lambda function's two segments come from: the service, and the
// function itself, once for each attempt.
const (
	lambdaService  = "AWS::Lambda"
	lambdaFunction = "AWS::Lambda::Function"
)

// joinFunctions makes the function's own segment one with the service's above it.
func (t *Tree) joinFunctions() {
	for _, n := range t.walked {
		above := n.aboveSegment()
		if !n.sub && above != nil && n.Origin == lambdaFunction && above.Origin == lambdaService && n.Name == above.Name && n.key.trace == above.key.trace {
			n.like = above
		}
	}
}

// joinInferred makes an inferred segment one with the real one that it stands
// for. Both hang on the subsegment of one call. That they are of one service
// must be sure: an event bus is inferred where the functions that it calls hang.
func (t *Tree) joinInferred() {
	for _, call := range t.nodes {
		if !call.sub {
			continue
		}
		var inferred, real []*node
		for _, n := range call.children {
			switch {
			case n.sub || n.key.trace != call.key.trace: // a link led there
			case n.Inferred:
				inferred = append(inferred, n)
			default:
				real = append(real, n)
			}
		}
		standFor(inferred, real)
	}
}

// standFor finds, among the real segments of one call, those that the inferred
// ones stand for: by their names, each once, or because there is no other of
// that service on either side.
func standFor(inferred, real []*node) {
	taken := map[*node]bool{}
	for _, i := range inferred {
		at := slices.IndexFunc(real, func(r *node) bool {
			return !taken[r] && r.Name == i.Name && (r.Origin == "" || i.Origin == "" || sameService(i, r))
		})
		if at >= 0 {
			i.like, taken[real[at]] = real[at], true
		}
	}
	for _, i := range inferred {
		only := func(list []*node) *node {
			var found *node
			for _, n := range list {
				if sameService(i, n) {
					if found != nil {
						return nil
					}
					found = n
				}
			}
			return found
		}
		if r := only(real); i.like == nil && r != nil && !taken[r] && only(inferred) == i {
			i.like = r
		}
	}
}

// sameService says whether both are surely of one AWS service.
func sameService(a, b *node) bool {
	return a.Origin != "" && serviceOf(a.Origin) == serviceOf(b.Origin)
}

// serviceOf leaves out the kind of resource: AWS::Lambda::Function is AWS::Lambda.
func serviceOf(origin string) string {
	parts := strings.SplitN(origin, "::", 3)
	return strings.Join(parts[:min(len(parts), 2)], "::")
}

// orderServices puts them in the order they started. Clocks differ, so that a
// service may seem to start before the one that called it: it comes right
// behind that.
func (t *Tree) orderServices() {
	slices.SortFunc(t.services, func(a, b *service) int {
		return cmp.Or(a.start.Compare(b.start), started(a.head, b.head))
	})
	var ahead []*service
	for _, s := range slices.Backward(t.services) {
		if s.parent == nil {
			ahead = append(ahead, s)
		}
	}
	for _, s := range t.services {
		if s.parent != nil {
			s.parent.children = append(s.parent.children, s)
		}
	}
	down := make([]*service, 0, len(t.services)) // each before what it calls
	for len(ahead) > 0 {
		s := ahead[len(ahead)-1]
		ahead = ahead[:len(ahead)-1]
		s.counted = s.start
		if s.parent != nil && s.parent.counted.After(s.counted) {
			s.counted = s.parent.counted
		}
		down = append(down, s)
		for _, c := range slices.Backward(s.children) {
			ahead = append(ahead, c)
		}
	}
	slices.SortStableFunc(down, func(a, b *service) int { return a.counted.Compare(b.counted) })
	t.services = down
}

// orphan says whether what it hangs on has not arrived.
func (s *service) orphan() bool { return s.parent == nil && s.head.root.orphan != noOrphan }
