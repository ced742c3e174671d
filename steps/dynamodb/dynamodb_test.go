package dynamodb

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		kind steps.Kind
		yaml string
		want []string
	}{
		{"nothing", PutItem, "{}", []string{`parameter "table" is missing: The table's name or ARN.`, `parameter "item" is missing: The item.`}},
		{"item is a list", PutItem, "{table: t, item: [1]}", []string{"expected a mapping, found a list"}},
		{"no key", Item, "{table: t}", []string{`parameter "key" is missing: The item's key: the table's key attributes and nothing else.`}},
		{"overwrite is text", PutItem, "{table: t, item: {pk: a}, overwrite: yes}", []string{`expected true or false, found the text "yes"; write true`}},
		{"an empty key", Item, "{table: t, key: {}}", []string{`parameter "key" is empty: The item's key: the table's key attributes and nothing else.`}},
		{"typed and plain", PutItem, "{table: t, item: {pk: a}, typed: true}", []string{`item.pk is not in DynamoDB's own JSON; write a mapping with one type, such as {S: text} or {N: "12"}`}},
		{"typed wrongly, deep inside", PutItem, `{table: t, item: {pk: {S: "${x}"}, l: {L: [{N: "1"}, {M: {k: {BOOL: "no"}}}]}, q: {Q: "${x}"}}, typed: true}`, []string{
			"item.l[1].k: BOOL takes true or false", `item.q: "Q" is not a type of DynamoDB; there are S, N, B, BOOL, NULL, L, M, SS, NS and BS`,
		}},
		{"typed and open", PutItem, `{table: t, item: {pk: {S: "a-${x}"}, n: {N: "${n}"}, s: {SS: ["${a}"]}, all: "${y}", m: {M: "${z}"}}, typed: true}`, nil},
		{"perhaps typed", PutItem, `{table: t, item: {pk: {S: "a-${x}"}}, typed: "${t}"}`, nil},
		{"typed without saying so", Item, "{table: t, key: {pk: {S: a}}}", []string{
			"this looks like DynamoDB's own JSON and will be taken for nested mappings; add typed: true, or write plain values such as {pk: …}",
		}},
		{"misspelt", DeleteItem, "{table: t, keys: {pk: a}}", []string{
			`parameter "key" is missing: The item's key: the table's key attributes and nothing else.`, `unknown parameter "keys"; did you mean "key"?`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(c.kind, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPutAndLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		const plain = `{"pk": "a", "n": 9007199254740993, "f": 0.1, "e": "", "z": null, "b": true, "l": [1, {"m": []}], "m": {}}`
		if diff := cmp.Diff(doc(`{"item": `+plain+`}`), any(s.Must(PutItem, `{table: play-table, item: `+plain+`}`))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(doc(`{"exists": true, "item": `+plain+`}`), any(s.See(Item, "{table: play-table, key: {pk: a}}"))); diff != "" {
			t.Error(diff)
		}
		const typed = `{"pk": {"S": "b"}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["10", "9"]}, "bs": {"BS": ["AQ==", "Ag=="]}, "b": {"B": "/w=="}, "z": {"NULL": true}, "l": {"L": [{"N": "1.5"}, {"M": {"k": {"BOOL": false}}}]}}`
		s.Must(PutItem, `{table: 'arn:aws:dynamodb:us-east-1:000000000000:table/play-table', item: `+typed+`, typed: true}`)
		want := doc(`{"exists": true, "item": {"pk": "b", "ss": ["x", "y"], "ns": [9, 10], "bs": ["AQ==", "Ag=="], "b": "/w==", "z": null, "l": [1.5, {"k": false}]}}`)
		if diff := cmp.Diff(want, any(s.See(Item, "{table: play-table, key: {pk: b}}"))); diff != "" {
			t.Error(diff)
		}
		want = doc(`{"exists": true, "item": {"pk": {"S": "b"}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["9", "10"]}, "bs": {"BS": ["AQ==", "Ag=="]}, "b": {"B": "/w=="}, "z": {"NULL": true}, "l": {"L": [{"N": "1.5"}, {"M": {"k": {"BOOL": false}}}]}}}`)
		if diff := cmp.Diff(want, any(s.See(Item, "{table: play-table, key: {pk: {S: b}}, typed: true, consistent: false}"))); diff != "" {
			t.Error(diff)
		}
		s.Must(DeleteItem, "{table: play-table, key: {pk: b}}")
		s.Must(DeleteItem, "{table: play-table, key: {pk: b}}")
		if diff := cmp.Diff(doc(`{"exists": false}`), any(s.See(Item, "{table: play-table, key: {pk: b}}"))); diff != "" {
			t.Error(diff)
		}
		for range 2 {
			if err := s.TakeBack(false, Reaper); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.Inventory()["items"]; n != 0 {
			t.Errorf("%d items are left", n)
		}
	})
}

func doc(text string) any {
	v, err := schema.ParseJSON([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

func TestMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		s.Must(PutItem, "{table: play-table, item: {pk: here}}")
		const schemaOf = `the key of table "play-table" is pk (S, hash)`
		for _, c := range []struct {
			kind       steps.Kind
			yaml, want string
		}{
			{PutItem, "{table: none, item: {pk: a}}", `table "none" does not exist in account 000000000000, region us-east-1; there are: play-table`},
			{Item, "{table: none, key: {pk: a}}", `table "none" does not exist in account 000000000000, region us-east-1; there are: play-table`},
			{DeleteItem, "{table: none, key: {pk: a}}", `table "none" does not exist in account 000000000000, region us-east-1; there are: play-table`},
			{PutItem, "{table: play-table, item: {id: a}}", `the item lacks "pk"; ` + schemaOf},
			{PutItem, "{table: play-table, item: {pk: 7}}", `"pk" in the item is of type N; ` + schemaOf},
			{PutItem, "{table: play-table, item: {pk: ''}}", `"pk" in the item is empty; an attribute of a key cannot be`},
			{Item, "{table: play-table, key: {}}", `the key lacks "pk"; ` + schemaOf},
			{Item, "{table: play-table, key: {pk: a, sk: b}}", `"sk" is not in the key of table "play-table", which is pk (S, hash)`},
			{DeleteItem, "{table: play-table, key: {pk: null}}", `"pk" in the key is of type NULL; ` + schemaOf},
			{PutItem, "{table: play-table, item: {pk: here, n: 2}}", `there is already an item with the key {"pk":"here"} in table "play-table"; overwrite: true allows it to be replaced`},
			{PutItem, "{table: play-table, item: {pk: a}, typed: true}", `item.pk is not in DynamoDB's own JSON; write a mapping with one type, such as {S: text} or {N: "12"}`},
			{PutItem, "{table: play-table, item: {pk: {S: a}, l: {L: [{Q: 1}]}}, typed: true}", `item.l[0]: "Q" is not a type of DynamoDB; there are S, N, B, BOOL, NULL, L, M, SS, NS and BS`},
			{PutItem, "{table: play-table, item: {pk: {S: a}, n: {N: twelve}}, typed: true}", `item.n: N takes a number as text, such as "12"`},
			{PutItem, "{table: play-table, item: {pk: {S: a}, s: {SS: []}}, typed: true}", `item.s: SS takes a list of text, at least one`},
		} {
			var err error
			if s.Bind(c.kind, c.yaml).Watch != nil {
				_, err = s.Watch(c.kind, c.yaml)()
			} else {
				_, err = s.Do(c.kind, c.yaml)
			}
			if err == nil || err.Error() != c.want || !steps.IsFinal(err) {
				t.Errorf("%s %s:\nerror %v\nwant  %s", c.kind.Name, c.yaml, err, c.want)
			}
		}
		if n := len(s.Ledger.Records); n != 1 {
			t.Errorf("%d records, want only that of the item that was put", n)
		}
	})
}

func TestTakingBackWhatWasReplaced(t *testing.T) {
	for _, c := range []struct {
		name, changed, want string
		intents             bool
	}{
		{"ours is still there", "", "old", false},
		{"ours is still there, by the intent alone", "", "old", true},
		{"the application added to ours", "{table: play-table, item: {pk: a, v: new, more: 1}, overwrite: true}", "old", false},
		{"the application changed ours", "{table: play-table, item: {pk: a, v: theirs}, overwrite: true}", "theirs", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stage.New(t, sandbox.Options{})
				s.Must(PutItem, "{table: play-table, item: {pk: a, v: old}}")
				s.Ledger.Records = nil // it was the application's
				s.Must(PutItem, "{table: play-table, item: {pk: a, v: new}, overwrite: true}")
				records := s.Ledger.Records
				if c.changed != "" {
					s.Must(PutItem, c.changed)
				}
				s.Ledger.Records = records
				for range 2 {
					if err := s.TakeBack(c.intents, Reaper); err != nil {
						t.Fatal(err)
					}
				}
				got := s.See(Item, "{table: play-table, key: {pk: a}}")["item"].(map[string]any)
				if _, more := got["more"]; got["v"] != c.want || more {
					t.Errorf("the item is %v, want %s", got, c.want)
				}
			})
		})
	}
	t.Run("nothing was replaced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(t, sandbox.Options{})
			s.Must(PutItem, "{table: play-table, item: {pk: a, v: new}, overwrite: true}")
			if err := s.TakeBack(true, Reaper); err != nil {
				t.Fatal(err)
			}
			if n := s.Inventory()["items"]; n != 0 {
				t.Errorf("%d items are left", n)
			}
		})
	})
}

func TestAPutWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		puts := 0
		s := stage.New(t, sandbox.Options{Intercept: func(_ context.Context, _, operation string) error {
			if operation == "PutItem" {
				puts++
				return errors.New("cut")
			}
			return nil
		}})
		if _, err := s.Do(PutItem, "{table: play-table, item: {pk: a}}"); err == nil {
			t.Fatal("no error")
		}
		if puts != 1 || len(s.Ledger.Records) != 1 || s.Ledger.Records[0].Forgotten {
			t.Errorf("%d calls, records %+v", puts, s.Ledger.Records)
		}
		if err := s.TakeBack(true, Reaper); err != nil {
			t.Error(err)
		}
	})
}
