package dynamodb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

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
	return explained(ctx, err, place, table)
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
	if len(ours) > compared { // more than a condition can look at
		there, err := read(ctx, place, table, r.Data["key"])
		if err != nil || !includes(there, ours) {
			return err
		}
	}
	replaced, err := putInstead(ctx, place, table, old, ours)
	switch {
	case awsclient.Is(err, "ConditionalCheckFailedException", "ResourceNotFoundException"):
		return nil
	case err != nil:
		return explained(ctx, err, place, table)
	case includes(replaced, ours):
		return nil
	}
	// The application changed one of the others in this very moment: what it
	// wrote comes back, unless it wrote again.
	_, err = putInstead(ctx, place, table, replaced, old)
	if err == nil || awsclient.Is(err, "ConditionalCheckFailedException", "ResourceNotFoundException") {
		return nil
	}
	return explained(ctx, err, place, table)
}

// read gives an item as it is now, nil when there is none.
func read(ctx context.Context, place *awsclient.Place, table, key string) (item, error) {
	k, err := itemFrom(key)
	if err != nil {
		return nil, err
	}
	out, err := place.DynamoDB().GetItem(ctx, &ddb.GetItemInput{TableName: &table, Key: k, ConsistentRead: aws.Bool(true)})
	switch {
	case awsclient.Is(err, "ResourceNotFoundException"):
		return nil, nil
	case err != nil:
		return nil, explained(ctx, err, place, table)
	}
	return out.Item, nil
}

// putInstead puts an item where one with all the attributes of another is, and
// gives what it took the place of.
func putInstead(ctx context.Context, place *awsclient.Place, table string, it, where item) (item, error) {
	in := &ddb.PutItemInput{
		TableName: &table, Item: it, ReturnValues: types.ReturnValueAllOld,
		ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: item{},
	}
	in.ConditionExpression = aws.String(stillThere(where, in))
	out, err := place.DynamoDB().PutItem(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// compared is how many attributes a condition compares: an expression has at
// most 4 KB and 300 operators (DynamoDB Developer Guide, "Quotas").
const compared = 100

// stillThere is the condition that attributes are as they were put.
func stillThere(ours item, in *ddb.PutItemInput) string {
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
