package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	pictureLines = 200 // services shown
	pictureLinks = 20  // linked traces shown of which nothing has arrived
	pictureWords = 160 // characters of an exception
)

// branch is a line of the picture, with what hangs below it.
type branch struct {
	text  string
	above *branch
	below []*branch
	shown bool
	loose bool // a subsegment without a segment above it
}

// Picture draws the services as a tree, a line each. marks are words that stand
// beside a segment, or the service that it is in, by the segment's id. A tree of
// more than 200 services is cut; what is marked, and what is above it, is kept.
func (t *Tree) Picture(marks map[string]string) string {
	roots, all, marked := t.branches(marks)
	left := pictureLines
	show := func(b *branch) {
		var way []*branch
		for ; b != nil && !b.shown; b = b.above {
			way = append(way, b)
		}
		if len(way) <= left {
			left -= len(way)
			for _, w := range way {
				w.shown = true
			}
		}
	}
	for _, b := range marked {
		show(b)
	}
	for _, b := range all {
		if left == 0 {
			break
		}
		show(b)
	}
	var out strings.Builder
	slices.SortStableFunc(roots, func(a, b *branch) int { return yes(a.loose) - yes(b.loose) })
	for _, r := range roots {
		r.draw(&out, "", "", "")
	}
	if hidden := len(all) - (pictureLines - left); hidden > 0 {
		fmt.Fprintf(&out, "… and %d more services\n", hidden)
	}
	if len(all) == 0 {
		out.WriteString("(no segment has arrived)\n")
	}
	return out.String()
}

// draw writes a line and those below it: before stands in front of its own,
// beside in front of the others.
func (b *branch) draw(out *strings.Builder, before, tick, beside string) {
	if !b.shown {
		return
	}
	out.WriteString(before + tick + b.text + "\n")
	below := slices.DeleteFunc(slices.Clone(b.below), func(c *branch) bool { return !c.shown })
	for i, c := range below {
		if i == len(below)-1 {
			c.draw(out, before+beside, "└─ ", "   ")
		} else {
			c.draw(out, before+beside, "├─ ", "│  ")
		}
	}
}

// branches gives the lines of the picture, those above before those below, and
// which of them are marked.
func (t *Tree) branches(marks map[string]string) (roots, all, marked []*branch) {
	of := map[*node]*branch{} // of the head of a service, or a subsegment without a segment above it
	first, _ := t.span()
	exceptions := t.exceptions()
	wrong := map[*node][]*node{}
	said := map[*node][]string{}
	for _, n := range t.walked {
		line := n.line()
		if n.flags() > 0 {
			wrong[line] = append(wrong[line], n)
		}
		if m := marks[n.ID]; m != "" && !slices.Contains(said[line], m) {
			said[line] = append(said[line], m)
		}
	}
	for _, n := range t.heads() {
		b := &branch{text: n.words(t.id, first.UnixMicro(), wrong[n], exceptions), loose: n.sub}
		of[n] = b
		all = append(all, b)
		if len(said[n]) > 0 {
			b.text += "  " + plain(strings.Join(said[n], "; "))
			marked = append(marked, b)
		}
		if n.parent == nil {
			roots = append(roots, b)
			continue
		}
		b.above = of[n.parent.line()] // it comes before
		b.above.below = append(b.above.below, b)
	}
	t.nothingCame(of)
	return roots, all, marked
}

// heads are the nodes that have a line, each behind the one that it hangs on:
// those of the services and, where only subsegments are above, the topmost.
func (t *Tree) heads() []*node {
	var heads []*node
	for _, n := range t.walked {
		if n.sub && n.parent == nil {
			heads = append(heads, n)
		}
	}
	for _, s := range t.services {
		heads = append(heads, s.head)
	}
	return heads
}

// nothingCame adds a line where a link leads to a trace of which nothing has
// come, for the first of them.
func (t *Tree) nothingCame(of map[*node]*branch) {
	arrived := map[string]bool{}
	for _, n := range t.nodes {
		arrived[n.key.trace] = true
	}
	left := pictureLinks
	for _, n := range t.nodes {
		for _, l := range n.Links {
			if l.Kind == linkParent || arrived[l.TraceID] || !slices.Contains(t.wanted, l.TraceID) || left == 0 {
				continue
			}
			arrived[l.TraceID] = true
			left--
			b := of[n.line()]
			b.below = append(b.below, &branch{text: "linked trace " + plain(l.TraceID) + ": nothing has arrived", shown: true})
		}
	}
}

// line is the node beside whose name a node is told of in the picture: the head
// of its service, or the topmost where only subsegments are above.
func (n *node) line() *node {
	if n.segment == nil {
		return n.root
	}
	return n.segment.service.head
}

// ledTo says whether a linked trace begins here.
func (n *node) ledTo(asked string) bool {
	if n.parent == nil {
		return n.key.trace != asked
	}
	return n.parent.key.trace != n.key.trace
}

// words are what the picture says of a service: nothing of its metadata.
func (n *node) words(asked string, first int64, wrong []*node, exceptions map[key]Exception) string {
	start, end, ended := n.Start, n.End, n.Ended()
	origin := n.Origin
	if n.sub {
		origin = "::" + subsegment
	} else {
		start, end = n.service.start, n.service.end
		for _, m := range n.service.members {
			ended = ended && (m.Ended() || m.Inferred)
		}
	}
	var b strings.Builder
	b.WriteString(plain(n.Name))
	if parts := strings.Split(origin, "::"); len(parts) > 1 && !strings.EqualFold(parts[1], n.Name) {
		b.WriteString(" [" + plain(parts[1]) + "]")
	}
	fmt.Fprintf(&b, "  +%s ms", milliseconds(start.UnixMicro()-first))
	if !end.IsZero() {
		fmt.Fprintf(&b, ", %s ms", milliseconds(end.UnixMicro()-start.UnixMicro()))
	}
	if n.Inferred {
		b.WriteString(" (inferred)")
	}
	if !ended {
		b.WriteString(" (in progress)")
	}
	if why := n.lacks(); why != "" {
		b.WriteString(" (orphan: " + plain(why) + ")")
	}
	if n.ledTo(asked) {
		b.WriteString("  linked trace " + plain(n.key.trace))
	}
	if len(wrong) > 0 {
		b.WriteString("  ✗ " + n.wrong(wrong, exceptions))
	}
	return b.String()
}

// wrong says what went wrong in a service: in itself if it says so, else in the
// first of its subsegments that does.
func (n *node) wrong(wrong []*node, exceptions map[key]Exception) string {
	slices.SortStableFunc(wrong, func(a, b *node) int { return yes(a.sub) - yes(b.sub) })
	first := wrong[0]
	text := ""
	if first.sub && first != n {
		text = "in " + first.Name + ": "
	}
	text += first.failure(exceptions).Marks()
	for _, w := range wrong { // the segment itself may leave it to a subsegment to say why
		if why := w.failure(exceptions).Why(); why != "" {
			text += ": " + why
			break
		}
	}
	text = plain(text)
	if short := []rune(text); len(short) > pictureWords {
		text = string(short[:pictureWords]) + "…"
	}
	return text
}

// milliseconds writes microseconds so that people can compare them.
func milliseconds(us int64) string {
	us = max(us, 0)
	if us >= 10_000 {
		return strconv.FormatInt((us+500)/1000, 10)
	}
	return strconv.FormatFloat(float64((us+50)/100)/10, 'f', -1, 64)
}

// plain keeps a text on its line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
