// Package assertions compares JSON documents with what a user expects of them:
// checks by path, partial documents, JSON Schemas, EventBridge event patterns and
// CloudWatch Logs filter patterns, and it says in one sentence what does not hold.
//
// Everything here is a pure function over plain JSON documents: nil, bool,
// string, json.Number, []any and map[string]any. Reading a check may read the
// files that its schema stands in; running one reads nothing. The package must
// not know steps, kinds, calls to AWS or reports.
package assertions
