package assertions

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rehearse-dev/rehearse/schema"
)

// textTests make tests of text; anything-but takes each of them too.
var textTests = map[string]func(want string) (func(string) bool, error){
	"prefix": func(want string) (func(string) bool, error) {
		return func(s string) bool { return strings.HasPrefix(s, want) }, nil
	},
	"suffix": func(want string) (func(string) bool, error) {
		return func(s string) bool { return strings.HasSuffix(s, want) }, nil
	},
	"equals-ignore-case": func(want string) (func(string) bool, error) {
		return func(s string) bool { return equalIgnoringCase([]rune(s), []rune(want)) }, nil
	},
	"wildcard": func(want string) (func(string) bool, error) { return wildcard(want) },
}

func textTestNames() []string { return slices.Collect(maps.Keys(textTests)) }

// textTest holds for text that one of textTests holds for.
func (o operand) textTest(name string) valueTest {
	want, ok := o.text()
	if !ok {
		return valueTest{}
	}
	test, err := textTests[name](want)
	if err != nil {
		return o.refuse("%v", err)
	}
	return valueTest{func(leaf any) bool {
		s, ok := leaf.(string)
		return ok && test(s)
	}, name + " " + show(want)}
}

// affix is prefix or suffix: text, or {equals-ignore-case: text}.
func (o operand) affix(name string) valueTest {
	switch {
	case o.n.Kind == schema.List:
		return o.refuse("takes text, found a list; list the operators instead: [{%q: %q}, {%q: %q}]", name, "x", name, "y")
	case o.n.Kind != schema.Map:
		return o.textTest(name)
	case len(o.n.Entries) != 1 || o.n.Entries[0].Key != "equals-ignore-case":
		return o.refuse(`takes text or {"equals-ignore-case": text}`)
	}
	text, ok := o.inside(o.n.Entries[0]).text()
	if !ok {
		return valueTest{}
	}
	want := []rune(text)
	return valueTest{func(leaf any) bool {
		s, ok := leaf.(string)
		r := []rune(s)
		if !ok || len(r) < len(want) {
			return false
		}
		if name == "prefix" {
			return equalIgnoringCase(r[:len(want)], want)
		}
		return equalIgnoringCase(r[len(r)-len(want):], want)
	}, name + " " + show(text) + " in any case"}
}

// equalIgnoringCase compares rune by rune; each may be the pattern's in either case.
func equalIgnoringCase(s, want []rune) bool {
	if len(s) != len(want) {
		return false
	}
	for i, w := range want {
		if r := s[i]; r != w && r != unicode.ToLower(w) && r != unicode.ToUpper(w) {
			return false
		}
	}
	return true
}

// wildcard matches text in which * stands for any characters; \* and \\ are
// the characters themselves.
func wildcard(pattern string) (func(string) bool, error) {
	parts := []string{""}
	star := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '*' && star:
			return nil, fmt.Errorf("%q has two * in a row; write one", pattern)
		case c == '*':
			parts, star = append(parts, ""), true
			continue
		case c == '\\':
			i++
			if i == len(pattern) || (pattern[i] != '*' && pattern[i] != '\\') {
				return nil, fmt.Errorf(`%q: after \ only * or \ may stand`, pattern)
			}
			c = pattern[i]
		}
		parts[len(parts)-1] += string([]byte{c})
		star = false
	}
	return func(s string) bool { return matchParts(s, parts) }, nil
}

// matchParts says whether the parts stand in the text in their order, the
// first at its beginning, the last at its end.
func matchParts(s string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// cidr holds for text that is an address of the range.
func (o operand) cidr() valueTest {
	text, ok := o.text()
	if !ok {
		return valueTest{}
	}
	address, mask, _ := strings.Cut(text, "/")
	base, valid := parseAddress(address)
	bits, err := strconv.Atoi(mask)
	switch {
	case !valid || err != nil || bits < 0 || bits > base.BitLen():
		return o.refuse("%q is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32", text)
	case bits == base.BitLen():
		return o.refuse("%q is a single address, which EventBridge refuses here; write it as a plain value: [%q]", text, address)
	}
	p := netip.PrefixFrom(base, bits)
	return valueTest{func(leaf any) bool {
		s, ok := leaf.(string)
		if !ok {
			return false
		}
		a, ok := parseAddress(s)
		return ok && p.Contains(a)
	}, "cidr " + text}
}

// parseAddress reads an address as EventBridge does: IPv4 as four decimal
// numbers, leading zeros or not, IPv6 without a zone and without dots.
func parseAddress(s string) (netip.Addr, bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF:", r) && r != '.' }) {
		return netip.Addr{}, false
	}
	if strings.Contains(s, ":") {
		a, err := netip.ParseAddr(s)
		return a.Unmap(), err == nil && !strings.Contains(s, ".")
	}
	numbers := strings.Split(s, ".")
	var four [4]byte
	if len(numbers) != len(four) {
		return netip.Addr{}, false
	}
	for i, text := range numbers {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		four[i] = byte(n)
	}
	return netip.AddrFrom4(four), true
}
