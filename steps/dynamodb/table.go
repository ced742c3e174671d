// Package dynamodb holds the kinds of steps for items in tables. It must not
// know what reads a table's stream.
package dynamodb

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// item is an item, or the key of one, as the service holds it.
type item = map[string]types.AttributeValue

var tableARN = regexp.MustCompile(`^arn:[^:]+:dynamodb:([^:]+):([^:]*):table/([^/]+)$`)

// tableName gives a table's name for an ARN of the place's own account and
// region; the service itself takes the ARNs of others.
func tableName(place *awsclient.Place, ref string) string {
	m := tableARN.FindStringSubmatch(ref)
	if m != nil && m[1] == place.Region && m[2] == place.Account {
		return m[3]
	}
	return ref
}

// keyAttribute is one attribute of a table's key.
type keyAttribute struct {
	name string
	kind types.ScalarAttributeType // S, N or B
	role string                    // hash or range
}

// table is what a run must know of a table.
type table struct {
	ref  string // as its user wrote it
	name string
	keys []keyAttribute
}

// tableOf reads a table's key schema, once a run.
func tableOf(ctx context.Context, env *steps.Env, ref string) (*table, error) {
	place, name := env.AWS, tableName(env.AWS, ref)
	key := fmt.Sprintf("dynamodb.table %s %s %s", place.Account, place.Region, name)
	return steps.Share(ctx, env.Run, key, func(ctx context.Context) (*table, error) {
		out, err := place.DynamoDB().DescribeTable(ctx, &ddb.DescribeTableInput{TableName: &name})
		if err != nil {
			return nil, explained(ctx, err, place, ref)
		}
		t := &table{ref: ref, name: name}
		for _, k := range out.Table.KeySchema {
			a := keyAttribute{name: aws.ToString(k.AttributeName), role: strings.ToLower(string(k.KeyType))}
			for _, d := range out.Table.AttributeDefinitions {
				if aws.ToString(d.AttributeName) == a.name {
					a.kind = d.AttributeType
				}
			}
			t.keys = append(t.keys, a)
		}
		if len(t.keys) == 0 {
			return nil, fmt.Errorf("table %q: the service names no key", ref)
		}
		return t, nil
	})
}

// explained says a service's error with the table it is about.
func explained(ctx context.Context, err error, place *awsclient.Place, ref string) error {
	switch {
	case err == nil:
		return nil
	case awsclient.Is(err, "ResourceNotFoundException"):
		return noTable(ctx, place, ref)
	}
	return fmt.Errorf("table %q: %w", ref, err)
}

// noTable says that a table does not exist, and which do.
func noTable(ctx context.Context, place *awsclient.Place, ref string) error {
	name, others := tableName(place, ref), ""
	if !strings.HasPrefix(name, "arn:") { // else it would be another account's
		pages := ddb.NewListTablesPaginator(place.DynamoDB(), &ddb.ListTablesInput{})
		others = steps.Known(ctx, name, "tables", func(ctx context.Context) ([]string, bool, error) {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, false, err
			}
			return page.TableNames, pages.HasMorePages(), nil
		})
	}
	return steps.Finalf("table %q does not exist in account %s, region %s%s", ref, place.Account, place.Region, others)
}

// keyOf takes the key out of an item and says what is wrong with it, which the
// service does only in general words.
func (t *table) keyOf(of item, what string) (item, error) {
	key := item{}
	for _, k := range t.keys {
		v, ok := of[k.name]
		if !ok {
			return nil, steps.Finalf("the %s lacks %q; the key of table %q is %s", what, k.name, t.ref, t.schema())
		}
		if got := typeOf(v); got != string(k.kind) {
			return nil, steps.Finalf("%q in the %s is of type %s; the key of table %q is %s", k.name, what, got, t.ref, t.schema())
		}
		if isEmpty(v) {
			return nil, steps.Finalf("%q in the %s is empty; an attribute of a key cannot be", k.name, what)
		}
		key[k.name] = v
	}
	return key, nil
}

// exactKey is keyOf for what must have nothing but the key.
func (t *table) exactKey(of item) (item, error) {
	key, err := t.keyOf(of, "key")
	if err != nil {
		return nil, err
	}
	for name := range of {
		if _, ok := key[name]; !ok {
			return nil, steps.Finalf("%q is not in the key of table %q, which is %s", name, t.ref, t.schema())
		}
	}
	return key, nil
}

// schema is the key as messages show it: pk (S, hash), sk (N, range).
func (t *table) schema() string {
	l := make([]string, len(t.keys))
	for i, k := range t.keys {
		l[i] = fmt.Sprintf("%s (%s, %s)", k.name, k.kind, k.role)
	}
	return strings.Join(l, ", ")
}

func isEmpty(v types.AttributeValue) bool {
	switch x := v.(type) {
	case *types.AttributeValueMemberS:
		return x.Value == ""
	case *types.AttributeValueMemberB:
		return len(x.Value) == 0
	}
	return false
}
