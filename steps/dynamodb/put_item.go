package dynamodb

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// PutParams are the parameters of put_item.
type PutParams struct {
	Table     string         `json:"table" required:"true" doc:"The table's name or ARN."`
	Item      map[string]any `json:"item" required:"true" doc:"The item."`
	Overwrite bool           `json:"overwrite" doc:"Allows an item that is there already to be replaced; it is put back afterwards if ours is still there."`
	Typed     bool           `json:"typed" doc:"The item is in DynamoDB's own JSON: {S: text}, {N: \"12\"}, …"`
}

// PutResult is an item that was put.
type PutResult struct {
	Item map[string]any `json:"item" doc:"The item, as it was given."`
}

// PutItem creates an item.
var PutItem = steps.Define("put_item", steps.Def[PutParams, PutResult]{
	Summary: "Puts an item into a DynamoDB table.",
	Doc:     "An item with the same key that is there already is an error, unless `overwrite: true` allows to replace it. The item is deleted when the scenario is over, and what it replaced is put back if ours is still there. Plain JSON makes no sets and no bytes: `typed: true` does.",
	Example: `act:
  - put_item:
      table: ${suite.app.TableName}
      item: {pk: "order#${scenario.id}", amount: 9007199254740993, lines: [{sku: A1}]}
    id: order
assert:
  - item: {table: "${suite.app.TableName}", key: {pk: "${order.item.pk}"}}
    within: 5s
    expect: {item.amount: 9007199254740993, "item.lines[0].sku": A1}
`,
	Check: func(n *schema.Node, p *schema.Problems) { checkTyped("item", n, p) },
	Do:    put,
	Needs: func(p PutParams) []steps.Permission {
		var l []steps.Permission
		for _, action := range []string{"DescribeTable", "GetItem", "PutItem", "DeleteItem"} {
			l = append(l, steps.Permission{Action: "dynamodb:" + action, Resource: p.Table})
		}
		return l
	},
	Reapers: []steps.Reaper{Reaper},
})

func put(ctx context.Context, env *steps.Env, p PutParams) (PutResult, error) {
	t, err := tableOf(ctx, env, p.Table)
	if err != nil {
		return PutResult{}, err
	}
	ours, err := toItem(p.Item, p.Typed, "item")
	if err != nil {
		return PutResult{}, err
	}
	key, err := t.keyOf(ours, "item")
	if err != nil {
		return PutResult{}, err
	}
	record, err := prepare(ctx, env, t, p, key, ours)
	if err != nil {
		return PutResult{}, err
	}
	in := &ddb.PutItemInput{TableName: &t.name, Item: ours}
	if p.Overwrite {
		in.ReturnValues = types.ReturnValueAllOld
	} else {
		in.ConditionExpression = aws.String("attribute_not_exists(#key)")
		in.ExpressionAttributeNames = map[string]string{"#key": t.keys[0].name}
	}
	err = env.Create(ctx, record, func(ctx context.Context) (steps.Resource, error) {
		out, err := env.AWS.Once().DynamoDB().PutItem(ctx, in)
		if err != nil {
			return record, err
		}
		made := record
		made.Data = maps.Clone(record.Data)
		if len(out.Attributes) == 0 {
			return made, nil
		}
		return made, remember(made, "old", out.Attributes) // it may have changed since we looked
	})
	if awsclient.Is(err, "ConditionalCheckFailedException") {
		return PutResult{}, taken(key, p)
	}
	return PutResult{Item: p.Item}, explained(ctx, err, env.AWS, p.Table)
}

func taken(key item, p PutParams) error {
	text, err := textOf(key, p.Typed)
	if err != nil {
		return err
	}
	return steps.Finalf("there is already an item with the key %s in table %q; overwrite: true allows it to be replaced", text, p.Table)
}

// prepare looks at what is there before the put, so that the record alone is
// enough to take back a put of which no answer ever came.
func prepare(ctx context.Context, env *steps.Env, t *table, p PutParams, key, ours item) (steps.Resource, error) {
	id, err := textOf(key, false)
	if err != nil {
		return steps.Resource{}, err
	}
	record := steps.Resource{Type: itemType, ID: t.name + " " + id, Data: map[string]string{"table": t.name}}
	out, err := env.AWS.DynamoDB().GetItem(ctx, &ddb.GetItemInput{TableName: &t.name, Key: key, ConsistentRead: aws.Bool(true)})
	switch {
	case err != nil:
		return record, explained(ctx, err, env.AWS, p.Table)
	case len(out.Item) > 0 && !p.Overwrite:
		return record, taken(key, p)
	}
	if err := remember(record, "key", key); err != nil {
		return record, err
	}
	if !p.Overwrite {
		return record, nil
	}
	if err := remember(record, "old", out.Item); err != nil {
		return record, err
	}
	return record, remember(record, "ours", ours)
}

// remember writes an item into a record; an empty one is left out.
func remember(record steps.Resource, name string, it item) error {
	if len(it) == 0 {
		return nil
	}
	text, err := textOf(it, true)
	if err != nil {
		return fmt.Errorf("the record of an item: %w", err)
	}
	record.Data[name] = text
	return nil
}
