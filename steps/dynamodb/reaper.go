package dynamodb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const itemType = "dynamodb.item"

// Reaper takes items back. Its records hold the table, the key, and for an
// item that replaced another both of them, in DynamoDB's own JSON.
var Reaper = steps.Reaper{Type: itemType, Remove: remove}

func remove(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	table := r.Data["table"]
	key, err := itemFrom(r.Data["key"])
	if err != nil {
		return err
	}
	if r.Data["old"] != "" {
		return putBack(ctx, place, r)
	}
	_, err = place.DynamoDB().DeleteItem(ctx, &ddb.DeleteItemInput{TableName: &table, Key: key})
	if err == nil || awsclient.Is(err, "ResourceNotFoundException") {
		return nil
	}
	return explained(err, place, table)
}

// putBack puts the old item back if all that we put is still there.
func putBack(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	table := r.Data["table"]
	old, err := itemFrom(r.Data["old"])
	if err != nil {
		return err
	}
	if r.Data["ours"] == "" {
		return fmt.Errorf("table %q: what stood at %s was replaced, and nobody knows by what", table, r.Data["key"])
	}
	ours, err := itemFrom(r.Data["ours"])
	if err != nil {
		return err
	}
	in := &ddb.PutItemInput{TableName: &table, Item: old, ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: item{}}
	in.ConditionExpression = aws.String(stillOurs(ours, in))
	_, err = place.DynamoDB().PutItem(ctx, in)
	if err == nil || awsclient.Is(err, "ConditionalCheckFailedException", "ResourceNotFoundException") {
		return nil
	}
	return explained(err, place, table)
}

// compared is how many attributes a condition compares: an expression has at
// most 4 KB and 300 operators.
const compared = 100

// stillOurs is the condition that the attributes are as we put them.
func stillOurs(ours item, in *ddb.PutItemInput) string {
	var terms []string
	for i, name := range slices.Sorted(maps.Keys(ours)) {
		if i == compared {
			break
		}
		n, v := fmt.Sprintf("#n%d", i), fmt.Sprintf(":v%d", i)
		in.ExpressionAttributeNames[n], in.ExpressionAttributeValues[v] = name, ours[name]
		terms = append(terms, n+" = "+v)
	}
	return strings.Join(terms, " AND ")
}
