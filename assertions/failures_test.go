package assertions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What people will see most often, to be read as a whole: does each say at
// first sight where to look and what is wrong?
func TestTypicalFailures(t *testing.T) {
	order := `{"id":"ord-7","status":"NEW","customer":{"name":"Bauer","address":{"street":"Hauptstrasse 1","city":"Köln","zip":53111}},"items":[{"sku":"X","n":0},{"sku":"A","n":1},{"sku":"B","n":2},{"sku":"C","n":3},{"sku":"D","n":4}]}`
	for _, c := range []struct{ name, yaml, doc, want string }{
		{
			"another value", "status: SUCCEEDED", `{"status":"FAILED"}`,
			`status: expected equals "SUCCEEDED", found "FAILED"`,
		},
		{
			"text for a number", "count: 3", `{"count":"3"}`,
			`count: expected equals 3, found "3"; "3" (text) is not 3 (number): types are never converted`,
		},
		{
			"a misspelt path", "body.custmer.name: Bauer", `{"body":` + order + `}`,
			`body.custmer.name: expected equals "Bauer", found nothing there; did you mean "customer"? body has customer, id, items, status`,
		},
		{
			"a long document", "$: {equals: {id: ord-7, status: DONE, customer: {name: Bauer, address: {street: Hauptstrasse 1, city: Köln, zip: \"53111\"}}, items: [{sku: A, n: 1}, {sku: B, n: 2}, {sku: C, n: 3}, {sku: D, n: 4}], total: 10}}", order,
			`$: expected equals, found 4 differences: customer.address.zip: expected "53111" (text), found 53111 (number); items[0] was not expected, found {"n":0,"sku":"X"}; status: expected "DONE", found "NEW"; total is missing, expected 10`,
		},
		{
			"a part of a document", "$: {match: {status: DONE, items: [{sku: X}, {sku: A}, {sku: C}, {sku: D}]}}", order,
			`$: expected match {"items":[{"sku":"X"},{"sku":"A"},{"sku":"C"},{"sku":"D"}],"status":"DONE"}, found 2 differences: items[2] was not expected, found {"n":2,"sku":"B"}; status: expected "DONE", found "NEW"`,
		},
		{
			"a long text", `log: "` + strings.Repeat("2026-01-01 INFO working\\n", 12) + `2026-01-01 INFO done"`, `{"log":"` + strings.Repeat(`2026-01-01 INFO working\n`, 12) + `2026-01-01 ERROR Task timed out after 3.00 seconds"}`,
			`log: expected equals …"king\n2026-01-01 INFO working\n2026-01-01 INFO done", found …"king\n2026-01-01 INFO working\n2026-01-01 ERROR Task timed out after 3.00 seconds"; they differ from line 13, character 12 on`,
		},
		{
			"elements", "items: {each: {n: {gt: 0}, sku: {matches: '^[A-D]$'}}}", order,
			`items: expected each {"n":{"gt":0},"sku":{"matches":"^[A-D]$"}}, found [{"n":0,"sku":"X"},{"n":1,"sku":"A"},{"n":2,"sku":"B"},{"n":3,"sku":"C"},{"n":4,"sku":"D"}]; [0]: n: expected gt 0, found 0, and sku: expected matches "^[A-D]$", found "X"`,
		},
		{
			"a share", "checks: {share: {where: {ok: true}, gte: 0.99}}", `{"checks":[{"ok":true},{"ok":false},{"ok":true}]}`,
			`checks: expected share {"gte":0.99,"where":{"ok":true}}, found [{"ok":true},{"ok":false},{"ok":true}]; 2 of 3 elements hold; [1]: ok: expected equals true, found false`,
		},
		{
			"inside text", `message: {json: {id: "7", at: {is: timestamp}}}`, `{"message":"{\"id\":7,\"at\":\"today\"}"}`,
			`message > id: expected equals "7", found 7; 7 (number) is not "7" (text): types are never converted` + "\n" + `message > at: expected is "timestamp", found "today", which is text`,
		},
		{
			"a schema", "$: {schema: {type: object, required: [id, email], properties: {status: {enum: [NEW, DONE]}, customer: {properties: {address: {properties: {zip: {type: string}, city: {maxLength: 3}}}}}, items: {items: {properties: {n: {minimum: 1}}}}}}}", order,
			`$: expected schema, found 4 differences: customer.address.city: expected maxLength 3, found "Köln" with 4 characters; customer.address.zip: expected type string, found 53111 (number); email is missing (required); items[0].n: expected minimum 1, found 0`,
		},
		{
			"an event", "$: {pattern: {source: [shop], detail: {state: [done]}}}", `{"source":"shop","detail":{"state":"open"}}`,
			`$: expected pattern, found {"detail":{"state":"open"},"source":"shop"}; detail.state: expected "done", found "open"`,
		},
		{
			"states in another order", "visited: [Start, Validate, Charge, Ship, Done]", `{"visited":["Start","Validate","Retry","Charge","Ship","Done"]}`,
			`visited: expected equals ["Start","Validate","Charge","Ship","Done"], found ["Start","Validate","Retry","Charge","Ship","Done"]; $[2] was not expected, found "Retry"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, unmet := checksOf(t, c.yaml).Run(parse(t, c.doc))
			if d := cmp.Diff(c.want, messages(unmet)); d != "" {
				t.Error(d)
			}
		})
	}
}
