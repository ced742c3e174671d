package xray

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/trace"
)

// Wildcards of a path: one service, and any number of them.
const (
	oneName  = "*"
	anyNames = "**"
)

// badPath says what is wrong with a path as a user writes it, "" when nothing is.
func badPath(text string) string {
	parts := pathParts(text)
	wild := 0
	for i, p := range parts {
		switch {
		case p == "" && len(parts) == 1:
			return "a path names the services from a root to a leaf, such as Orders > Payment"
		case p == "":
			return "a name is missing before, after or between the > of " + strconv.Quote(text)
		case strings.HasSuffix(p, "-") && i < len(parts)-1, strings.Contains(p, "→"), strings.HasSuffix(p, "="):
			return "names in a path are separated by >, as in Orders > Payment; found " + strconv.Quote(text)
		case p == oneName:
		case p == anyNames:
			wild++
		case strings.Contains(p, "*"):
			return "* stands for one whole name and ** for any number of services; it cannot be part of a name, as in " + strconv.Quote(p)
		}
	}
	if wild == len(parts) {
		return strconv.Quote(text) + " names no service: any trace has such a path"
	}
	return ""
}

// pathParts are the names of a path.
func pathParts(text string) []string {
	parts := strings.Split(text, ">")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return parts
}

// chainsTo gives, for each service, those from its root down to itself, and
// which of them have nothing below.
func chainsTo(r trace.Result) (chains [][]trace.Service, leaves []bool) {
	type key struct{ trace, id string } // an id is unique in its trace only
	index := make(map[key]int, len(r.Services))
	anywhere := make(map[string]int, len(r.Services))
	for i, s := range r.Services { // each comes behind its parent
		above, ok := index[key{s.TraceID, s.Parent}]
		if !ok { // what a link leads to
			above, ok = anywhere[s.Parent]
		}
		if ok && s.Parent != "" {
			chains = append(chains, append(slices.Clone(chains[above]), s))
			leaves[above] = false
		} else {
			chains = append(chains, []trace.Service{s})
		}
		leaves = append(leaves, true)
		index[key{s.TraceID, s.ID}], anywhere[s.ID] = i, i
	}
	return chains, leaves
}

func chainText(chain []trace.Service) string {
	names := make([]string, len(chain))
	for i, s := range chain {
		names[i] = s.Name
	}
	return strings.Join(names, " > ")
}

// checkPaths finds the paths that no chain of services from a root to a leaf is.
func checkPaths(r trace.Result, want []string) []finding {
	if len(r.Services) == 0 {
		return without("paths", want)
	}
	var leaves [][]trace.Service
	chains, ends := chainsTo(r)
	for i, chain := range chains {
		if ends[i] {
			leaves = append(leaves, chain)
		}
	}
	var out []finding
	for _, path := range want {
		parts := pathParts(path)
		if !slices.ContainsFunc(leaves, func(c []trace.Service) bool { n, end := along(parts, c); return n == len(parts) && end == len(c) }) {
			out = append(out, noPath(r, path, parts, leaves))
		}
	}
	return out
}

// along gives how many parts of a path a chain begins with, and how many
// services these take: as many of both as possible.
func along(parts []string, chain []trace.Service) (matched, services int) {
	reached := make([]bool, len(chain)+1) // with the parts so far, up to which services
	reached[0] = true
	for i, p := range parts {
		next := make([]bool, len(chain)+1)
		found := false
		for j := range next {
			switch {
			case p == anyNames:
				next[j] = reached[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = reached[j-1] && (p == oneName || p == chain[j-1].Name)
			}
			found = found || next[j]
		}
		if !found {
			return i, lastTrue(reached)
		}
		reached = next
	}
	return len(parts), lastTrue(reached)
}

func lastTrue(list []bool) int {
	for i := len(list) - 1; i > 0; i-- {
		if list[i] {
			return i
		}
	}
	return 0
}

// noPath says how far a path is there, and what is there instead of the rest.
func noPath(r trace.Result, path string, parts []string, leaves [][]trace.Service) finding {
	var found []string
	for _, c := range leaves {
		found = append(found, chainText(c))
	}
	f := newFinding("paths", path, first(found), "no path is %s", path)
	here := names(r)
	var strangers []string
	for _, p := range parts {
		if p != oneName && p != anyNames && !slices.Contains(here, p) {
			strangers = append(strangers, unknown(p, here, parts))
		}
	}
	best, matched, upTo := leaves[0], -1, 0
	for _, c := range leaves {
		if m, n := along(parts, c); m > matched || m == matched && n > upTo {
			best, matched, upTo = c, m, n
		}
	}
	inside := slices.Concat([]string{anyNames}, parts, []string{anyNames})
	part := slices.IndexFunc(leaves, func(c []trace.Service) bool { n, end := along(inside, c); return n == len(inside) && end == len(c) })
	switch {
	case len(strangers) > 0:
		f.Message += ": " + strings.Join(strangers, ", ")
	case part >= 0:
		f.Message += ", but it is a part of " + found[part] + "; write ** before or behind it where more services may stand"
	case upTo > 0:
		f.Message += ": behind " + chainText(best[:upTo]) + " "
		if upTo < len(best) {
			f.Message += "comes " + best[upTo].Name
		} else {
			f.Message += "nothing comes"
		}
		f.Message += ", not " + parts[matched]
	default:
		f.Message += ": no root is called " + parts[0]
	}
	if part < 0 && upTo > 0 && matched < len(parts) {
		f.marks[best[upTo-1].ID] = "← paths: " + parts[matched] + " should come below it"
	}
	f.Message += "; paths: " + listed(found, "; ")
	return f
}
