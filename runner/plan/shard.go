package plan

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
)

// Shard is one of several parts of a selection: the I-th of N. The zero value
// is the whole.
type Shard struct{ I, N int }

var shardForm = regexp.MustCompile(`^([0-9]{1,6})/([0-9]{1,6})$`)

// ParseShard reads I/N, such as 2/5.
func ParseShard(text string) (Shard, error) {
	m := shardForm.FindStringSubmatch(text)
	if m == nil {
		return Shard{}, fmt.Errorf("--shard takes I/N, such as 2/5 for the second of five, got %q", text)
	}
	i, _ := strconv.Atoi(m[1]) // at most six digits
	n, _ := strconv.Atoi(m[2])
	if n < 1 {
		return Shard{}, fmt.Errorf("--shard %s: there must be at least one shard", text)
	}
	if i < 1 || i > n {
		return Shard{}, fmt.Errorf("--shard %s: there are the shards 1/%d to %d/%d", text, n, n, n)
	}
	return Shard{i, n}, nil
}

func (s Shard) String() string {
	if s.N == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.I, s.N)
}

// of gives the cases of the shard, in their order. Cases linked by a lock stay
// together. The shards of one selection are disjoint, together they are all of
// it, and as even in number as the links allow; the same selection is always
// cut in the same way.
func (s Shard) of(cases []*Case) []*Case {
	if s.N == 0 {
		return cases
	}
	groups := linked(cases)
	slices.SortStableFunc(groups, func(a, b []*Case) int { return cmp.Compare(len(b), len(a)) })
	load := make([]int, s.N)
	var mine []*Case
	for _, g := range groups {
		least := slices.Index(load, slices.Min(load))
		load[least] += len(g)
		if least == s.I-1 {
			mine = append(mine, g...)
		}
	}
	at := map[*Case]int{}
	for i, c := range cases {
		at[c] = i
	}
	slices.SortFunc(mine, func(a, b *Case) int { return cmp.Compare(at[a], at[b]) })
	return mine
}

// linked gathers the cases that share locks, directly or through others; the
// groups come in the order of their first case.
func linked(cases []*Case) [][]*Case {
	parent := make([]int, len(cases))
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	holder := map[string]int{}
	for i, c := range cases {
		parent[i] = i
		for _, l := range c.Locks {
			if j, ok := holder[l]; ok {
				a, b := root(i), root(j)
				parent[max(a, b)] = min(a, b)
			} else {
				holder[l] = i
			}
		}
	}
	byRoot := map[int]int{}
	var groups [][]*Case
	for i, c := range cases {
		r := root(i)
		at, ok := byRoot[r]
		if !ok {
			at = len(groups)
			byRoot[r] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], c)
	}
	return groups
}

// checksum tells a selection from others: how many cases, and which.
func checksum(cases []*Case) string {
	h := fnv.New64a()
	for _, c := range cases {
		_, _ = fmt.Fprintln(h, c.ID) // never fails, by its documentation
	}
	return fmt.Sprintf("%d:%016x", len(cases), h.Sum64())
}

// repeated gives every case n times, each repetition a case of its own.
func repeated(cases []*Case, n int) []*Case {
	if n <= 1 {
		return cases
	}
	out := make([]*Case, 0, n*len(cases))
	for k := 1; k <= n; k++ {
		for _, c := range cases {
			again := *c
			again.ID = fmt.Sprintf("%s@%d", c.ID, k)
			again.Name = fmt.Sprintf("%s (%d/%d)", c.Name, k, n)
			out = append(out, &again)
		}
	}
	return out
}
