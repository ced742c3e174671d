package expr

import (
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// This file knows what people write who know other languages, and says what
// to write here.

const (
	choose  = "write condition ? this : that"
	selects = "list[*].name takes a field of every element, list[?(@.n > 3)] the elements that match"
	assigns = `nothing is assigned in an expression; to compare, write "=="`
	matches = `write text =~ "regular expression"`
	looksIn = `write x in list; for a part of a text, text =~ "part"`
	begins  = `write text =~ "^part"`
	ends    = `write text =~ "part$"`
	anyway  = "default(a.b, other) gives another value where a.b is missing"
	calls   = "a function stands before its value, as in upper(x)"
)

// words are operators and keywords of other languages, in lower case.
var words = map[string]string{
	"and": `write "&&"`, "or": `write "||"`, "not": `write "!"`, "xor": `write "!="`,
	"is": `write "==", and "!=" for "is not"`, "eq": `write "=="`, "ne": `write "!="`, "neq": `write "!="`,
	"gt": `write ">"`, "ge": `write ">="`, "gte": `write ">="`, "lt": `write "<"`, "le": `write "<="`, "lte": `write "<="`,
	"mod": `write "%"`, "div": `write "/"`,
	"contains": looksIn, "includes": looksIn, "startswith": begins, "endswith": ends, "matches": matches, "like": matches,
	"if": choose, "then": choose, "else": choose, "elif": choose, "unless": choose,
	"for": selects, "lambda": selects, "typeof": `checks have the operator "is"`, "new": calls,
	"let": assigns, "var": assigns, "const": assigns, "return": "an expression is one value",
}

// wordHint is what to write for a word of another language; empty for others.
func wordHint(word string) string {
	hint := words[plainName(word)]
	if hint == "" {
		return ""
	}
	return fmt.Sprintf("%q is not an operator; %s", word, hint)
}

// plainName leaves out what languages write differently: case and "_".
func plainName(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }

// values are what other languages call null, true and false, and numbers that
// JSON does not know.
var values = map[string]string{
	"None": "null", "nil": "null", "undefined": "null", "Null": "null", "NULL": "null",
	"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "NaN": "", "Infinity": "",
}

// nameHint says what is wrong with a name that can never be one.
func nameHint(name string) string {
	switch name {
	case "and", "or", "not", "AND", "OR", "NOT", "And", "Or", "Not":
		return wordHint(name)
	}
	if value, ok := values[name]; ok {
		if value == "" {
			return name + " is no number here; every number is one that JSON can write"
		}
		return fmt.Sprintf("%s is not known here; write %s", name, value)
	}
	if f := functions[name]; f != nil {
		return fmt.Sprintf("%s is a function; write %s", name, f.signature)
	}
	return ""
}

// wrongSymbols are symbols of other languages, longer ones first.
var wrongSymbols = []struct{ symbol, hint string }{
	{"===", `write "=="; nothing is ever converted`},
	{"!==", `write "!="; nothing is ever converted`},
	{"<>", `write "!="`},
	{"=>", "there are no functions of your own; " + selects},
	{"|>", "a function stands before its value"},
	{"~=", `write "=~"`},
	{"->", "the field b of a is a.b"},
	{"++", "write x + 1"},
	{"+=", assigns},
	{"-=", assigns},
	{"*=", assigns},
	{"/=", assigns},
	{":=", assigns},
	{"?.", anyway},
	{"//", "there are no comments in an expression; a whole-number division is (a - a % b) / b"},
	{"/*", "there are no comments in an expression"},
	{"=", `to compare, write "=="`},
	{"&", `write "&&" for "and", "+" to join texts`},
	{"|", `write "||" for "or"; a function stands before its value`},
	{"~", `write "=~" to match a regular expression`},
	{"^", `write "**" for a power`},
	{";", "an expression is one value"},
	{"#", "there are no comments in an expression"},
	{`\`, "a backslash stands inside quotes only"},
}

// symbolHint says what to write for a symbol of another language at the start
// of rest; before is the word before it.
func symbolHint(before, rest string) string {
	for _, s := range wrongSymbols {
		if !strings.HasPrefix(rest, s.symbol) {
			continue
		}
		hint := s.hint
		switch {
		case s.symbol == "?." && before == "[":
			hint = "inside a filter @ is the element, as in [?(@.n > 3)]"
		case s.symbol[0] == '|':
			hint += pipeHint(firstName(rest[len(s.symbol):]))
		}
		return fmt.Sprintf("%q means nothing here; %s", s.symbol, hint)
	}
	return ""
}

// firstName is the name that s begins with, after blanks.
func firstName(s string) string {
	s = strings.TrimLeft(s, " \t\r\n")
	for i, r := range s {
		if !isNameRune(r, i == 0) {
			return s[:i]
		}
	}
	return s
}

// pipeHint is how the function is called that stands behind a |.
func pipeHint(name string) string {
	if f := foreignFunctions[plainName(name)]; f != "" {
		name = f
	}
	if f := functions[name]; f != nil {
		return ", as in " + f.signature
	}
	return ", as in upper(x)"
}

// foreignFunctions are functions of other languages, in lower case and without
// "_", and ours that does the same.
var foreignFunctions = foreign(map[string]string{
	"length":      "len size count strlen",
	"text":        "str string tostring",
	"number":      "int integer float decimal num tonumber toint tofloat parseint parsefloat",
	"join":        "concat implode",
	"split":       "explode",
	"trim":        "strip",
	"replace":     "replaceall gsub",
	"upper":       "uppercase toupper touppercase upcase",
	"lower":       "lowercase tolower tolowercase downcase",
	"to_json":     "json stringify jsonstringify jsonencode dumps",
	"from_json":   "parsejson jsonparse jsondecode parse loads",
	"base64":      "b64encode base64encode tobase64 btoa",
	"from_base64": "b64decode base64decode atob",
	"sha256":      "hash digest sha256sum",
	"uuid":        "guid newguid uuid4 uuidv4 uuidgen randomuuid",
	"now":         "timestamp utcnow today datetime currenttime time",
	"unix_ms":     "epoch epochms unix unixtime timestampms nowms millis",
	"date":        "strftime formatdate dateformat",
	"random_int":  "random rand randint randominteger",
	"range":       "seq sequence",
	"file":        "readfile read load include",
	"render":      "template templatefile",
	"sum":         "total",
	"avg":         "average mean",
	"min":         "minimum",
	"max":         "maximum",
	"percentile":  "quantile median",
	"default":     "coalesce ifnull isnull nvl lookup try",
})

func foreign(theirs map[string]string) map[string]string {
	all := map[string]string{}
	for ours, names := range theirs {
		for name := range strings.FieldsSeq(names) {
			all[name] = ours
		}
	}
	return all
}

// otherWays are functions of other languages that an operator or a path does.
var otherWays = map[string]string{
	"contains": looksIn, "includes": looksIn, "has": looksIn, "indexof": looksIn,
	"startswith": begins, "hasprefix": begins, "endswith": ends, "hassuffix": ends,
	"match": matches, "matches": matches, "regex": matches, "regexmatch": matches, "test": matches,
	"iif": choose, "ternary": choose, "cond": choose,
	"env": "write env.NAME", "getenv": "write env.NAME", "vars": "write vars.name",
	"exists": "write default(x, null) != null", "defined": "write default(x, null) != null", "isset": "write default(x, null) != null",
	"empty": "write length(x) == 0", "isempty": "write length(x) == 0",
	"first": "write list[0]", "last": "write list[length(@) - 1]", "values": "write document.*",
	"map": selects, "filter": selects, "find": selects, "foreach": selects, "select": selects, "any": selects, "all": selects, "some": selects, "every": selects,
	"substring": `split(s, separator)[0] takes a part of a text`, "substr": `split(s, separator)[0] takes a part of a text`,
	"format": `join texts with "+", or write "…${x}…" in the file`, "sprintf": `join texts with "+", or write "…${x}…" in the file`,
	"abs": "write x < 0 ? -x : x", "pow": "write a ** b",
}

// suggestFunction is the end of a message about a function that does not
// exist; known are the names of those that do.
func suggestFunction(name string, known []string) string {
	plain := plainName(name)
	if ours, ok := foreignFunctions[plain]; ok {
		return "; " + functions[ours].signature + " does that"
	}
	if hint := otherWays[plain]; hint != "" {
		return "; " + hint
	}
	if hint := words[plain]; hint != "" {
		return "; " + hint
	}
	if near := nearest.Name(name, known); near != "" {
		return "; did you mean " + functions[near].signature + "?"
	}
	return "; there are " + strings.Join(known, ", ")
}

// libraries are objects of other languages whose methods are functions here.
var libraries = map[string]bool{"Math": true, "JSON": true, "json": true, "Date": true, "Object": true, "String": true, "Number": true, "Array": true, "datetime": true}

// methodHint says what to write for receiver.name(…).
func methodHint(receiver, name string) string {
	ours, plain := name, plainName(name)
	if f := foreignFunctions[plain]; f != "" {
		ours = f
	}
	f := functions[ours]
	switch {
	case f == nil && otherWays[plain] != "":
		return "there are no methods; " + otherWays[plain]
	case f == nil:
		return "there are no methods; " + calls
	case libraries[receiver] || f.least == 0:
		return fmt.Sprintf("there is no %s.%s(); write %s", receiver, name, f.signature)
	case f.most > 1:
		receiver += ", …"
	}
	return fmt.Sprintf("there are no methods; write %s(%s)", ours, receiver)
}
