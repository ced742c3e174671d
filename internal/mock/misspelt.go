package mock

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// keywords are those of all the drafts and of OpenAPI; unknown ones ask nothing.
var keywords = strings.Fields(`$schema $id id $ref $anchor $dynamicRef $dynamicAnchor $recursiveRef $recursiveAnchor $vocabulary $comment $defs definitions
	properties patternProperties additionalProperties propertyNames unevaluatedProperties minProperties maxProperties required
	dependencies dependentRequired dependentSchemas items prefixItems additionalItems contains minContains maxContains unevaluatedItems minItems maxItems uniqueItems
	enum const type format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern allOf anyOf oneOf not if then else
	title description default examples example readOnly writeOnly deprecated nullable discriminator xml externalDocs contentEncoding contentMediaType contentSchema`)

// Misspelt lists the keywords that are probably misspelt, each with its place:
// one that is unknown asks nothing, and everything fits it.
func (s *Schema) Misspelt() []string { return s.slips }

// misspelt notes keys of a schema that are a slip away from a keyword.
func (n *normaliser) misspelt(schema map[string]any, at string) {
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		if slices.Contains(keywords, key) || strings.HasPrefix(key, "x-") {
			continue
		}
		if i := slices.IndexFunc(keywords, func(known string) bool { return nearest.Slip(key, known) }); i >= 0 {
			n.slips = append(n.slips, fmt.Sprintf("#%s: unknown keyword %q; did you mean %q?", at, key, keywords[i]))
		}
	}
}
