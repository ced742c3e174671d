package runner

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is what a text is an escaped form of.
type view struct {
	text string
	at   []int // where in the text each byte comes from, and its end; nil where they are the same
}

// origin gives the part of the text that a part of the view comes from.
func (v view) origin(x span) span {
	if v.at == nil {
		return x
	}
	return span{v.at[x.from], v.at[x.to]}
}

// maxEscapes is how many escapes, one in the other, are undone: a URL in a JSON
// text in a JSON text.
const maxEscapes = 3

// escapes are the ways to write signs as others, and the sign that each begins
// with. read gives what stands at the beginning of a text and how long it is
// there; 0 for what is no escape.
var escapes = []struct {
	begins string
	read   func(string) (string, int)
}{{"%", readPercent}, {`\`, readBackslash}, {"&", readEntity}}

// views gives all that a text may be an escaped form of.
func views(s string) []view {
	if !strings.ContainsAny(s, `%\&`) {
		return nil
	}
	all := []view{{text: s}}
	known := map[string]bool{s: true}
	for depth, from := 0, 0; depth < maxEscapes; depth++ {
		latest := all[from:]
		from = len(all)
		for _, v := range latest {
			for _, e := range escapes {
				if !strings.Contains(v.text, e.begins) {
					continue
				}
				if x := unescaped(v, e.begins[0], e.read); !known[x.text] {
					known[x.text] = true
					all = append(all, x)
				}
			}
		}
	}
	return all[1:]
}

func unescaped(v view, begins byte, read func(string) (string, int)) view {
	var b strings.Builder
	at := make([]int, 0, len(v.text)+1)
	from := func(i int) int { return v.origin(span{i, i}).from }
	for i := 0; i < len(v.text); {
		if v.text[i] == begins {
			if sign, n := read(v.text[i:]); n > 0 {
				for range len(sign) {
					at = append(at, from(i))
				}
				b.WriteString(sign)
				i += n
				continue
			}
		}
		at = append(at, from(i))
		b.WriteByte(v.text[i])
		i++
	}
	return view{b.String(), append(at, from(len(v.text)))}
}

// readPercent reads %3D, as URLs have it.
func readPercent(s string) (string, int) {
	if b, ok := number(s, 1, 2, 16); ok {
		return string([]byte{byte(b)}), 3
	}
	return "", 0
}

var backslashed = map[byte]string{
	'"': `"`, '\'': "'", '\\': `\`, '/': "/", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'a': "\a", 'v': "\v",
}

// readBackslash reads what JSON and Go have: \n, \u00e9, \xe9.
func readBackslash(s string) (string, int) {
	if len(s) < 2 {
		return "", 0
	}
	if sign, ok := backslashed[s[1]]; ok {
		return sign, 2
	}
	switch s[1] {
	case 'x':
		if b, ok := number(s, 2, 2, 16); ok {
			return string([]byte{byte(b)}), 4
		}
	case 'U':
		if r, ok := number(s, 2, 8, 16); ok {
			return string(rune(r)), 10
		}
	case 'u':
		r, ok := number(s, 2, 4, 16)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(rune(r)) && len(s) >= 12 && s[6:8] == `\u` {
			if low, ok := number(s, 8, 4, 16); ok {
				if both := utf16.DecodeRune(rune(r), rune(low)); both != utf8.RuneError {
					return string(both), 12
				}
			}
		}
		return string(rune(r)), 6
	}
	return "", 0
}

// readEntity reads &amp; and &#34;, as XML and HTML have them.
func readEntity(s string) (string, int) {
	const longest = 10
	end := strings.IndexByte(s[:min(len(s), longest)], ';')
	if end < 0 {
		return "", 0
	}
	sign := html.UnescapeString(s[:end+1])
	if sign == s[:end+1] {
		return "", 0
	}
	return sign, end + 1
}

// number reads so many digits at a place.
func number(s string, at, digits, base int) (uint64, bool) {
	if len(s) < at+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[at:at+digits], base, 32)
	return n, err == nil
}
