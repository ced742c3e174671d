package mock

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// docURL is what the document is called among schemas; nothing is read from it.
const docURL = "rehearse:///schema.json"

// noLoader refuses whatever stands outside of the document.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("nothing is read from %s", url)
}

// newCompiler gives a compiler for which patterns that cannot be read match
// nothing, or everything.
func (s *Schema) newCompiler(lax bool) *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	c.UseRegexpEngine(func(source string) (jsonschema.Regexp, error) {
		if p := s.pattern(source); p.why == "" || !lax {
			return p, nil
		}
		return anything{source}, nil
	})
	for _, f := range ourFormats {
		c.RegisterFormat(f)
	}
	return c
}

// schemaOfSchemas says what a schema of 2020-12 looks like; the library brings it.
var schemaOfSchemas = sync.OnceValue(func() *jsonschema.Schema {
	return jsonschema.NewCompiler().MustCompile("https://json-schema.org/draft/2020-12/schema")
})

// wrongKeywords holds schemas against the schema of schemas.
func wrongKeywords(roots map[string]any) []string {
	var problems []string
	for _, at := range slices.Sorted(maps.Keys(roots)) {
		for _, l := range leaves(schemaOfSchemas().Validate(roots[at])) {
			problems = append(problems, "#"+pointer(at, l.InstanceLocation...)+": "+words(l))
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(problems)))
}

// prepare compiles the schema as it is written and as it was normalised.
func (s *Schema) prepare(text []byte) error {
	s.compiler = s.newCompiler(false)
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := s.compiler.AddResource(docURL, s.doc); err != nil {
		return fmt.Errorf("the schema is wrong: %w", err)
	}
	if _, err := s.schemaAt(s.at); err != nil {
		return fmt.Errorf("the schema is wrong: %s", sayCompile(err))
	}
	if err := s.prepareLax(); err != nil {
		return fmt.Errorf("the schema is wrong: %s", sayCompile(err))
	}
	switch {
	case s.form == JSONSchema:
		return s.prepareJSONSchema(text)
	case s.draft == openAPI30:
		return s.prepareOpenAPI(text)
	}
	return nil
}

func (s *Schema) prepareJSONSchema(text []byte) error {
	written, err := decode(text)
	if err != nil {
		return err
	}
	forgive(written)
	c := s.newCompiler(false)
	for _, d := range drafts {
		if d.draft == s.draft {
			c.DefaultDraft(d.lib)
		}
	}
	if err := c.AddResource(docURL, written); err != nil {
		return fmt.Errorf("the schema is wrong: %w", err)
	}
	if s.judge, err = c.Compile(docURL + "#" + escapeFragment(s.at)); err != nil {
		return fmt.Errorf("the schema is wrong: %s", sayCompile(err))
	}
	return nil
}

// sayCompile words what the library has against a schema.
func sayCompile(err error) string {
	var wrong *jsonschema.SchemaValidationError
	if errors.As(err, &wrong) {
		var l []string
		for _, leaf := range leaves(wrong.Err) {
			l = append(l, "#"+pointer("", leaf.InstanceLocation...)+": "+words(leaf))
		}
		slices.Sort(l)
		return strings.Join(slices.Compact(l), "; ")
	}
	return strings.ReplaceAll(err.Error(), docURL, "")
}

func (s *Schema) prepareOpenAPI(text []byte) error {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(bytes.TrimPrefix(text, []byte("\ufeff")))
	if err != nil {
		return fmt.Errorf("the OpenAPI document is wrong: %w", err)
	}
	names := tokens(s.at)
	ref := doc.Components.Schemas[names[len(names)-1]]
	if ref == nil || ref.Value == nil {
		return fmt.Errorf("the OpenAPI document is wrong: #%s is no schema", s.at)
	}
	s.open = ref.Value
	allowNull(s.open, map[*openapi3.Schema]bool{})
	return nil
}

// allowNull lets null through where a schema has no type: nullable speaks of
// types alone, but the library asks for it everywhere. What else such a schema
// asks of null, the other validator knows. Source: OpenAPI 3.0.3, nullable.
func allowNull(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	s.Nullable = s.Nullable || s.Type == nil
	refs := slices.Concat(s.OneOf, s.AnyOf, s.AllOf, openapi3.SchemaRefs{s.Items, s.AdditionalProperties.Schema})
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		refs = append(refs, s.Properties[name])
	}
	for _, r := range refs {
		if r != nil {
			allowNull(r.Value, seen)
		}
	}
}

// schemaAt compiles the normalised schema at a pointer.
func (s *Schema) schemaAt(at string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.compiled[at]; ok {
		return c, nil
	}
	c, err := s.compiler.Compile(docURL + "#" + escapeFragment(at))
	if err == nil {
		s.compiled[at] = c
	}
	return c, err
}

// pattern reads a pattern once.
func (s *Schema) pattern(source string) *pattern {
	if p, ok := s.patterns[source]; ok {
		return p
	}
	p := readPattern(source)
	s.patterns[source] = p
	return p
}

// Check holds a value, with numbers as json.Number, against the schema. What it
// gives is in the order of the places; nothing when the value fits.
func (s *Schema) Check(value any) []Violation {
	if n, ok := unwieldy(value); ok {
		return []Violation{{"$", fmt.Sprintf("%s in it is too large or too long to calculate with", show(n))}}
	}
	judge := s.judge
	if judge == nil {
		judge, _ = s.schemaAt(s.at) // compiled when it was read
	}
	all := s.violations(value, judge.Validate(value))
	if len(all) == 0 && s.open != nil {
		all = s.checkOpen(value)
	}
	if len(all) == 0 && s.lax != nil {
		all = s.unsure(value)
	}
	slices.SortStableFunc(all, func(a, b Violation) int { return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.What, b.What)) })
	return slices.Compact(all)
}

// violations are what the library says of a value, one for each place.
func (s *Schema) violations(value any, err error) []Violation {
	var all []Violation
	for _, l := range leaves(err) {
		what := words(l)
		if k, ok := l.ErrorKind.(*kind.Pattern); ok {
			what = s.sayPattern(k.Want, k.Got)
		}
		all = append(all, Violation{pathText(pathIn(value, l.InstanceLocation)), what})
	}
	return all
}

// leaves are the errors that say something by themselves. Of alternatives that
// all fail only the whole is told.
func leaves(err error) []*jsonschema.ValidationError {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains, *kind.PropertyNames:
		return []*jsonschema.ValidationError{e}
	}
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var all []*jsonschema.ValidationError
	for _, c := range e.Causes {
		all = append(all, leaves(c)...)
	}
	return all
}

var english = message.NewPrinter(language.English)

// words says in words what is wrong at one place.
func words(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		return "it fits none of the schemas in anyOf" + because(e)
	case *kind.OneOf:
		if len(k.Subschemas) > 1 {
			return fmt.Sprintf("it fits %d of the schemas in oneOf, where it must fit exactly one", len(k.Subschemas))
		}
		return "it fits none of the schemas in oneOf" + because(e)
	case *kind.Not:
		return "it fits the schema in not"
	case *kind.Format:
		return fmt.Sprintf("%s is no %s", show(k.Got), k.Want)
	case *kind.Type:
		return fmt.Sprintf("it must be %s, not %s", strings.Join(k.Want, " or "), k.Got)
	case *kind.Enum:
		return fmt.Sprintf("%s is none of %s", show(k.Got), strings.Trim(show(k.Want), "[]"))
	case *kind.Const:
		return fmt.Sprintf("%s is not %s", show(k.Got), show(k.Want))
	case *kind.Required:
		return "it lacks " + strings.Join(k.Missing, ", ")
	case *kind.AdditionalProperties:
		return "it may not have " + strings.Join(slices.Sorted(slices.Values(k.Properties)), ", ")
	case *kind.FalseSchema:
		return "nothing may stand here"
	case *kind.UniqueItems:
		return fmt.Sprintf("elements %d and %d are the same, which uniqueItems forbids", k.Duplicates[0], k.Duplicates[1])
	case *kind.Contains:
		return "no element fits the schema in contains"
	}
	if s := wordsOfLimits(e.ErrorKind); s != "" {
		return s
	}
	return e.ErrorKind.LocalizedString(english)
}

func wordsOfLimits(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return fmt.Sprintf("%s is below the minimum %s", decimal(k.Got), decimal(k.Want))
	case *kind.Maximum:
		return fmt.Sprintf("%s is above the maximum %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("%s is not above %s", decimal(k.Got), decimal(k.Want))
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("%s is not below %s", decimal(k.Got), decimal(k.Want))
	case *kind.MultipleOf:
		return fmt.Sprintf("%s is no multiple of %s", decimal(k.Got), decimal(k.Want))
	case *kind.MinLength:
		return fmt.Sprintf("it has %d characters, minLength is %d", k.Got, k.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("it has %d characters, maxLength is %d", k.Got, k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("it has %d elements, minItems is %d", k.Got, k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("it has %d elements, maxItems is %d", k.Got, k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("it has %d properties, minProperties is %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("it has %d properties, maxProperties is %d", k.Got, k.Want)
	}
	return ""
}

// because names what the alternatives miss, the first few.
func because(e *jsonschema.ValidationError) string {
	var l []string
	for _, c := range e.Causes {
		var said []string
		for _, leaf := range leaves(c) {
			said = append(said, strings.TrimPrefix(pathText(anyNames(leaf.InstanceLocation[len(e.InstanceLocation):]))+" ", "$ ")+words(leaf))
		}
		if len(said) > 0 {
			l = append(l, slices.Min(said)) // the library goes through maps
		}
	}
	const most = 4
	if len(l) > most {
		l = append(l[:most:most], "…")
	}
	if len(l) == 0 {
		return ""
	}
	return " (" + strings.Join(l, "; ") + ")"
}

func anyNames(names []string) []any {
	l := make([]any, len(names))
	for i, n := range names {
		l[i] = n
	}
	return l
}

// checkOpen holds a value against the OpenAPI 3.0 schema as it was written.
func (s *Schema) checkOpen(value any) []Violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.open.VisitJSON(value,
		openapi3.MultiErrors(),
		openapi3.WithStringFormatValidators(openFormats),
		openapi3.SetSchemaRegexCompiler(func(source string) (openapi3.RegexMatcher, error) {
			p := s.pattern(source)
			if p.why != "" {
				return nil, fmt.Errorf("%s: %s", unreadable, p.why)
			}
			return p, nil
		}))
	return openViolations(value, err)
}

func openViolations(value any, err error) []Violation {
	var parts openapi3.MultiError
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		parts = e
	case *openapi3.SchemaError:
		if e.SchemaField != "allOf" || !errors.As(e.Origin, &parts) {
			return []Violation{{pathText(pathIn(value, e.JSONPointer())), cmp.Or(e.Reason, "it does not fit "+e.SchemaField)}}
		}
	default:
		return []Violation{{"$", err.Error()}}
	}
	var all []Violation
	for _, e := range parts {
		all = append(all, openViolations(value, e)...)
	}
	return all
}

// unwieldy finds a number that would take for ever to calculate with.
func unwieldy(value any) (json.Number, bool) {
	switch v := value.(type) {
	case json.Number:
		_, exponent, _ := strings.Cut(strings.ToLower(string(v)), "e")
		return v, len(v) > 400 || len(strings.TrimLeft(exponent, "+-0")) > 3
	case []any:
		for _, x := range v {
			if n, ok := unwieldy(x); ok {
				return n, true
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if n, ok := unwieldy(v[k]); ok {
				return n, true
			}
		}
	}
	return "", false
}
