package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/PaesslerAG/gval"
)

// aValue is what is wanted where gval finds none.
const aValue = "a value"

// unexpected says that the token taken last cannot stand where it does.
func (st *parseState) unexpected(p *gval.Parser, wanted string) error {
	if atEnd(p) {
		if wanted == "" {
			wanted = aValue
		}
		end := st.toks[len(st.toks)-1]
		return syntaxf(end.off, "the expression ends too early; expected %s", wanted)
	}
	t, before := st.token(), token{kind: tokenSymbol}
	if at := min(st.read, len(st.toks)) - 2; at >= 0 {
		before = st.toks[at]
	}
	switch hint := wordHint(t.text); {
	case t.kind == tokenName && t.text == "not" && st.read < len(st.toks) && st.toks[st.read].text == "in":
		return syntaxf(t.off, `"not in" is not an operator; write !(x in list)`)
	case t.kind == tokenName && hint != "":
		return syntaxf(t.off, "%s", hint)
	case t.kind != tokenSymbol && before.kind == tokenName && wordHint(before.text) != "":
		return syntaxf(before.off, "%s", wordHint(before.text))
	}
	shown := shorten(t.text)
	if t.kind == tokenSymbol {
		shown = strconv.Quote(shown)
	}
	return syntaxf(t.off, "unexpected %s; %s", shown, instead(before, t, wanted))
}

// instead says what should stand in place of t, which follows before.
func instead(before, t token, wanted string) string {
	switch {
	case t.kind == tokenText && before.kind == tokenText && before.end == t.off:
		return `for a quote inside a text write \" or \'`
	case t.text == "/" && (before.text == "=~" || before.text == "!~"):
		return `a regular expression stands in quotes, as in text =~ "^a"`
	case t.text == ":" && before.text == "?":
		return `for another value where x is null write x ?? other, where it is missing default(x, other)`
	case t.text == "." && wanted == aValue:
		return "a path begins with a name or with $"
	case wanted == "" && (before.kind == tokenText && t.text == "." || t.kind == tokenText):
		return `"+" joins two texts`
	case t.text == ":" && wanted == "":
		return "another value where x is missing is default(x, other)"
	case t.text == "+" && wanted == aValue:
		return `a value has no "+" before it`
	case before.text == "," && (t.text == "]" || t.text == ")"):
		return fmt.Sprintf("a value is missing between %q and %q", ",", t.text)
	case wanted != "":
		return "expected " + wanted
	case t.text == ",":
		return "an expression is one value; a list stands in brackets, as in [1, 2]"
	}
	return "an operator such as + or == is missing before it"
}

// bareName says what a name alone was probably meant to be.
func (st *parseState) bareName(n *path) string {
	if n.from != fromName || len(n.segments) != 1 {
		return ""
	}
	name := n.segments[0].name
	switch dashed := st.dashedName(n); {
	case dashed != "":
		return fmt.Sprintf(`; a name with a dash stands in brackets: ["%s"]`, dashed)
	case st.filters > 0:
		return fmt.Sprintf("; the field of an element is @.%s, a text stands in quotes", name)
	case st.brackets > 0:
		return fmt.Sprintf(`; the name of a field stands in quotes: ["%s"]`, name)
	case len(name) > 1 && name == strings.ToUpper(name):
		return fmt.Sprintf(`; a text stands in quotes: "%s", the environment variable is env.%s`, name, name)
	}
	return fmt.Sprintf(`; a text stands in quotes: "%s"`, name)
}

// dashedName is the name that ends in n, where a dash without blanks has been
// read as a minus; empty where there is none.
func (st *parseState) dashedName(n *path) string {
	at, _ := slices.BinarySearchFunc(st.toks, n.start, func(t token, off int) int { return t.off - off })
	begin := at
	for begin >= 2 && st.toks[begin-1].text == "-" && st.toks[begin-2].kind == tokenName && st.toks[begin-2].end+1 == st.toks[begin].off {
		begin -= 2
	}
	if begin == at {
		return ""
	}
	return st.source[st.toks[begin].off:n.end]
}
