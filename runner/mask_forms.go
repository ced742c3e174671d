package runner

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"sort"
	"strings"
)

// forms are the ways in which a secret may stand in a text. What can be read
// back sign by sign (URL, JSON, Go and XML escapes) is not among them: views
// read it. Base64 has no signs of its own for each of the secret's.
func forms(secret string) []string {
	list := []string{secret}
	if s := strings.ToValidUTF8(secret, "\uFFFD"); s != secret {
		list = append(list, s)
		if s := eachInvalid(secret); s != list[1] {
			list = append(list, s)
		}
	}
	if strings.Contains(secret, " ") {
		list = append(list, strings.ReplaceAll(secret, " ", "+")) // in a query
	}
	quoted, _ := json.Marshal(secret) // a text always can
	inBase64 := []string{secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret)}
	slices.Sort(inBase64)
	for _, s := range slices.Compact(inBase64) {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			list = append(list, e.EncodeToString([]byte(s)), e.WithPadding(base64.NoPadding).EncodeToString([]byte(s)))
			for before := range 3 {
				list = append(list, inside(s, before, e))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// eachInvalid replaces each byte that is no UTF-8, as JSON does.
func eachInvalid(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// inside is what base64 makes of a text in the middle of another, with so many
// bytes before it (counted in threes): the letters that depend on it alone.
func inside(s string, before int, e *base64.Encoding) string {
	all := e.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), s...))
	from, to := (8*before+5)/6, 8*(before+len(s))/6
	return all[from:to]
}

// index finds forms in texts. Forms can be added at any time.
type index struct {
	buckets map[uint64][]string // by their first bytes, each sorted
	seen    []uint64            // a bit for each hash of first bytes
}

// indexed is how many first bytes of a form find it. No form has fewer.
const indexed = minSecret

// seenBits bounds the table that rules out most places of a text, as a power of two.
const seenBits = 20

func (x *index) empty() bool { return len(x.buckets) == 0 }

func (x *index) add(form string) {
	if x.buckets == nil {
		x.buckets, x.seen = map[uint64][]string{}, make([]uint64, 1<<seenBits/64)
	}
	k := firstBytes(form)
	h := hash(k)
	x.seen[h/64] |= 1 << (h % 64)
	b := x.buckets[k]
	if i, ok := slices.BinarySearch(b, form); !ok {
		x.buckets[k] = slices.Insert(b, i, form)
	}
}

func firstBytes(s string) (k uint64) {
	for i := range indexed {
		k = k<<8 | uint64(s[i])
	}
	return k
}

func hash(k uint64) uint64 { return k * 0x9E3779B97F4A7C15 >> (64 - seenBits) }

// find gives, for every place of a text where forms begin, the longest of
// them; also one that an ellipsis cuts off.
func (x *index) find(s string) []span {
	if len(s) < indexed || x.empty() {
		return nil
	}
	var found []span
	k := firstBytes(s) >> 8
	for i := 0; i+indexed <= len(s); i++ {
		k = (k<<8 | uint64(s[i+indexed-1])) & (1<<(8*indexed) - 1)
		if h := hash(k); x.seen[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		if n := longest(x.buckets[k], s[i:]); n > 0 {
			found = append(found, span{i, i + n})
		}
	}
	return found
}

// longest is how long the longest of the sorted forms is that a text begins
// with, or with whose beginning it ends before an ellipsis; 0 for none.
func longest(sorted []string, s string) int {
	for i, next := sort.SearchStrings(sorted, s), 0; next < 2; next++ { // the neighbours have most in common with it
		if at := i - next; at >= 0 && at < len(sorted) {
			if n := cut(s, common(sorted[at], s)); n >= indexed {
				return n
			}
		}
	}
	for {
		i := sort.SearchStrings(sorted, s)
		if i < len(sorted) && sorted[i] == s {
			return len(s)
		}
		if i == 0 {
			return 0
		}
		n := common(sorted[i-1], s)
		if n == len(sorted[i-1]) {
			return n
		}
		// Another one that s begins with is shorter than what they have in common.
		sorted, s = sorted[:i], s[:n]
	}
}
