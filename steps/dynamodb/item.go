package dynamodb

import (
	"context"
	"fmt"

	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// ItemParams are the parameters of item.
type ItemParams struct {
	Table      string         `json:"table" required:"true" doc:"The table's name or ARN."`
	Key        map[string]any `json:"key" required:"true" doc:"The item's key: the table's key attributes and nothing else."`
	Consistent bool           `json:"consistent" default:"true" doc:"Reads what was written last; false reads as cheaply as possible, perhaps something older."`
	Typed      bool           `json:"typed" doc:"Key and item are in DynamoDB's own JSON: {S: text}, {N: \"12\"}, …"`
}

// ItemResult is an item as it is now.
type ItemResult struct {
	Exists bool            `json:"exists" doc:"Whether the item is there."`
	Item   *map[string]any `json:"item,omitempty" doc:"The item: sets are sorted lists, bytes base64; missing when it is not there."`
}

// Item looks at an item.
var Item = steps.Define("item", steps.Def[ItemParams, ItemResult]{
	Summary: "Looks at an item of a DynamoDB table.",
	Doc:     "A missing item is an answer (`exists: false`), a missing table an error.",
	Example: `act:
  - put_item: {table: "${suite.app.TableName}", item: {pk: "user#${scenario.id}", name: Ada, age: 36}}
    id: user
assert:
  - item: {table: "${suite.app.TableName}", key: {pk: "${user.item.pk}"}}
    within: 5s
    expect: {item.name: Ada, item.age: {gte: 18}}
`,
	Check: func(n *schema.Node, p *schema.Problems) { checkTyped("key", n, p) },
	Watch: func(ctx context.Context, env *steps.Env, p ItemParams) (steps.Probe[ItemResult], error) {
		return steps.Probe[ItemResult]{Look: func(ctx context.Context) (steps.Seen[ItemResult], error) {
			return p.look(ctx, env)
		}}, nil
	},
	Success: func(ItemParams) assertions.Checks { return assertions.Rule("exists", "equals", true) },
	Needs: func(p ItemParams) []steps.Permission {
		return []steps.Permission{{Action: "dynamodb:DescribeTable", Resource: p.Table}, {Action: "dynamodb:GetItem", Resource: p.Table}}
	},
})

func (p ItemParams) look(ctx context.Context, env *steps.Env) (steps.Seen[ItemResult], error) {
	var seen steps.Seen[ItemResult]
	t, key, err := target(ctx, env, p.Table, p.Key, p.Typed)
	if err != nil {
		return seen, err
	}
	out, err := env.AWS.Single().DynamoDB().GetItem(ctx, &ddb.GetItemInput{TableName: &t.name, Key: key, ConsistentRead: &p.Consistent})
	if err != nil {
		return seen, explained(ctx, err, env.AWS, p.Table)
	}
	if len(out.Item) == 0 {
		return seen, nil
	}
	doc, err := toDocument(out.Item, p.Typed)
	if err != nil {
		return seen, steps.Final(fmt.Errorf("table %q: %w", p.Table, err))
	}
	seen.Doc = ItemResult{Exists: true, Item: &doc}
	return seen, nil
}

// target finds a table and makes sure that a key is one of its keys.
func target(ctx context.Context, env *steps.Env, ref string, key map[string]any, typed bool) (*table, item, error) {
	t, err := tableOf(ctx, env, ref)
	if err != nil {
		return nil, nil, err
	}
	k, err := toItem(key, typed, "key")
	if err != nil {
		return nil, nil, err
	}
	k, err = t.exactKey(k)
	return t, k, err
}
