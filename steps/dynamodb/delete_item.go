package dynamodb

import (
	"context"

	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/rehearse-dev/rehearse/steps"
)

// DeleteParams are the parameters of delete_item.
type DeleteParams struct {
	Table string         `json:"table" required:"true" doc:"The table's name or ARN."`
	Key   map[string]any `json:"key" required:"true" doc:"The item's key: the table's key attributes and nothing else."`
}

// DeleteItem deletes an item.
var DeleteItem = steps.Define("delete_item", steps.Def[DeleteParams, struct{}]{
	Summary: "Deletes an item of a DynamoDB table.",
	Doc:     "An item that is not there is deleted already. It is not put back when the scenario is over.",
	Example: `act:
  - put_item: {table: "${suite.app.TableName}", item: {pk: "gone#${scenario.id}"}}
    id: gone
  - delete_item: {table: "${suite.app.TableName}", key: {pk: "${gone.item.pk}"}}
assert:
  - item: {table: "${suite.app.TableName}", key: {pk: "${gone.item.pk}"}}
    hold: 100ms
    expect: {exists: false}
`,
	Do: func(ctx context.Context, env *steps.Env, p DeleteParams) (struct{}, error) {
		t, key, err := target(ctx, env, p.Table, p.Key, false)
		if err != nil {
			return struct{}{}, err
		}
		_, err = env.AWS.DynamoDB().DeleteItem(ctx, &ddb.DeleteItemInput{TableName: &t.name, Key: key})
		return struct{}{}, explained(ctx, err, env.AWS, p.Table)
	},
	Needs: func(p DeleteParams) []steps.Permission {
		return []steps.Permission{{Action: "dynamodb:DescribeTable", Resource: p.Table}, {Action: "dynamodb:DeleteItem", Resource: p.Table}}
	},
	Idempotent: true,
})
