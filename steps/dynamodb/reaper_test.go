package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// wide is an item with many attributes.
func wide(n int, last string) string {
	var b strings.Builder
	b.WriteString("{pk: a")
	for i := range n {
		fmt.Fprintf(&b, ", a%03d: %d", i, i)
	}
	return b.String() + ", zz: " + last + "}"
}

// TestPuttingBackWhateverStandsThere overwrites an item and has the application
// change ours or not: only what is wholly ours gives way to the old.
func TestPuttingBackWhateverStandsThere(t *testing.T) {
	big := strings.Repeat("x", 390_000) // an item has at most 400 KB
	for _, c := range []struct {
		name, ours, changed string
		typed, back         bool
	}{
		{"numbers", "{pk: a, n: 1.10, m: 9007199254740993}", "", false, true},
		{"a number written otherwise", "{pk: {S: a}, n: {N: '1.10'}}", "{pk: {S: a}, n: {N: '1.1'}}", true, true},
		{"another number", "{pk: a, n: 9007199254740993}", "{pk: a, n: 9007199254740992}", false, false},
		{"sets in another order", "{pk: {S: a}, s: {SS: [x, y]}, n: {NS: ['1', '2']}}", "{pk: {S: a}, s: {SS: [y, x]}, n: {NS: ['2.0', '1']}}", true, true},
		{"another set", "{pk: {S: a}, s: {SS: [x, y]}}", "{pk: {S: a}, s: {SS: [x, y, z]}}", true, false},
		{"nested", "{pk: a, m: {l: [1, {x: null}], b: true}}", "", false, true},
		{"changed deep inside", "{pk: a, m: {l: [1, {x: null}], b: true}}", "{pk: a, m: {l: [1, {x: 1}], b: true}}", false, false},
		{"nearly 400 KB", "{pk: a, v: " + big + "}", "", false, true},
		{"nearly 400 KB and changed", "{pk: a, v: " + big + ", w: 1}", "{pk: a, v: " + big + ", w: 2}", false, false},
		{"many attributes", wide(300, "1"), "", false, true},
		{"the last of many changed", wide(300, "1"), wide(300, "2"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stage.New(t, sandbox.Options{})
				s.Must(PutItem, "{table: play-table, item: {pk: a, old: true}}")
				s.Ledger.Records = nil // it was the application's
				put := func(item string) {
					s.Must(PutItem, fmt.Sprintf("{table: play-table, overwrite: true, typed: %v, item: %s}", c.typed, item))
				}
				put(c.ours)
				records := s.Ledger.Records
				if c.changed != "" {
					put(c.changed)
				}
				s.Ledger.Records = records
				for _, intents := range []bool{false, true} { // the second finds nothing to do
					if err := s.TakeBack(intents, Reaper); err != nil {
						t.Fatal(err)
					}
				}
				_, back := s.See(Item, "{table: play-table, key: {pk: a}}")["item"].(map[string]any)["old"]
				if back != c.back {
					t.Errorf("the old item is back: %v, want %v", back, c.back)
				}
			})
		})
	}
}

// TestAChangeInTheMomentOfPuttingBack has the application write between the
// look at many attributes and the put.
func TestAChangeInTheMomentOfPuttingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *stage.Stage
		var armed atomic.Bool
		s = stage.New(t, sandbox.Options{Answer: func(ctx context.Context, _, operation string) error {
			if operation == "GetItem" && armed.CompareAndSwap(true, false) {
				it, err := read(ctx, s.Place, "play-table", `{"pk": {"S": "a"}}`)
				if err != nil {
					return err
				}
				it["zz"] = &types.AttributeValueMemberS{Value: "theirs"}
				_, err = s.Place.DynamoDB().PutItem(ctx, &ddb.PutItemInput{TableName: aws.String("play-table"), Item: it})
				return err
			}
			return nil
		}})
		s.Must(PutItem, "{table: play-table, item: {pk: a, old: true}}")
		s.Ledger.Records = nil
		s.Must(PutItem, "{table: play-table, overwrite: true, item: "+wide(300, "1")+"}")
		armed.Store(true)
		if err := s.TakeBack(false, Reaper); err != nil {
			t.Fatal(err)
		}
		it := s.See(Item, "{table: play-table, key: {pk: a}}")["item"].(map[string]any)
		if it["zz"] != "theirs" || len(it) != 302 {
			t.Errorf("of what the application wrote there is %v with %d attributes", it["zz"], len(it))
		}
	})
}

// TestTakingBackWithoutAnAnswer loses the answer to the put, before or after it
// happened, and takes back by the intent alone.
func TestTakingBackWithoutAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name        string
		after, over bool
	}{{"never arrived", false, false}, {"arrived", true, false}, {"over another, never arrived", false, true}, {"over another, arrived", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var armed atomic.Bool
				lose := func(operation string) error {
					if operation == "PutItem" && armed.CompareAndSwap(true, false) {
						return errors.New("cut")
					}
					return nil
				}
				s := stage.New(t, sandbox.Options{
					Intercept: func(_ context.Context, _, operation string) error {
						if !c.after {
							return lose(operation)
						}
						return nil
					},
					Answer: func(_ context.Context, _, operation string) error { return lose(operation) },
				})
				if c.over {
					s.Must(PutItem, "{table: play-table, item: {pk: a, old: true}}")
					s.Ledger.Records = nil
				}
				armed.Store(true)
				if _, err := s.Do(PutItem, fmt.Sprintf("{table: play-table, item: {pk: a, v: 1}, overwrite: %v}", c.over)); err == nil {
					t.Fatal("no error")
				}
				if err := s.TakeBack(true, Reaper); err != nil {
					t.Fatal(err)
				}
				doc := s.See(Item, "{table: play-table, key: {pk: a}}")
				it, _ := doc["item"].(map[string]any)
				if doc["exists"] != c.over || it["old"] != nil != c.over {
					t.Errorf("found %v", doc)
				}
			})
		})
	}
}

func TestTakingBackFromATableThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		s.Must(PutItem, "{table: play-table, item: {pk: a}}")
		s.Must(PutItem, "{table: play-table, item: "+wide(300, "1")+", overwrite: true}")
		for _, r := range s.Ledger.Records {
			r.Last.Data["table"] = "gone"
			if err := Reaper.Remove(t.Context(), s.Place, r.Last); err != nil {
				t.Error(err)
			}
		}
	})
}
