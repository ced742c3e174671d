package assertions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearse-dev/rehearse/schema"
)

// schemaDraft is one version of JSON Schema.
type schemaDraft struct {
	year int // 4, 6 and 7 came before they were called by their years
	name string
	url  string // without what differs in practice: the scheme, and # at the end
	lib  *jsonschema.Draft
}

var schemaDrafts = []*schemaDraft{
	{4, "draft-04", "json-schema.org/draft-04/schema", jsonschema.Draft4},
	{6, "draft-06", "json-schema.org/draft-06/schema", jsonschema.Draft6},
	{7, "draft-07", "json-schema.org/draft-07/schema", jsonschema.Draft7},
	{2019, "2019-09", "json-schema.org/draft/2019-09/schema", jsonschema.Draft2019},
	{2020, "2020-12", "json-schema.org/draft/2020-12/schema", jsonschema.Draft2020},
}

// latestDraft is what a schema without $schema is taken for.
var latestDraft = schemaDrafts[len(schemaDrafts)-1]

// draftOf finds the draft that $schema names; nil when it is not known.
func draftOf(url string) *schemaDraft {
	_, rest, ok := strings.Cut(strings.TrimSuffix(url, "#"), "://")
	i := slices.IndexFunc(schemaDrafts, func(d *schemaDraft) bool { return d.url == rest })
	switch {
	case !ok:
		return nil
	case i >= 0:
		return schemaDrafts[i]
	case rest == "json-schema.org/schema":
		return latestDraft
	}
	return nil
}

// holds is where in the value of a keyword further schemas stand.
type holds uint8

const (
	holdsNone     holds = iota
	holdsOne            // the value is a schema
	holdsList           // a list of schemas
	holdsMap            // a mapping of names to schemas
	holdsEither         // a schema or a list of them
	holdsMapOrSet       // a mapping of names to schemas or lists of names
)

// takes is what a keyword takes for its value.
type takes uint8

const (
	takesAnything takes = iota
	takesText
	takesTruth
	takesNumber
	takesPositive  // a number above 0
	takesExclusive // true or false in draft-04, a number since
	takesCount     // a whole number of 0 or more
	takesTypes     // a type or a list of them
	takesValues    // a list with a value at least
	takesNames     // a list of names
	takesNameLists // a mapping of names to lists of names
	takesRegexp
	takesFormat
	takesBase64
	takesJSON
	takesDialect // a draft
	takesRef
)

// keyword is one keyword of JSON Schema.
type keyword struct {
	from, to int // the drafts that have it
	holds    holds
	takes    takes // of keywords that hold no schema
	// silent keywords say something of a schema and check nothing.
	silent bool
}

// schemas are the schemas in a keyword's value.
func (k keyword) schemas(n *schema.Node) []*schema.Node {
	switch {
	case k.holds == holdsOne, k.holds == holdsEither && n.Kind != schema.List:
		return []*schema.Node{n}
	case k.holds == holdsList, k.holds == holdsEither:
		return n.Items
	case k.holds == holdsMap, k.holds == holdsMapOrSet:
		var l []*schema.Node
		for _, e := range n.Entries {
			if k.holds == holdsMap || e.Value.Kind != schema.List {
				l = append(l, e.Value)
			}
		}
		return l
	}
	return nil
}

// keywords are those of all drafts. Sources: the meta-schemas of draft-04,
// draft-06, draft-07, 2019-09 and 2020-12 at json-schema.org. definitions and
// dependencies have other names since 2019-09 and are honoured all the same.
var keywords = map[string]keyword{
	"$schema":          {from: 4, to: 2020, silent: true, takes: takesDialect},
	"id":               {from: 4, to: 4, silent: true, takes: takesText},
	"$id":              {from: 6, to: 2020, silent: true, takes: takesText},
	"$anchor":          {from: 2019, to: 2020, silent: true, takes: takesText},
	"$dynamicAnchor":   {from: 2020, to: 2020, silent: true, takes: takesText},
	"$recursiveAnchor": {from: 2019, to: 2019, silent: true, takes: takesTruth},
	"$vocabulary":      {from: 2019, to: 2020, silent: true, takes: takesAnything},
	"$comment":         {from: 7, to: 2020, silent: true, takes: takesText},
	"title":            {from: 4, to: 2020, silent: true, takes: takesText},
	"description":      {from: 4, to: 2020, silent: true, takes: takesText},
	"default":          {from: 4, to: 2020, silent: true, takes: takesAnything},
	"examples":         {from: 6, to: 2020, silent: true, takes: takesAnything},
	"readOnly":         {from: 7, to: 2020, silent: true, takes: takesTruth},
	"writeOnly":        {from: 7, to: 2020, silent: true, takes: takesTruth},
	"deprecated":       {from: 2019, to: 2020, silent: true, takes: takesTruth},
	"definitions":      {from: 4, to: 2020, silent: true, holds: holdsMap},
	"$defs":            {from: 2019, to: 2020, silent: true, holds: holdsMap},

	"$ref":          {from: 4, to: 2020, takes: takesRef},
	"$dynamicRef":   {from: 2020, to: 2020, takes: takesRef},
	"$recursiveRef": {from: 2019, to: 2019, takes: takesRef},

	"type":             {from: 4, to: 2020, takes: takesTypes},
	"enum":             {from: 4, to: 2020, takes: takesValues},
	"const":            {from: 6, to: 2020, takes: takesAnything},
	"format":           {from: 4, to: 2020, takes: takesFormat},
	"multipleOf":       {from: 4, to: 2020, takes: takesPositive},
	"maximum":          {from: 4, to: 2020, takes: takesNumber},
	"minimum":          {from: 4, to: 2020, takes: takesNumber},
	"exclusiveMaximum": {from: 4, to: 2020, takes: takesExclusive},
	"exclusiveMinimum": {from: 4, to: 2020, takes: takesExclusive},
	"maxLength":        {from: 4, to: 2020, takes: takesCount},
	"minLength":        {from: 4, to: 2020, takes: takesCount},
	"pattern":          {from: 4, to: 2020, takes: takesRegexp},
	"contentEncoding":  {from: 7, to: 2020, takes: takesBase64},
	"contentMediaType": {from: 7, to: 2020, takes: takesJSON},
	"contentSchema":    {from: 2019, to: 2020, holds: holdsOne},

	"maxItems":         {from: 4, to: 2020, takes: takesCount},
	"minItems":         {from: 4, to: 2020, takes: takesCount},
	"uniqueItems":      {from: 4, to: 2020, takes: takesTruth},
	"items":            {from: 4, to: 2020, holds: holdsEither},
	"additionalItems":  {from: 4, to: 2019, holds: holdsOne},
	"prefixItems":      {from: 2020, to: 2020, holds: holdsList},
	"contains":         {from: 6, to: 2020, holds: holdsOne},
	"minContains":      {from: 2019, to: 2020, takes: takesCount},
	"maxContains":      {from: 2019, to: 2020, takes: takesCount},
	"unevaluatedItems": {from: 2019, to: 2020, holds: holdsOne},

	"maxProperties":         {from: 4, to: 2020, takes: takesCount},
	"minProperties":         {from: 4, to: 2020, takes: takesCount},
	"required":              {from: 4, to: 2020, takes: takesNames},
	"properties":            {from: 4, to: 2020, holds: holdsMap},
	"patternProperties":     {from: 4, to: 2020, holds: holdsMap},
	"additionalProperties":  {from: 4, to: 2020, holds: holdsOne},
	"propertyNames":         {from: 6, to: 2020, holds: holdsOne},
	"dependencies":          {from: 4, to: 2020, holds: holdsMapOrSet},
	"dependentRequired":     {from: 2019, to: 2020, takes: takesNameLists},
	"dependentSchemas":      {from: 2019, to: 2020, holds: holdsMap},
	"unevaluatedProperties": {from: 2019, to: 2020, holds: holdsOne},

	"allOf": {from: 4, to: 2020, holds: holdsList},
	"anyOf": {from: 4, to: 2020, holds: holdsList},
	"oneOf": {from: 4, to: 2020, holds: holdsList},
	"not":   {from: 4, to: 2020, holds: holdsOne},
	"if":    {from: 7, to: 2020, holds: holdsOne},
	"then":  {from: 7, to: 2020, holds: holdsOne},
	"else":  {from: 7, to: 2020, holds: holdsOne},
}

// find gives the keyword of a draft; false when the draft does not have it.
func (d *schemaDraft) find(name string) (keyword, bool) {
	k, ok := keywords[name]
	return k, ok && k.from <= d.year && d.year <= k.to
}

// has says which drafts have a keyword.
func (k keyword) has() string {
	var names []string
	for _, d := range schemaDrafts {
		if k.from <= d.year && d.year <= k.to {
			names = append(names, d.name)
		}
	}
	switch last := names[len(names)-1]; {
	case len(names) == 1:
		return last + " alone has it"
	case k.to == 2020:
		return names[0] + " and later have it"
	default:
		return names[0] + " to " + last + " have it"
	}
}

// instead is what other drafts, and formats that look like JSON Schema, write
// in another way here.
var instead = map[string]string{
	"id":                `write $id`,
	"$id":               `write id`,
	"$defs":             `write definitions`,
	"const":             `write enum: [the value]`,
	"additionalItems":   `write items beside prefixItems`,
	"prefixItems":       `write items: [the schemas]`,
	"$recursiveRef":     `write $dynamicRef`,
	"$dynamicRef":       `write $recursiveRef, or $ref`,
	"$dynamicAnchor":    `write $anchor, or give it an id`,
	"dependentSchemas":  `write dependencies`,
	"dependentRequired": `write dependencies`,
	"nullable":          `it is OpenAPI's; write type: [the type, "null"]`,
	"discriminator":     `it is OpenAPI's; oneOf or anyOf alone do the checking`,
	"example":           `it is OpenAPI's; write examples: [the example]`,
	"optional":          `what is not named in required may be left out`,
	"extends":           `it is draft-03's; write allOf`,
	"divisibleBy":       `it is draft-03's; write multipleOf`,
	"disallow":          `it is draft-03's; write not`,
}

// unknown reports a keyword that the draft does not have.
func (b *schemaBuild) unknown(e schema.Entry, d *schemaDraft) {
	better := instead[e.Key]
	if better != "" {
		better = "; " + better
	}
	if k, ok := keywords[e.Key]; ok {
		b.p.Add(e.KeyPos, "%q is not a keyword of JSON Schema %s: %s%s", e.Key, d.name, k.has(), better)
		return
	}
	var known []string
	for _, name := range slices.Sorted(maps.Keys(keywords)) {
		if _, ok := d.find(name); ok {
			known = append(known, name)
		}
	}
	near := schema.DidYouMean(e.Key, known)
	switch {
	case better != "":
		near = better
	case near == "" && (e.Value.Kind == schema.Map || e.Value.Kind == schema.Bool):
		near = fmt.Sprintf("; to describe a property of that name write properties: {%s: …}", e.Key)
	case near == "":
		near = "; a note of your own begins with x-"
	}
	b.p.Add(e.KeyPos, "unknown keyword %q of JSON Schema %s%s", e.Key, d.name, near)
}
