package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// dynamoService is DynamoDB: tables, single items with conditions, scans, and streams that feed event source mappings.
type dynamoService struct {
	home *home

	mu     sync.Mutex
	tables map[string]*table
}

type item = map[string]types.AttributeValue

// table is guarded by the service's mutex.
type table struct {
	name, arn  string
	created    time.Time
	keys       []types.KeySchemaElement
	attributes []types.AttributeDefinition
	view       types.StreamViewType // "" without a stream
	streamARN  string
	items      map[string]item // by the text of the key
	sequence   int
	listeners  []func(record map[string]any)
}

func newDynamo(h *home) *dynamoService {
	return &dynamoService{home: h, tables: map[string]*table{}}
}

func (d *dynamoService) count(counts map[string]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	counts["tables"] += len(d.tables)
	items := 0
	for _, t := range d.tables {
		items += len(t.items)
	}
	counts["items"] += items
}

// table finds a table by name or ARN. The mutex must be held.
func (d *dynamoService) table(name *string) (*table, error) {
	if t := d.tables[afterLast(aws.ToString(name), "/")]; t != nil && d.home.has(*name) {
		return t, nil
	}
	return nil, refuse("ResourceNotFoundException", "Requested resource not found")
}

func (d *dynamoService) CreateTable(_ context.Context, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	name := aws.ToString(in.TableName)
	if name == "" || len(in.KeySchema) == 0 {
		return nil, invalid("1 validation error detected: a table needs a name and a key schema")
	}
	if len(in.GlobalSecondaryIndexes)+len(in.LocalSecondaryIndexes) > 0 {
		return nil, invalid("the sandbox has no secondary indexes: table %s", name)
	}
	t := &table{name: name, arn: d.home.arn("dynamodb", "table/"+name), created: d.home.now(), keys: in.KeySchema, attributes: in.AttributeDefinitions, items: map[string]item{}}
	for _, k := range t.keys {
		if t.keyType(aws.ToString(k.AttributeName)) == "" {
			return nil, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", aws.ToString(k.AttributeName))
		}
	}
	if in.StreamSpecification != nil && aws.ToBool(in.StreamSpecification.StreamEnabled) {
		t.view = in.StreamSpecification.StreamViewType
		t.streamARN = t.arn + "/stream/" + t.created.UTC().Format("2006-01-02T15:04:05.000")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tables[name] != nil {
		return nil, refuse("ResourceInUseException", "Table already exists: %s", name)
	}
	d.tables[name] = t
	return &dynamodb.CreateTableOutput{TableDescription: t.description()}, nil
}

func (t *table) keyType(attribute string) types.ScalarAttributeType {
	for _, a := range t.attributes {
		if aws.ToString(a.AttributeName) == attribute {
			return a.AttributeType
		}
	}
	return ""
}

func (t *table) description() *types.TableDescription {
	out := &types.TableDescription{
		TableName: aws.String(t.name), TableArn: aws.String(t.arn), TableStatus: types.TableStatusActive,
		CreationDateTime: aws.Time(t.created), KeySchema: t.keys, AttributeDefinitions: t.attributes,
		ItemCount: aws.Int64(int64(len(t.items))), BillingModeSummary: &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest},
	}
	if t.view != "" {
		out.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: t.view}
		out.LatestStreamArn = aws.String(t.streamARN)
		out.LatestStreamLabel = aws.String(afterLast(t.streamARN, "/"))
	}
	return out
}

func (d *dynamoService) DescribeTable(_ context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, refuse("ResourceNotFoundException", "Requested resource not found: Table: %s not found", aws.ToString(in.TableName))
	}
	return &dynamodb.DescribeTableOutput{Table: t.description()}, nil
}

func (d *dynamoService) ListTables(_ context.Context, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &dynamodb.ListTablesOutput{TableNames: slices.Sorted(maps.Keys(d.tables))}, nil
}

// keyOf checks that values hold the table's key and gives its text. exact: nothing but the key.
func (t *table) keyOf(values item, exact bool) (string, item, error) {
	key := item{}
	var text strings.Builder
	for _, k := range t.keys {
		name := aws.ToString(k.AttributeName)
		v, ok := values[name]
		if !ok {
			if exact {
				return "", nil, invalid("The provided key element does not match the schema")
			}
			return "", nil, invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		want, got := string(t.keyType(name)), kindOf(v)
		switch {
		case want != got && exact:
			return "", nil, invalid("The provided key element does not match the schema")
		case want != got:
			return "", nil, invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", name, want, got)
		}
		part := compactJSON(encodeAttribute(v))
		if part == `{"S":""}` {
			return "", nil, invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
		key[name] = v
		text.WriteString(part)
	}
	if exact && len(values) != len(key) {
		return "", nil, invalid("The provided key element does not match the schema")
	}
	return text.String(), key, nil
}

func kindOf(v types.AttributeValue) string {
	m, _ := encodeAttribute(v).(map[string]any)
	for kind := range m {
		return kind
	}
	return ""
}

func (d *dynamoService) PutItem(_ context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	if in.ReturnValues != "" && in.ReturnValues != types.ReturnValueNone && in.ReturnValues != types.ReturnValueAllOld {
		return nil, invalid("Return values set to invalid value")
	}
	allowed, err := parseCondition(in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	old, err := d.change(in.TableName, in.Item, false, allowed, in.Item)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.PutItemOutput{}
	if in.ReturnValues == types.ReturnValueAllOld {
		out.Attributes = old
	}
	return out, nil
}

func (d *dynamoService) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	if in.ReturnValues != "" && in.ReturnValues != types.ReturnValueNone && in.ReturnValues != types.ReturnValueAllOld {
		return nil, invalid("Return values set to invalid value")
	}
	allowed, err := parseCondition(in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	old, err := d.change(in.TableName, in.Key, true, allowed, nil)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.DeleteItemOutput{}
	if in.ReturnValues == types.ReturnValueAllOld {
		out.Attributes = old
	}
	return out, nil
}

// change replaces the item with the key found in keyed by next (nil deletes it) when allowed holds for the old one.
func (d *dynamoService) change(tableName *string, keyed item, exact bool, allowed condition, next item) (item, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(tableName)
	if err != nil {
		return nil, err
	}
	text, key, err := t.keyOf(keyed, exact)
	if err != nil {
		return nil, err
	}
	old := t.items[text]
	ok, err := allowed(old)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse("ConditionalCheckFailedException", "The conditional request failed")
	}
	if next == nil {
		delete(t.items, text)
	} else {
		t.items[text] = next
	}
	d.record(t, key, old, next)
	return old, nil
}

// record tells the stream what happened. The mutex must be held, so that records come in order.
func (d *dynamoService) record(t *table, key, old, next item) {
	if t.view == "" || sameItem(old, next) {
		return
	}
	t.sequence++
	change := map[string]any{
		"ApproximateCreationDateTime": d.home.now().Unix(), "Keys": encodeItem(key), "StreamViewType": string(t.view),
		"SequenceNumber": fmt.Sprintf("%021d", t.sequence), "SizeBytes": len(compactJSON(encodeItem(key))),
	}
	name := "MODIFY"
	switch {
	case old == nil:
		name = "INSERT"
	case next == nil:
		name = "REMOVE"
	}
	if next != nil && (t.view == types.StreamViewTypeNewImage || t.view == types.StreamViewTypeNewAndOldImages) {
		change["NewImage"] = encodeItem(next)
	}
	if old != nil && (t.view == types.StreamViewTypeOldImage || t.view == types.StreamViewTypeNewAndOldImages) {
		change["OldImage"] = encodeItem(old)
	}
	record := map[string]any{
		"eventID": strings.ReplaceAll(newID(), "-", ""), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
		"awsRegion": d.home.region, "dynamodb": change, "eventSourceARN": t.streamARN,
	}
	for _, listen := range t.listeners {
		listen(record)
	}
}

func sameItem(a, b item) bool {
	return (a == nil) == (b == nil) && compactJSON(encodeItem(a)) == compactJSON(encodeItem(b))
}

func (d *dynamoService) GetItem(_ context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	if aws.ToString(in.ProjectionExpression) != "" {
		return nil, invalid("the sandbox has no projections")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, err
	}
	text, _, err := t.keyOf(in.Key, true)
	if err != nil {
		return nil, err
	}
	return &dynamodb.GetItemOutput{Item: t.items[text]}, nil
}

// Scan gives whole items in the order of their keys, filtered by the same expressions as conditions.
func (d *dynamoService) Scan(_ context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	if aws.ToString(in.ProjectionExpression) != "" || aws.ToString(in.IndexName) != "" {
		return nil, invalid("the sandbox has no projections and no indexes")
	}
	wanted, err := parseCondition(in.FilterExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.table(in.TableName)
	if err != nil {
		return nil, err
	}
	after := ""
	if in.ExclusiveStartKey != nil {
		if after, _, err = t.keyOf(in.ExclusiveStartKey, true); err != nil {
			return nil, err
		}
	}
	out := &dynamodb.ScanOutput{Items: []map[string]types.AttributeValue{}}
	for _, text := range slices.Sorted(maps.Keys(t.items)) {
		if text <= after {
			continue
		}
		if in.Limit != nil && out.ScannedCount == *in.Limit {
			break
		}
		out.ScannedCount++
		ok, err := wanted(t.items[text])
		if err != nil {
			return nil, err
		}
		if ok {
			out.Items = append(out.Items, t.items[text])
			out.Count++
		}
		if in.Limit != nil && out.ScannedCount == *in.Limit {
			_, out.LastEvaluatedKey, _ = t.keyOf(t.items[text], false) // it is in the table
		}
	}
	return out, nil
}

// listen hands every record of a table's stream to f, in order; f must not block and must not call the service.
func (d *dynamoService) listen(streamARN string, f func(record map[string]any)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tables {
		if t.streamARN == streamARN && streamARN != "" {
			t.listeners = append(t.listeners, f)
			return nil
		}
	}
	return refuse("InvalidParameterValueException", "Stream not found: %s", streamARN)
}
