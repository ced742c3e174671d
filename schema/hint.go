package schema

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What a value of the wrong kind was probably meant to be.

var (
	yes = []string{"yes", "y", "on", "true"}
	no  = []string{"no", "n", "off", "false"}
)

// hint says how a node is written that has the kind the shape wants.
func (s *Shape) hint(n *Node) string {
	scalar := n.Kind == Text || n.Kind == Number || n.Kind == Bool
	switch {
	case s.Want == Map && hintSpace(n) != "":
		return hintSpace(n)
	case s.Want == Text && scalar:
		return "; to mean the text write \"" + n.Scalar + "\""
	case s.Want == Text && inBrackets(n):
		return "; text that begins with [ or { needs quotes"
	case s.Want == Bool:
		return hintBool(n)
	case s.Want == Number && n.Kind == Text && jsonNumber.MatchString(n.Scalar):
		if n.Computed {
			return "; turn it into one with number(…)"
		}
		return "; write it without quotes"
	case s.Want == List && n.Kind == Map && !inBrackets(n):
		return "; begin each element with \"- \""
	case s.Want == List && scalar && s.Elem.Want == Text:
		return "; write [" + n.Scalar + "]"
	}
	return ""
}

// hintSpace is for text where a mapping should be: "key:value".
func hintSpace(n *Node) string {
	if m := tightColon.FindStringSubmatch(n.Scalar); m != nil && n.Kind == Text {
		return "; put a space after \"" + m[1] + "\""
	}
	return ""
}

func hintBool(n *Node) string {
	switch v := strings.ToLower(n.Scalar); {
	case n.Kind == Text && (v == "true" || v == "false") && !n.Computed:
		return "; write " + v + " without quotes"
	case n.Kind == Text && slices.Contains(yes, v) || n.Kind == Number && v == "1":
		return "; write true"
	case n.Kind == Text && slices.Contains(no, v) || n.Kind == Number && v == "0":
		return "; write false"
	}
	return ""
}

// inBrackets says whether a list or mapping is written with [ ] or { }: its
// first element stands behind its own beginning.
func inBrackets(n *Node) bool {
	switch {
	case n.Computed:
		return false
	case n.Kind == Map && len(n.Entries) > 0:
		return n.Entries[0].KeyPos != n.Pos
	case n.Kind == List && len(n.Items) > 0:
		return n.Items[0].Pos.Line == n.Pos.Line && n.Items[0].Pos.Col < n.Pos.Col+2
	}
	return n.Kind == Map || n.Kind == List
}

// units are the ways in which people write the units of a duration, and how
// many of which unit of ours each is.
var units = map[string]struct {
	unit  string
	times int
}{
	"s": {"s", 1}, "sec": {"s", 1}, "secs": {"s", 1}, "second": {"s", 1}, "seconds": {"s", 1},
	"m": {"m", 1}, "min": {"m", 1}, "mins": {"m", 1}, "minute": {"m", 1}, "minutes": {"m", 1},
	"h": {"h", 1}, "hr": {"h", 1}, "hrs": {"h", 1}, "hour": {"h", 1}, "hours": {"h", 1},
	"d": {"h", 24}, "day": {"h", 24}, "days": {"h", 24}, "w": {"h", 168}, "week": {"h", 168}, "weeks": {"h", 168},
	"ms": {"ms", 1}, "msec": {"ms", 1}, "msecs": {"ms", 1}, "millis": {"ms", 1}, "millisecond": {"ms", 1}, "milliseconds": {"ms", 1},
}

var amount = regexp.MustCompile(`^([0-9]{1,6})\s*([A-Za-z]+)\s*`)

// asDuration writes as a duration what people write for one, "" where it is
// not clear.
func asDuration(s string) string {
	s = strings.TrimSpace(s)
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return s + "s for seconds"
	}
	s, out := strings.TrimPrefix(s, "PT"), ""
	for s != "" {
		m := amount.FindStringSubmatch(s)
		if m == nil {
			return ""
		}
		u, ok := units[strings.ToLower(m[2])]
		if !ok {
			return ""
		}
		n, _ := strconv.Atoi(m[1]) // six digits
		out += strconv.Itoa(n*u.times) + u.unit
		s = s[len(m[0]):]
	}
	return out
}
