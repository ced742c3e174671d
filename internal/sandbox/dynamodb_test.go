package sandbox_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

const tableTemplate = `
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: things
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
`

func number(n string) ddb.AttributeValue { return &ddb.AttributeValueMemberN{Value: n} }

func TestItems(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		if err := c.Deploy(c.ctx, "s", "s", []byte(tableTemplate), nil); err != nil {
			t.Fatal(err)
		}
		table := aws.String("things")
		put := func(item map[string]ddb.AttributeValue) (*dynamodb.PutItemOutput, error) {
			return c.dynamo.PutItem(c.ctx, &dynamodb.PutItemInput{
				TableName: table, Item: item, ConditionExpression: aws.String("attribute_not_exists(id)"), ReturnValues: ddb.ReturnValueAllOld,
			})
		}
		first := map[string]ddb.AttributeValue{
			"id": text("1"), "n": number("9007199254740993"), "f": number("01.500"), "deep": &ddb.AttributeValueMemberM{Value: map[string]ddb.AttributeValue{
				"list": &ddb.AttributeValueMemberL{Value: []ddb.AttributeValue{&ddb.AttributeValueMemberBOOL{Value: true}, &ddb.AttributeValueMemberNULL{Value: true}}},
				"set":  &ddb.AttributeValueMemberSS{Value: []string{"a", "b"}}, "bin": &ddb.AttributeValueMemberB{Value: []byte{0, 1}},
			}},
		}
		must[*dynamodb.PutItemOutput](t)(put(first))
		if _, err := put(first); code(err) != "ConditionalCheckFailedException" {
			t.Errorf("a second put: %v", err)
		}
		key := map[string]ddb.AttributeValue{"id": text("1")}
		got := must[*dynamodb.GetItemOutput](t)(c.dynamo.GetItem(c.ctx, &dynamodb.GetItemInput{TableName: table, Key: key})).Item
		if got["n"].(*ddb.AttributeValueMemberN).Value != "9007199254740993" || got["f"].(*ddb.AttributeValueMemberN).Value != "1.5" {
			t.Errorf("numbers %v %v", got["n"], got["f"])
		}
		if deep := got["deep"].(*ddb.AttributeValueMemberM).Value; len(deep) != 3 || len(deep["bin"].(*ddb.AttributeValueMemberB).Value) != 2 {
			t.Errorf("deep %v", deep)
		}
		_, err := c.dynamo.DeleteItem(c.ctx, &dynamodb.DeleteItemInput{
			TableName: table, Key: key, ConditionExpression: aws.String("#n = :n"),
			ExpressionAttributeNames: map[string]string{"#n": "n"}, ExpressionAttributeValues: map[string]ddb.AttributeValue{":n": number("1")},
		})
		if code(err) != "ConditionalCheckFailedException" {
			t.Errorf("a deletion that must not be: %v", err)
		}
		out := must[*dynamodb.DeleteItemOutput](t)(c.dynamo.DeleteItem(c.ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key, ReturnValues: ddb.ReturnValueAllOld}))
		if len(out.Attributes) != 4 || c.Inventory()["items"] != 0 {
			t.Errorf("deleted %v, %d items left", out.Attributes, c.Inventory()["items"])
		}
	})
}

func TestItemErrors(t *testing.T) {
	tests := map[string]struct {
		in   dynamodb.PutItemInput
		code string
	}{
		"no table":        {dynamodb.PutItemInput{TableName: aws.String("nope"), Item: map[string]ddb.AttributeValue{"id": text("1")}}, "ResourceNotFoundException"},
		"no key":          {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"x": text("1")}}, "ValidationException"},
		"key of a number": {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": number("1")}}, "ValidationException"},
		"empty key":       {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("")}}, "ValidationException"},
		"no number":       {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("1"), "n": number("1/2")}}, "ValidationException"},
		"huge number":     {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("1"), "n": number("1e999999999")}}, "ValidationException"},
		"condition":       {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("1")}, ConditionExpression: aws.String("id =")}, "ValidationException"},
		"function":        {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("1")}, ConditionExpression: aws.String("nope(id)")}, "ValidationException"},
		"unknown value":   {dynamodb.PutItemInput{Item: map[string]ddb.AttributeValue{"id": text("1")}, ConditionExpression: aws.String("id = :v")}, "ValidationException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				if err := c.Deploy(c.ctx, "s", "s", []byte(tableTemplate), nil); err != nil {
					t.Fatal(err)
				}
				if tt.in.TableName == nil {
					tt.in.TableName = aws.String("things")
				}
				if _, err := c.dynamo.PutItem(c.ctx, &tt.in); code(err) != tt.code {
					t.Errorf("got %v, want %s", err, tt.code)
				}
			})
		})
	}
}

func TestConditions(t *testing.T) {
	item := map[string]ddb.AttributeValue{
		"id": text("1"), "n": number("5"), "s": text("hello"), "m": &ddb.AttributeValueMemberM{Value: map[string]ddb.AttributeValue{
			"l": &ddb.AttributeValueMemberL{Value: []ddb.AttributeValue{number("7")}},
		}},
	}
	values := map[string]ddb.AttributeValue{":five": number("5"), ":ten": number("10"), ":he": text("he"), ":seven": number("7"), ":S": text("S")}
	for expression, want := range map[string]int32{
		"attribute_exists(m.l[0])":                         1,
		"attribute_exists(m.l[1])":                         0,
		"n = :five AND NOT attribute_exists(x)":            1,
		"n > :five OR s = :he":                             0,
		"n BETWEEN :five AND :ten and begins_with(s, :he)": 1,
		"n IN (:ten, :five)":                               1,
		"contains(s, :he) and m.l[0] >= :seven":            1,
		"(n = :ten or n = :five) AND n <> :ten":            1,
		"attribute_type(s, :S)":                            1,
		"x = :five":                                        0,
	} {
		t.Run(expression, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(c *clients) {
				if err := c.Deploy(c.ctx, "s", "s", []byte(tableTemplate), nil); err != nil {
					t.Fatal(err)
				}
				must[*dynamodb.PutItemOutput](t)(c.dynamo.PutItem(c.ctx, &dynamodb.PutItemInput{TableName: aws.String("things"), Item: item}))
				out := must[*dynamodb.ScanOutput](t)(c.dynamo.Scan(c.ctx, &dynamodb.ScanInput{
					TableName: aws.String("things"), FilterExpression: &expression, ExpressionAttributeValues: values,
				}))
				if out.Count != want {
					t.Errorf("%d items, want %d", out.Count, want)
				}
			})
		})
	}
}
