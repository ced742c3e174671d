// Package expr is the expression language of scenario files: what stands in
// ${…}, text with such holes in it, and the JSONPath that a check uses.
//
// It is the gval language with operators, literals, selectors and functions of
// its own: numbers are exact, nothing is converted in silence, and a name or an
// index that leads nowhere is an error. JSONPath is parsed as an extension of
// the same language, so a filter compares with the same operators.
//
// The package works on plain JSON documents: nil, bool, string, json.Number,
// []any and map[string]any. It must not know scenario files, steps, checks or
// AWS; what a name means is told by a Scope.
package expr
