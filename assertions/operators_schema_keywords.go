package assertions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// subschema reads a schema and everything in it.
func (b *schemaBuild) subschema(n *schema.Node, at schemaPlace) {
	if b.seen[n] {
		return
	}
	b.seen[n] = true
	if n.Kind != schema.Map {
		if n.Kind != schema.Bool {
			b.p.Add(n.Pos, "a JSON Schema is a mapping of keywords, such as {type: string}, found %s%s", describe(n), asType(n))
		}
		return
	}
	draft := at.doc.draft
	if _, ok := n.Get("$schema"); ok && n != at.doc.node {
		if e, _ := n.Get("$schema"); draftOf(e.Value.Scalar) != draft {
			b.p.Add(e.KeyPos, "$schema belongs to the top of a file: one file holds schemas of one draft")
		}
	}
	at = at.within(n)
	ref, alone := n.Get("$ref")
	for _, e := range n.Entries {
		k, ok := draft.find(e.Key)
		switch {
		case strings.HasPrefix(e.Key, "x-"):
		case !ok:
			b.unknown(e, draft)
		case e.Value.Kind == schema.Null && e.Value.Scalar == "" && !e.Value.Computed:
			b.p.Add(e.Value.Pos, "nothing stands after %q; write null to mean null", e.Key+":")
		case alone && draft.year < 2019 && e.Key != ref.Key && !k.silent:
			b.p.Add(e.KeyPos, "beside $ref %s ignores every other keyword, so %s checks nothing; write allOf: [{$ref: …}], and %s beside it", draft.name, e.Key, e.Key)
		case k.holds != holdsNone:
			b.holding(e, k, at)
		default:
			b.value(e, k, at)
		}
	}
	b.together(n, draft)
}

// asType is for the name of a type in the place of a schema.
func asType(n *schema.Node) string {
	if n.Kind == schema.Text && slices.Contains(schemaTypes, n.Scalar) {
		return fmt.Sprintf("; write {type: %s}", n.Scalar)
	}
	return ""
}

// holding reads the value of a keyword that holds schemas.
func (b *schemaBuild) holding(e schema.Entry, k keyword, at schemaPlace) {
	n, draft := e.Value, at.doc.draft
	switch {
	case k.holds == holdsList && (n.Kind != schema.List || len(n.Items) == 0):
		b.p.Add(n.Pos, "%s takes a list of schemas, found %s", e.Key, describeEmpty(n))
		return
	case k.holds == holdsEither && n.Kind == schema.List && draft.year >= 2020:
		b.p.Add(n.Pos, "items takes one schema for every element; a list with a schema for each place is prefixItems in JSON Schema %s", draft.name)
		return
	case (k.holds == holdsMap || k.holds == holdsMapOrSet) && n.Kind != schema.Map:
		b.p.Add(n.Pos, "%s takes a mapping of names to schemas, found %s", e.Key, describe(n))
		return
	}
	if k.holds == holdsMapOrSet {
		for _, x := range n.Entries {
			if x.Value.Kind == schema.List {
				b.names(e.Key+": "+x.Key, x.Value)
			}
		}
	}
	if e.Key == "patternProperties" {
		for _, x := range n.Entries {
			b.regexp(x.KeyPos, x.Key)
		}
	}
	for _, s := range k.schemas(n) {
		if s.Kind == schema.Bool && draft.year == 4 && e.Key != "additionalProperties" && e.Key != "additionalItems" {
			b.p.Add(s.Pos, "a schema of draft-04 is a mapping, found %s: true and false are schemas since draft-06; write {} or {not: {}}", s.Scalar)
			continue
		}
		b.subschema(s, at)
	}
}

func describeEmpty(n *schema.Node) string {
	if n.Kind == schema.List && len(n.Items) == 0 {
		return "an empty list"
	}
	return describe(n)
}

// needs are keywords that do nothing without one of others.
var needs = []struct {
	keyword string
	others  []string
}{
	{"then", []string{"if"}},
	{"else", []string{"if"}},
	{"if", []string{"then", "else"}},
	{"minContains", []string{"contains"}},
	{"maxContains", []string{"contains"}},
	{"contentSchema", []string{"contentMediaType"}},
	{"additionalItems", []string{"items"}},
}

// together reports keywords that do nothing beside those that stand with them.
func (b *schemaBuild) together(n *schema.Node, draft *schemaDraft) {
	for _, x := range needs {
		e, ok := n.Get(x.keyword)
		if _, known := draft.find(x.keyword); !ok || !known {
			continue
		}
		if !slices.ContainsFunc(x.others, func(o string) bool { _, ok := n.Get(o); return ok }) {
			b.p.Add(e.KeyPos, "%s checks nothing without %s", x.keyword, strings.Join(x.others, " or "))
		}
	}
	if items, ok := n.Get("items"); ok && items.Value.Kind != schema.List && draft.year < 2020 {
		if e, ok := n.Get("additionalItems"); ok {
			b.p.Add(e.KeyPos, "additionalItems checks nothing here: items is one schema, which holds for every element")
		}
	}
	for _, bound := range []string{"aximum", "inimum"} {
		e, ok := n.Get("exclusiveM" + bound)
		if _, beside := n.Get("m" + bound); ok && !beside && draft.year == 4 {
			b.p.Add(e.KeyPos, "%s checks nothing without m%s", e.Key, bound)
		}
	}
}

// value reads the value of a keyword that holds no schema.
func (b *schemaBuild) value(e schema.Entry, k keyword, at schemaPlace) {
	n := e.Value
	wrong := func(takes string, hint func(*schema.Node) string) {
		said := ""
		if hint != nil {
			said = hint(n)
		}
		b.p.Add(n.Pos, "%s takes %s, found %s%s", e.Key, takes, describeEmpty(n), said)
	}
	isText := n.Kind == schema.Text
	switch k.takes {
	case takesText:
		if !isText {
			wrong("text", aText)
		}
	case takesTruth:
		if n.Kind != schema.Bool {
			wrong("true or false", aTruth)
		}
	case takesNumber, takesPositive, takesCount, takesExclusive:
		b.number(e, k.takes, at.doc.draft)
	case takesTypes:
		b.types(e)
	case takesValues:
		if n.Kind != schema.List || len(n.Items) == 0 {
			wrong("a list of values", aList)
		}
		b.plain(e.Key, n)
	case takesNames:
		b.required(e, at.doc.draft)
	case takesNameLists:
		if n.Kind != schema.Map {
			wrong("a mapping of names to lists of names", nil)
		}
		for _, x := range n.Entries {
			b.names(e.Key+": "+x.Key, x.Value)
		}
	case takesRegexp:
		if !isText {
			wrong("a regular expression", aText)
			return
		}
		b.regexp(n.Pos, n.Scalar)
	case takesFormat:
		b.format(n)
	case takesBase64, takesJSON:
		only := map[takes]string{takesBase64: "base64", takesJSON: "application/json"}[k.takes]
		if !isText || n.Scalar != only {
			wrong(only+", which is all that rehearse can check", nil)
		}
	case takesDialect:
		b.dialect(n)
	case takesRef:
		b.ref(e, at)
	case takesAnything:
		b.plain(e.Key, n)
	}
}

// required reads the names of fields that must be there.
func (b *schemaBuild) required(e schema.Entry, draft *schemaDraft) {
	n := e.Value
	switch {
	case n.Kind == schema.Bool:
		b.p.Add(n.Pos, "%s takes a list of names and stands beside properties, not inside one of them, found %s", e.Key, n.Scalar)
	case draft.year == 4 && n.Kind == schema.List && len(n.Items) == 0:
		b.p.Add(n.Pos, "%s takes a list of names, found an empty list", e.Key)
	default:
		b.names(e.Key, n)
	}
}

// plain looks for values that YAML leaves open.
func (b *schemaBuild) plain(key string, n *schema.Node) {
	n.Walk(func(x *schema.Node) {
		for _, e := range x.Entries {
			if e.Value.Kind == schema.Null && e.Value.Scalar == "" && !e.Value.Computed {
				b.p.Add(e.Value.Pos, "%s: nothing stands after %q; write null to mean null", key, e.Key+":")
			}
		}
		if x.Kind == schema.Number && tooLong(x.Scalar) {
			b.p.Add(x.Pos, "%s: %s is too large or too long to calculate with", key, showShort(x.Value()))
		}
	})
}

// regexp reports a regular expression that cannot be used.
func (b *schemaBuild) regexp(at schema.Pos, pattern string) {
	if _, err := regexp.Compile(pattern); err != nil {
		b.p.Add(at, "%s", sayRegexp(pattern, err))
	}
}

// names reads a list of names, each once.
func (b *schemaBuild) names(key string, n *schema.Node) {
	if n.Kind != schema.List {
		b.p.Add(n.Pos, "%s takes a list of names, found %s%s", key, describe(n), aList(n))
		return
	}
	first := map[string]bool{}
	for _, x := range n.Items {
		switch {
		case x.Kind != schema.Text:
			b.p.Add(x.Pos, "%s takes names, found %s%s", key, describe(x), aText(x))
		case first[x.Scalar]:
			b.p.Add(x.Pos, "%s names %q twice", key, x.Scalar)
		}
		first[x.Scalar] = true
	}
}

// maxCount bounds minItems and the like: no document comes near it.
const maxCount = 1 << 31

// number reads a bound.
func (b *schemaBuild) number(e schema.Entry, t takes, draft *schemaDraft) {
	n, what := e.Value, "a number"
	if t == takesExclusive && draft.year == 4 {
		if n.Kind != schema.Bool {
			b.p.Add(n.Pos, "%s takes true or false in JSON Schema draft-04, found %s: it is the bound itself since draft-06", e.Key, describe(n))
		}
		return
	}
	switch t {
	case takesCount:
		what = "a whole number of 0 or more"
	case takesPositive:
		what = "a number above 0"
	case takesExclusive:
		if n.Kind == schema.Bool {
			b.p.Add(n.Pos, "%s takes a number, found %s: since draft-06 it is the bound itself, such as %s: 10", e.Key, n.Scalar, e.Key)
			return
		}
	}
	if n.Kind != schema.Number {
		b.p.Add(n.Pos, "%s takes %s, found %s%s", e.Key, what, describe(n), aNumber(n))
		return
	}
	q, err := rational(n.Scalar)
	switch {
	case err != nil:
		b.p.Add(n.Pos, "%s: %v", e.Key, err)
	case t == takesPositive && q.Sign() <= 0, t == takesCount && (q.Sign() < 0 || !q.IsInt()):
		b.p.Add(n.Pos, "%s takes %s, found %s", e.Key, what, describe(n))
	case t == takesCount && (!q.Num().IsInt64() || q.Num().Int64() > maxCount):
		b.p.Add(n.Pos, "%s: %s is more than any document can have", e.Key, showShort(n.Value()))
	}
}

// schemaTypes are the types of JSON Schema.
var schemaTypes = []string{"null", "boolean", "number", "integer", "string", "array", "object"}

// types reads a type or a list of them.
func (b *schemaBuild) types(e schema.Entry) {
	l := []*schema.Node{e.Value}
	if e.Value.Kind == schema.List {
		l = e.Value.Items
	}
	if len(l) == 0 {
		b.p.Add(e.Value.Pos, "type takes a type or a list of them, found an empty list")
	}
	named := map[string]bool{}
	for _, x := range l {
		switch {
		case x.Kind == schema.Null:
			b.p.Add(x.Pos, `type takes the names of types, found null; to mean the type write "null" in quotes`)
		case x.Kind != schema.Text:
			b.p.Add(x.Pos, "type takes the names of types, found %s", describe(x))
		case !slices.Contains(schemaTypes, x.Scalar):
			hint := schema.DidYouMean(x.Scalar, schemaTypes)
			if other, ok := otherTypes[strings.ToLower(x.Scalar)]; ok {
				hint = fmt.Sprintf("; did you mean %q?", other)
			}
			if hint == "" {
				hint = "; known are " + strings.Join(schemaTypes, ", ")
			}
			b.p.Add(x.Pos, "unknown type %q%s", x.Scalar, hint)
		case named[x.Scalar]:
			b.p.Add(x.Pos, "type names %q twice", x.Scalar)
		}
		named[x.Scalar] = true
	}
}

// otherTypes are the names of types elsewhere.
var otherTypes = map[string]string{
	"int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number",
	"bool": "boolean", "text": "string", "str": "string", "list": "array", "dict": "object", "map": "object", "mapping": "object",
}

// formats are the formats that the library checks.
var formats = map[string]bool{
	"date-time": true, "date": true, "time": true, "duration": true, "email": true, "hostname": true,
	"ipv4": true, "ipv6": true, "uri": true, "uri-reference": true, "iri": true, "iri-reference": true,
	"uri-template": true, "uuid": true, "json-pointer": true, "relative-json-pointer": true, "regex": true,
	"period": true, "semver": true,
}

// format refuses formats that nobody would check.
func (b *schemaBuild) format(n *schema.Node) {
	if n.Kind == schema.Text && formats[n.Scalar] {
		return
	}
	known := slices.Sorted(maps.Keys(formats))
	if n.Kind != schema.Text {
		b.p.Add(n.Pos, "format takes the name of a format, found %s", describe(n))
		return
	}
	hint := schema.DidYouMean(n.Scalar, known)
	if hint == "" {
		hint = "; known are " + strings.Join(known, ", ")
	}
	b.p.Add(n.Pos, "the format %q cannot be checked%s", n.Scalar, hint)
}

// dialect reads $schema.
func (b *schemaBuild) dialect(n *schema.Node) {
	if n.Kind == schema.Text && draftOf(n.Scalar) != nil {
		return
	}
	var known []string
	for _, d := range schemaDrafts {
		known = append(known, d.name)
	}
	b.p.Add(n.Pos, "$schema names the draft, such as https://%s; known are %s; found %s", latestDraft.url, strings.Join(known, ", "), describe(n))
}
