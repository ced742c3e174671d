package mock

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A pattern makes texts that match it, of the length that is asked for.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		low, high int // 0, 0: any
		like      string
	}{
		{pattern: `^abc$`, like: "abc"},
		{pattern: `abc`},
		{pattern: ``},
		{pattern: `^$`, like: ""},
		{pattern: `^(red|green|blue)$`},
		{pattern: `^\d{3}-\w+\s\S$`},
		{pattern: `^\u0041\u{42}\x43\t?\/\-\_\.$`},
		{pattern: `^[\u00e0-\u00ef]{2}$`},
		{pattern: `^\p{Lu}\p{Ll}+$`},
		{pattern: `^[^]$`},
		{pattern: `^[[]a]$`, like: "[a]"},
		{pattern: `^\cJ?x$`},
		{pattern: `^\0?x$`},
		{pattern: `^[\b]?x$`},
		{pattern: `^(?<year>\d{4})-(?:0[1-9]|1[0-2])$`},
		{pattern: `^a{3}$`, like: "aaa"},
		{pattern: `^a{2,}$`, low: 9, high: 9, like: "aaaaaaaaa"},
		{pattern: `^[a-z]{1,2048}$`},
		{pattern: `^[a-z]{1,2048}$`, low: 1100, high: 1200},
		{pattern: `^[a-z]{1500}$`, low: 1500, high: 1500},
		{pattern: `^(ab|c){1001,}$`},
		{pattern: `^x{0,1200}y$`, low: 1100, high: 1150},
		{pattern: `^[a-z]*$`, low: 500, high: 500},
		{pattern: `^([a-z]{3}-)+$`, low: 40, high: 40},
		{pattern: `^(a|bb)*c?$`, low: 33, high: 33},
		{pattern: `^[a-z]+@[a-z]+\.(com|museum)$`, low: 30, high: 31},
		{pattern: `id`, low: 40, high: 41},
		{pattern: `^id`, low: 40, high: 41},
		{pattern: `(?i)^abc$`},
		{pattern: `\bword\b`},
		{pattern: `^.{8}$`, low: 8, high: 8},
		{pattern: `^[^a-zA-Z0-9]{5}$`},
		{pattern: `^(((a?b?){0,9}c){1,9}d){2}$`, low: 20, high: 40},
		{pattern: `^arn:(aws|aws-cn):s3:::[a-z0-9.-]{3,63}(/.*)?$`},
		{pattern: `^[A-Za-z0-9+/]+={0,2}$`},
	} {
		t.Run(fmt.Sprintf("%s %d-%d", c.pattern, c.low, c.high), func(t *testing.T) {
			p := readPattern(c.pattern)
			if p.why != "" {
				t.Fatal(p.why)
			}
			high := c.high
			if high == 0 {
				high = unlimited
			}
			for seed := range uint64(5) {
				s, ok := p.text(seeded(seed), c.low, high, func() error { return nil }, func(string) bool { return true })
				n := utf8.RuneCountInString(s)
				if !ok || !p.MatchString(s) || n < c.low || n > high || c.like != "" && s != c.like {
					t.Fatalf("seed %d: %v %q (%d)", seed, ok, s, n)
				}
			}
		})
	}
}

// Patterns of ECMA-262 mean the same in Go's writing.
func TestPatternsMean(t *testing.T) {
	for _, c := range []struct{ pattern, matches, not string }{
		{`^\u00e9$`, "é", "e"},
		{`^[^]{2}$`, "a\n", "a"},
		{`^[]$|^b$`, "b", ""},
		{`^[[:alpha:]$`, "[", "b"},
		{`^\/aws\/$`, "/aws/", "aws"},
		{`^a{1,1500}$`, strings.Repeat("a", 1500), strings.Repeat("a", 1501)},
		{`^(?:ab){1200}$`, strings.Repeat("ab", 1200), strings.Repeat("ab", 1199)},
		{`^[ab]{1200,}c$`, strings.Repeat("ab", 900) + "c", strings.Repeat("a", 1199) + "c"},
		{`^a{0,1001}?b$`, strings.Repeat("a", 1001) + "b", strings.Repeat("a", 1002) + "b"},
		{`^\d$`, "1", "١"},
		{`x{,2}`, "x{,2}", "x"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			p := readPattern(c.pattern)
			if p.why != "" || !p.MatchString(c.matches) || p.MatchString(c.not) {
				t.Errorf("%s: %s, matches %v, does not %v", p.plain, p.why, p.MatchString(c.matches), !p.MatchString(c.not))
			}
		})
	}
}

func TestPatternsBeyond(t *testing.T) {
	for pattern, why := range map[string]string{
		`(?=a)b`: "looks ahead", `(?!a)b`: "looks ahead", `(?<=a)b`: "behind", `(?<!a)b`: "behind", `(a)\1`: "refers back", `(?<n>a)\k<n>`: "refers back",
		`a)`: "unexpected )", `[a`: "missing closing ]", `a**`: "invalid nested repetition", `\p{Foo}`: "invalid character class", `(?P>x)`: "invalid",
		strings.Repeat("a", maxPattern+1): "more than",
	} {
		p := readPattern(pattern)
		if !strings.Contains(p.why, why) || p.MatchString("a") || p.MatchString("") {
			t.Errorf("%.20s: %q, want %q; nothing may match it", pattern, p.why, why)
		}
	}
	for _, pattern := range []string{`[(?=]`, `\(?=`, `[\1]`, `\\1`, `[]1](a)`} {
		if why := beyond(pattern); why != "" {
			t.Errorf("%s: %s", pattern, why)
		}
	}
}

// What is made in a format has it, whatever the length.
func TestFormats(t *testing.T) {
	for _, f := range append([]string{"int32", "int64", "float", "double"}, checkedFormats...) {
		t.Run(f, func(t *testing.T) {
			for seed := range uint64(50) {
				r := seeded(seed)
				for _, fill := range []string{"", "a", "abcd", strings.Repeat("abc", 50)} {
					s, ok := formatText(f, now, r.IntN, fill)
					if len(fill) > 50 && strings.Contains(f, "mail") {
						continue // longer than an address may be
					}
					if !ok || !hasFormat(f, s) {
						t.Fatalf("%q is no %s (%q)", s, f, fill)
					}
				}
			}
		})
	}
	for f, wrong := range map[string]string{
		"date-time": "2024-01-01", "date": "2024-13-01", "time": "25:00:00Z", "duration": "1h", "uuid": "1234", "email": "a", "idn-email": "a b@c", "hostname": "-a", "idn-hostname": "a b",
		"ipv4": "1.2.3", "ipv6": "1::2::3", "uri": "/a", "uri-reference": "::", "uri-template": "{", "json-pointer": "a", "relative-json-pointer": "/a", "regex": "(", "semver": "1", "byte": "a", "iri": "a", "iri-reference": "::",
	} {
		if hasFormat(f, wrong) {
			t.Errorf("%q passes as %s", wrong, f)
		}
	}
	if !hasFormat("unheard-of", "x") {
		t.Error("an unknown format forbids something")
	}
}
