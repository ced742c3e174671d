package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Missing says, in words for people, what keeps the tree from being whole: a
// segment without end, a parent that has not arrived, a linked trace of which
// nothing has come. It is empty when nothing is known to be missing.
func (t *Tree) Missing() []string { return t.missing }

func (t *Tree) findMissing() []string {
	var out []string
	arrived := map[string]bool{}
	for _, n := range t.nodes {
		arrived[n.key.trace] = true
		if n.unfinished() {
			out = append(out, n.called()+" has not ended")
		}
		if why := n.lacks(); why != "" {
			out = append(out, n.called()+" is an orphan: "+why)
		}
	}
	for _, w := range t.wanted {
		if !arrived[w] {
			out = append(out, "nothing has arrived of the linked trace "+w)
		}
	}
	switch {
	case len(t.nodes) == 0:
		out = append([]string{"no segment has arrived"}, out...)
	case len(t.services) == 0:
		out = append([]string{"no segment of a service has arrived, only subsegments"}, out...)
	}
	return out
}

// called names a segment as a person would look for it.
func (n *node) called() string {
	kind := "segment"
	if n.sub {
		kind = subsegment
	}
	return called(kind, n.Name, n.ID)
}

// lacks says why a node has no parent where it should have one.
func (n *node) lacks() string {
	switch {
	case n.orphan == notArrived:
		return "its parent " + n.above + " has not arrived"
	case n.orphan == ownAncestor && n.above == n.ID:
		return "it names itself as its parent"
	case n.orphan == ownAncestor:
		return "its parent " + n.above + " hangs below it"
	}
	return ""
}

// unfinished says whether the end of a segment is still to come. A subsegment
// that is left in progress inside a segment that has ended stays so for ever,
// and with it what X-Ray inferred from it. An inferred segment that counts as
// one with a real one is the caller's view of it.
func (n *node) unfinished() bool {
	if n.sub || n.Ended() {
		return false
	}
	if !n.Inferred {
		return true
	}
	if n.like != nil {
		return false
	}
	call := n.parent
	left := call != nil && call.sub && !call.Ended() && call.segment != nil && call.segment.Ended()
	return !left
}

// Fingerprint changes whenever something that arrived changes what the tree
// says. It does not depend on the order of arrival.
func (t *Tree) Fingerprint() string {
	b, _ := json.Marshal(struct { // documents come from JSON
		Result  Result
		Missing []string
	}{t.result, t.missing})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
