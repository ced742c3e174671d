package assertions

import (
	"github.com/rehearse-dev/rehearse/schema"
)

// Operator describes one operator of a check to readers of the reference.
type Operator struct {
	Name    string
	Doc     string // one sentence or two
	Example string // YAML: a check at some path
}

// Operators lists the operators of checks in the order of the reference.
func Operators() []Operator {
	var l []Operator
	for _, o := range operatorTable() {
		l = append(l, o.Operator)
	}
	return l
}

// operator is everything there is to know about one operator.
type operator struct {
	Operator
	// read checks the argument and gives the test. The test is not used when
	// the argument was wrong or has open holes; then it may be nil.
	read func(r *reader, n *schema.Node) func(finding) verdict
	// within takes the place of read where the argument is a mapping of paths.
	within func(c Checks) func(finding) verdict
	// argument says what editors may expect as the argument.
	argument form
	// onNothing lets the operator judge a wildcard path that selects nothing
	// from what is there, onMissing any missing path; the others fail there.
	onNothing, onMissing bool
	// breaks says whether more arriving could break a check that holds; nil: never.
	breaks func(k check, o operation) bool
}

// operatorTable is the one table of operators: reading, running, reference and
// editor schema follow from it.
func operatorTable() []operator {
	return []operator{
		{Operator: Operator{"equals", "The same value: numbers exactly, documents and lists at every depth. Types are never converted. A plain value in place of operators means this.", "status: {equals: SUCCEEDED}"}, read: readEquals, argument: formAnything, breaks: breaksWhole},
		{Operator: Operator{"not_equals", "Another value than this one.", "status: {not_equals: FAILED}"}, read: readNotEquals, argument: formAnything, breaks: breaksWhole},
		{Operator: Operator{"gt", "Greater: a number than a number, text than text, a timestamp later than a timestamp.", "duration_ms: {gt: 0}"}, read: compares("gt", func(o int) bool { return o > 0 }), argument: formOrdered},
		{Operator: Operator{"gte", "Greater or equal.", "count: {gte: 1}"}, read: compares("gte", func(o int) bool { return o >= 0 }), argument: formOrdered},
		{Operator: Operator{"lt", "Less: a number than a number, text than text, a timestamp earlier than a timestamp.", "duration_ms: {lt: 10000}"}, read: compares("lt", func(o int) bool { return o < 0 }), argument: formOrdered, breaks: always},
		{Operator: Operator{"lte", "Less or equal.", "count: {lte: 3}"}, read: compares("lte", func(o int) bool { return o <= 0 }), argument: formOrdered, breaks: always},
		{Operator: Operator{"between", "From the first to the second of two values, both included.", "size: {between: [10, 20]}"}, read: readBetween, argument: formPair, breaks: always},
		{Operator: Operator{"one_of", "One of these values.", "status: {one_of: [RUNNING, SUCCEEDED]}"}, read: readOneOf, argument: formList, breaks: breaksWhole},
		{Operator: Operator{"approx", "A number that is at most so far away from another.", "score: {approx: {value: 0.5, within: 0.01}}"}, read: readApprox, argument: formApprox, breaks: always},
		{Operator: Operator{"contains", "Text that contains this text, a list that has this element.", "cause: {contains: timed out}"}, read: readContains, argument: formAnything},
		{Operator: Operator{"not_contains", "Text without this text, a list without this element.", "body.roles: {not_contains: admin}"}, read: readNotContains, argument: formAnything, breaks: always},
		{Operator: Operator{"starts_with", "Text that begins with this text.", "arn: {starts_with: \"arn:aws:\"}"}, read: readStartsWith, argument: formText},
		{Operator: Operator{"ends_with", "Text that ends with this text.", "key: {ends_with: .mp4}"}, read: readEndsWith, argument: formText},
		{Operator: Operator{"matches", "Text in which this regular expression (RE2) is found anywhere; ^ and $ bind it to the ends.", "id: {matches: \"^ord-[0-9]+$\"}"}, read: readMatches, argument: formText},
		{Operator: Operator{"exists", "Whether something stands at the path; null does.", "error: {exists: false}"}, read: readExists, argument: formTruth, onMissing: true, breaks: breaksFalse},
		{Operator: Operator{"empty", "Whether text, a list, a mapping or a selection has nothing in it.", "items: {empty: true}"}, read: readEmpty, argument: formTruth, onNothing: true, breaks: breaksTrue},
		{Operator: Operator{"length", "How many characters text has, elements a list or a selection, keys a mapping: a number or operators.", "items: {length: {gte: 2}}"}, read: readLength, argument: formLength, onNothing: true, breaks: breaksLength},
		{Operator: Operator{"unique", "A list whose elements all differ.", "items[*].id: {unique: true}"}, read: readUnique, argument: formOnlyTrue, breaks: always},
		{Operator: Operator{"unordered", "A list with exactly these elements in any order.", "tags: {unordered: [b, a]}"}, read: readUnordered, argument: formAnyList, breaks: always},
		{Operator: Operator{"in_order", "A list in which these elements come in this order; others may come between.", "visited: {in_order: [Start, Done]}"}, read: readInOrder, argument: formList},
		{Operator: Operator{"is", "A type: string, number, integer, boolean, object, array, null, uuid, timestamp (RFC 3339), date, email, url, arn, ip, base64 or json.", "id: {is: uuid}"}, read: readIs, argument: formTypeName},
		{Operator: Operator{"match", "A partial document: every field it names must be there and be equal, at every depth; lists element by element.", "detail: {match: {state: done}}"}, read: readMatch, argument: formPartial, breaks: breaksMatch},
		{Operator: Operator{"schema", "A value that fits this JSON Schema (draft-04 to 2020-12; without $schema 2020-12), inline or in a file whose path counts from this one; format is checked too, and unknown keywords are errors unless they begin with x-. With registry and name (version, type) it is one of EventBridge's schema registry: {registry: shop, name: OrderPlaced}, read once a run where the step runs; the latest version unless one is named; of an OpenAPI document the whole event (AWSEvent) unless type names another of its schemas.", "body: {schema: {type: object, required: [id]}}"}, read: readJSONSchema, argument: formSchema, breaks: always},
		{Operator: Operator{"pattern", "A document that this EventBridge event pattern lets through.", "events[0]: {pattern: {source: [{prefix: video.}]}}"}, read: readPattern, argument: formPattern, breaks: always},
		{Operator: Operator{"filter", "Text that this CloudWatch Logs filter pattern lets through.", "events[0].message: {filter: \"?ERROR ?Task\"}"}, read: readFilter, argument: formText},
		{Operator: Operator{"json", "Text that is JSON, or a document: then checks by path inside it; $ is the whole.", "body: {json: {id: {is: integer}}}"}, within: insideJSON, argument: formChecks, breaks: breaksInner},
		{Operator: Operator{"each", "Every element of a list holds: a value, operators, or checks by path inside the element. An empty list fails.", "items[*].price: {each: {gt: 0}}"}, read: readEach, argument: formElement, breaks: always},
		{Operator: Operator{"any", "At least one element of a list holds: a value, operators, or checks by path inside the element.", "items: {any: {sku: A1}}"}, read: readAny, argument: formElement},
		{Operator: Operator{"share", "The part of a list's elements that hold, from 0 to 1, and operators for it.", "checks: {share: {where: {ok: true}, gte: 0.99}}"}, read: readShare, argument: formShare, breaks: always},
		{Operator: Operator{"not", "Operators that do not all hold. A missing path fails here too.", "status: {not: {matches: ^FAIL}}"}, read: readNot, argument: formOperators, breaks: always},
	}
}

func always(check, operation) bool { return true }

// countNames are the numbers of results that grow when more arrives.
var countNames = map[string]bool{"count": true, "length": true, "deliveries": true, "visible": true, "in_flight": true, "delayed": true}

// breaksWhole is for exact values: a count grows, a list grows, a selection grows.
func breaksWhole(k check, o operation) bool {
	if k.path.Many() || countNames[k.lastName()] {
		return true
	}
	l, isList := o.expected.([]any)
	if isList && o.name == "one_of" {
		for _, v := range l {
			if _, ok := v.([]any); ok {
				return true
			}
		}
		return false
	}
	return isList
}

func breaksFalse(_ check, o operation) bool { return o.expected == false }
func breaksTrue(_ check, o operation) bool  { return o.expected == true }

// breaksLength spares lengths that are bounded from below only.
func breaksLength(_ check, o operation) bool {
	m, ok := o.expected.(map[string]any)
	if !ok {
		return true
	}
	for op := range m {
		if op != "gt" && op != "gte" {
			return true
		}
	}
	return false
}

// breaksMatch: lists are compared at their whole length.
func breaksMatch(_ check, o operation) bool { return hasList(o.expected) }

func hasList(v any) bool {
	switch v := v.(type) {
	case []any:
		return true
	case map[string]any:
		for _, e := range v {
			if hasList(e) {
				return true
			}
		}
	}
	return false
}

// breaksInner looks at the checks inside json.
func breaksInner(_ check, o operation) bool {
	return o.inner.BreakableByMore()
}
