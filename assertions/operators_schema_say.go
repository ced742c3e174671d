package assertions

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/rehearse-dev/rehearse/internal/nearest"
	"github.com/rehearse-dev/rehearse/schema"
)

// violation is one place in which a document does not fit its schema.
type violation struct {
	Difference
	at      []string // from the document's top
	keyword string
}

// violations gathers where a document does not fit.
type violations struct {
	schema *jsonSchema
	doc    any
	list   []violation
}

func (v *violations) verdict() verdict {
	slices.SortFunc(v.list, func(a, b violation) int { // the library goes through maps
		return cmp.Or(compareLocations(a.at, b.at), cmp.Compare(a.Message, b.Message))
	})
	var out verdict
	seen := map[string]bool{}
	for _, x := range v.list {
		if seen[x.Message] || len(out.diff) >= maxDifferences {
			continue // several ways through a schema lead to one place
		}
		seen[x.Message] = true
		out.diff = append(out.diff, x.Difference)
	}
	if len(v.list) == 1 && len(v.list[0].at) == 0 && v.list[0].keyword == "type" {
		out.why = sayHiddenJSON("schema", v.doc)
	}
	return out
}

// tell adds a place, with what is said behind its path.
func (v *violations) tell(at []string, keyword string, d Difference, said string) {
	d.Path = location(v.doc, at)
	d.Message = d.Path + said
	v.list = append(v.list, violation{Difference: d, at: slices.Clone(at), keyword: keyword})
}

// compareLocations orders places as a reader meets them, numbers by their value.
func compareLocations(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		i, err1 := strconv.Atoi(x)
		j, err2 := strconv.Atoi(y)
		if err1 == nil && err2 == nil {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(x, y)
	})
}

// gather takes an answer of the library apart.
func (v *violations) gather(err error) {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		v.tell(nil, "", Difference{Kind: Changed}, ": "+err.Error())
		return
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, c := range e.Causes {
			v.gather(c)
		}
	case *kind.AnyOf:
		v.alternatives(e, "anyOf")
	case *kind.OneOf:
		if len(k.Subschemas) > 1 {
			v.add(e, "oneOf", fmt.Sprintf("found that both [%d] and [%d] of them fit: %s", k.Subschemas[0], k.Subschemas[1], showShort(v.found(e))))
			return
		}
		v.alternatives(e, "oneOf")
	case *kind.Required:
		v.missing(e, k.Missing, "required")
	case *kind.DependentRequired:
		v.missing(e, k.Missing, fmt.Sprintf("dependentRequired, as %q is there", k.Prop))
	case *kind.Dependency:
		v.missing(e, k.Missing, fmt.Sprintf("dependencies, as %q is there", k.Prop))
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		for _, name := range k.Properties {
			v.extra(append(slices.Clone(e.InstanceLocation), name), "additionalProperties", v.nearProperty(e, name))
		}
	case *kind.AdditionalItems:
		if l, ok := v.found(e).([]any); ok {
			for i := len(l) - k.Count; i < len(l); i++ {
				v.extra(append(slices.Clone(e.InstanceLocation), strconv.Itoa(i)), "additionalItems", "")
			}
		}
	case *kind.FalseSchema:
		v.extra(e.InstanceLocation, falseKeyword(e.SchemaURL), "")
	default:
		v.leaf(e)
	}
}

// leaf says what a keyword without more inside finds wrong.
func (v *violations) leaf(e *jsonschema.ValidationError) {
	found := v.found(e)
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		v.add(e, "type", "found "+showTyped(found))
	case *kind.MinLength:
		v.add(e, "minLength", fmt.Sprintf("found %s with %s", showShort(found), schema.CountOf(k.Got, "character")))
	case *kind.MaxLength:
		v.add(e, "maxLength", fmt.Sprintf("found %s with %s", showShort(found), schema.CountOf(k.Got, "character")))
	case *kind.MinItems:
		v.add(e, "minItems", "found "+elements(k.Got))
	case *kind.MaxItems:
		v.add(e, "maxItems", "found "+elements(k.Got))
	case *kind.MinProperties:
		v.add(e, "minProperties", "found "+schema.CountOf(k.Got, "field"))
	case *kind.MaxProperties:
		v.add(e, "maxProperties", "found "+schema.CountOf(k.Got, "field"))
	case *kind.UniqueItems:
		i, j := k.Duplicates[0], k.Duplicates[1]
		v.add(e, "uniqueItems", fmt.Sprintf("found [%d] and [%d] both %s", i, j, showShort(valueAt(found, []string{strconv.Itoa(i)}))))
	case *kind.Contains:
		v.add(e, "contains", "found no such element among "+strconv.Itoa(len(e.Causes)))
	case *kind.MinContains:
		v.add(e, "minContains", "found "+schema.CountOf(len(k.Got), "such element"))
	case *kind.MaxContains:
		v.add(e, "maxContains", "found "+schema.CountOf(len(k.Got), "such element"))
	case *kind.PropertyNames:
		inner := violations{schema: v.schema, doc: k.Property}
		for _, c := range e.Causes {
			inner.gather(c)
		}
		owner := *e
		owner.SchemaURL = strings.TrimSuffix(e.SchemaURL, "/propertyNames")
		v.add(&owner, "propertyNames", fmt.Sprintf("found the name %s: %s", showShort(k.Property), strings.TrimPrefix(sayDifferences(inner.verdict().diff), "$: ")))
	case *kind.RefCycle:
		v.add(e, "$ref", "found that the schema refers to itself without end")
	case *kind.Not:
		v.add(e, "not", "found "+showShort(found))
	case *kind.ContentSchema:
		v.add(e, "contentSchema", "found "+showShort(found))
	default:
		name := "schema"
		if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
			name = path[0]
		}
		v.add(e, name, "found "+showShort(found))
	}
}

// add tells of a keyword that a place does not fit.
func (v *violations) add(e *jsonschema.ValidationError, name, found string) {
	want := v.keyword(e.SchemaURL, name)
	if want == nil {
		want = wanted(e.ErrorKind)
	}
	shown := showShort(want)
	switch w := want.(type) {
	case string:
		if name == "type" || name == "format" {
			shown = w
		}
	case []any:
		if name == "type" {
			shown = joinTypes(w)
		}
	}
	d := Difference{Expected: map[string]any{name: want}, Found: v.found(e), Kind: Changed}
	v.tell(e.InstanceLocation, name, d, fmt.Sprintf(": expected %s %s, %s", name, shown, found))
}

// wanted is what a keyword of a schema of schemas says, which is not at hand.
func wanted(k jsonschema.ErrorKind) any {
	switch k := k.(type) {
	case *kind.Type:
		return strings.Join(k.Want, " or ")
	case *kind.Enum:
		return k.Want
	case *kind.Const:
		return k.Want
	case *kind.Format:
		return k.Want
	case *kind.Pattern:
		return k.Want
	case *kind.Minimum:
		return json.Number(k.Want.RatString())
	case *kind.ExclusiveMinimum:
		return json.Number(k.Want.RatString())
	}
	return nil
}

func joinTypes(l []any) string {
	names := make([]string, len(l))
	for i, t := range l {
		names[i] = fmt.Sprint(t)
	}
	return strings.Join(names, " or ")
}

// missing tells of fields that are not there.
func (v *violations) missing(e *jsonschema.ValidationError, names []string, why string) {
	var there []string
	if m, ok := v.found(e).(map[string]any); ok {
		for k := range m {
			if !slices.Contains(v.required(e), k) {
				there = append(there, k)
			}
		}
	}
	for _, name := range names {
		at := append(slices.Clone(e.InstanceLocation), name)
		said := fmt.Sprintf(" is missing (%s)", why)
		if near := nearest.Name(name, there); near != "" && len(name) > 2 {
			said += fmt.Sprintf("; there is %q", near)
		}
		keyword, _, _ := strings.Cut(why, ",")
		v.tell(at, keyword, Difference{Expected: map[string]any{keyword: []any{name}}, Kind: Missing}, said)
	}
}

func (v *violations) required(e *jsonschema.ValidationError) []string {
	var names []string
	l, _ := v.keyword(e.SchemaURL, "required").([]any)
	for _, x := range l {
		names = append(names, fmt.Sprint(x))
	}
	return names
}

// nearProperty offers the property that an unknown one may have been meant as.
func (v *violations) nearProperty(e *jsonschema.ValidationError, name string) string {
	properties, _ := v.keyword(e.SchemaURL, "properties").(map[string]any)
	there, _ := v.found(e).(map[string]any)
	var known []string
	for k := range properties {
		if _, ok := there[k]; !ok {
			known = append(known, k)
		}
	}
	return schema.DidYouMean(name, known)
}

// extra tells of what may not be there.
func (v *violations) extra(at []string, name, hint string) {
	found := valueAt(v.doc, at)
	d := Difference{Expected: map[string]any{name: false}, Found: found, Kind: Extra}
	v.tell(at, name, d, fmt.Sprintf(" was not expected (%s: false), found %s%s", name, showShort(found), hint))
}

// falseKeyword is the keyword whose value is the schema false at a URL.
func falseKeyword(url string) string {
	_, fragment, _ := strings.Cut(url, "#")
	tokens := fragmentTokens(fragment)
	n := len(tokens)
	if n == 0 || n > 1 && keywords[tokens[n-2]].holds == holdsMap {
		return "its schema"
	}
	return tokens[n-1]
}

// alternatives tells of a place that none of several schemas fits, and how it
// differs from the one that comes nearest.
func (v *violations) alternatives(e *jsonschema.ValidationError, name string) {
	var nearest *violations
	best, least := 0, 0
	for i, c := range e.Causes {
		one := &violations{schema: v.schema, doc: v.doc}
		one.gather(c)
		if far := one.far(e.InstanceLocation); nearest == nil || far < least {
			nearest, best, least = one, i, far
		}
	}
	v.add(e, name, "of which none fits, found "+showTyped(v.found(e)))
	if nearest != nil && (least < otherType || len(e.Causes) == 1) {
		last := &v.list[len(v.list)-1]
		last.Message = last.Path + fmt.Sprintf(" fits none of the %s of %s; [%d] comes nearest", schema.CountOf(len(e.Causes), "schema"), name, best)
		v.list = append(v.list, nearest.list...)
	}
}

// How far a document is from a schema: one of another type is not meant, and
// another constant is most often another variant.
const (
	otherType  = 1000
	otherValue = 10
)

func (v *violations) far(from []string) int {
	far := 0
	for _, x := range v.list {
		switch {
		case len(x.at) == len(from) && x.keyword == "type":
			far += otherType
		case x.keyword == "const" || x.keyword == "enum":
			far += otherValue
		default:
			far++
		}
	}
	return far
}
