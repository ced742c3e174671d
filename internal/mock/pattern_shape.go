package mock

import (
	"math/rand/v2"
	"regexp/syntax"
)

// lengths are how many characters a pattern's own texts have.
func lengths(re *syntax.Regexp) (low, high int) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune), len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, 1
	case syntax.OpCapture:
		return lengths(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l, h := lengths(sub)
			low, high = atMost(low+l), atMost(high+h)
		}
		return low, high
	case syntax.OpAlternate:
		low = unlimited
		for _, sub := range re.Sub {
			l, h := lengths(sub)
			low, high = min(low, l), max(high, h)
		}
		return low, high
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		from, to := repeats(re)
		l, h := lengths(re.Sub[0])
		return atMost(l * from), times(h, to)
	}
	return 0, 0
}

func atMost(n int) int { return min(n, unlimited) }

func times(n, count int) int {
	if n == 0 || count == 0 {
		return 0
	}
	if n >= unlimited/count {
		return unlimited
	}
	return n * count
}

// repeats are how often a pattern may stand in a row.
func repeats(re *syntax.Regexp) (from, to int) {
	switch re.Op {
	case syntax.OpStar:
		return 0, unlimited
	case syntax.OpPlus:
		return 1, unlimited
	case syntax.OpQuest:
		return 0, 1
	}
	if re.Max < 0 {
		return re.Min, unlimited
	}
	return re.Min, re.Max
}

// longestShape is the longest text, in characters, that a pattern is bent to.
const longestShape = 5000

// shape gives a pattern that makes only texts of this pattern of a length
// between the two, nil when it finds none.
func shape(re *syntax.Regexp, r *rand.Rand, low, high int) *syntax.Regexp {
	l, h := lengths(re)
	l, h = max(l, low), min(h, high)
	if l > h || l > longestShape {
		return nil
	}
	h = min(h, l+20)
	work := 20_000
	for range 8 {
		if s := shapeTo(re, r, l+r.IntN(h-l+1), &work); s != nil {
			return s
		}
	}
	for n := l; n <= h; n++ {
		if s := shapeTo(re, r, n, &work); s != nil {
			return s
		}
	}
	return nil
}

// shapeTo is shape for one length.
func shapeTo(re *syntax.Regexp, r *rand.Rand, n int, work *int) *syntax.Regexp {
	if *work--; *work < 0 {
		return nil
	}
	if l, h := lengths(re); n < l || n > h {
		return nil
	}
	switch re.Op {
	case syntax.OpCapture:
		return shapeTo(re.Sub[0], r, n, work)
	case syntax.OpAlternate:
		for _, i := range r.Perm(len(re.Sub)) {
			if s := shapeTo(re.Sub[i], r, n, work); s != nil {
				return s
			}
		}
		return nil
	case syntax.OpConcat:
		return shapeRow(re.Sub, r, n, work)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return shapeRepeat(re, r, n, work)
	}
	return re
}

// shapeRepeat chooses how often the pattern stands in a row.
func shapeRepeat(re *syntax.Regexp, r *rand.Rand, n int, work *int) *syntax.Regexp {
	from, to := repeats(re)
	l, h := lengths(re.Sub[0])
	if n == 0 && from == 0 {
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	if h == 0 {
		return re
	}
	from = max(from, (n+h-1)/h)
	to = min(to, n/max(l, 1), longestShape)
	for range 4 {
		if from > to {
			return nil
		}
		row := make([]*syntax.Regexp, from+r.IntN(min(to-from, 50)+1))
		for i := range row {
			row[i] = re.Sub[0]
		}
		if s := shapeRow(row, r, n, work); s != nil {
			return s
		}
	}
	return nil
}

// shapeRow gives each of several patterns in a row its share of the length.
func shapeRow(subs []*syntax.Regexp, r *rand.Rand, n int, work *int) *syntax.Regexp {
	for range 6 {
		share, left := make([]int, len(subs)), n
		for i, sub := range subs {
			share[i], _ = lengths(sub)
			left -= share[i]
		}
		for _, i := range r.Perm(len(subs)) {
			_, h := lengths(subs[i])
			more := min(left, h-share[i])
			if more > 0 {
				give := more
				if h >= unlimited || len(subs) > 1 {
					give = r.IntN(more + 1)
				}
				share[i], left = share[i]+give, left-give
			}
		}
		for i := range subs { // what is left goes where there is room
			_, h := lengths(subs[i])
			more := max(0, min(left, h-share[i]))
			share[i], left = share[i]+more, left-more
		}
		if left != 0 {
			return nil
		}
		if row := shapeShares(subs, share, r, work); row != nil {
			return row
		}
	}
	return nil
}

func shapeShares(subs []*syntax.Regexp, share []int, r *rand.Rand, work *int) *syntax.Regexp {
	row := &syntax.Regexp{Op: syntax.OpConcat}
	for i, sub := range subs {
		s := shapeTo(sub, r, share[i], work)
		if s == nil {
			return nil
		}
		row.Sub = append(row.Sub, s)
	}
	return row
}

// longest is the length of a pattern's longest own text.
func longest(p *pattern) int {
	_, high := lengths(p.tree)
	return high
}

// endsFixed says whether nothing may stand around what the pattern matches.
func endsFixed(p *pattern) bool {
	re := p.tree
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	return re.Op == syntax.OpConcat && re.Sub[0].Op == syntax.OpBeginText && re.Sub[len(re.Sub)-1].Op == syntax.OpEndText
}
