package schemas

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/schemas"
	"github.com/aws/aws-sdk-go-v2/service/schemas/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/logs"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

const order = `{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}, "definitions": {"Line": {"type": "object", "required": ["sku"]}}}`

const openAPI = `{"openapi": "3.0.0", "info": {"title": "OrderPaid", "version": "1.0.0"}, "paths": {}, "components": {"schemas": {
"AWSEvent": {"type": "object", "required": ["source", "detail-type", "detail"], "properties": {"source": {"type": "string", "enum": ["shop"]}, "detail-type": {"type": "string", "enum": ["order-paid"]}, "detail": {"$ref": "#/components/schemas/OrderPaid"}}},
"OrderPaid": {"type": "object", "required": ["id", "total"], "properties": {"id": {"type": "string"}, "total": {"type": "number"}}}}}}`

// shop sets a registry up: OrderPlaced has three versions, OrderPaid one.
func shop(t *testing.T, s *stage.Stage) {
	t.Helper()
	k, name := s.Place.Schemas(), aws.String
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := k.CreateRegistry(t.Context(), &schemas.CreateRegistryInput{RegistryName: name("shop")})
	check(err)
	for _, x := range []struct {
		name, content string
		form          types.Type
	}{
		{"OrderPlaced", `{"type": "array"}`, types.TypeJSONSchemaDraft4},
		{"OrderPaid", openAPI, types.TypeOpenApi3},
		{"aws.ec2@EC2InstanceStateChangeNotification", openAPI, types.TypeOpenApi3},
		{"Misspelt", `{"typ": "object"}`, types.TypeJSONSchemaDraft4},
	} {
		_, err := k.CreateSchema(t.Context(), &schemas.CreateSchemaInput{RegistryName: name("shop"), SchemaName: &x.name, Type: x.form, Content: &x.content})
		check(err)
	}
	for _, content := range []string{`{"type": "string"}`, order} {
		_, err := k.UpdateSchema(t.Context(), &schemas.UpdateSchemaInput{RegistryName: name("shop"), SchemaName: name("OrderPlaced"), Content: &content})
		check(err)
	}
}

func bubble(t *testing.T, o sandbox.Options, f func(*testing.T, *stage.Stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, stage.New(t, o)) })
}

func deny(operations ...string) sandbox.Options {
	return sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
		if service == "schemas" && slices.Contains(operations, operation) {
			return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: schemas:" + operation + " on resource: arn"}
		}
		return nil
	}}
}

func TestWhatIsNotThere(t *testing.T) {
	const here = "account 000000000000, region us-east-1"
	for _, c := range []struct {
		name string
		ref  assertions.SchemaRef
		deny []string
		want string
	}{
		{"a registry that is nearly there", assertions.SchemaRef{Registry: "shp", Name: "OrderPlaced"}, nil, `there is no schema registry "shp" in ` + here + `; did you mean "shop"?`},
		{"another registry", assertions.SchemaRef{Registry: "warehouse", Name: "x", Version: "1"}, nil, `there is no schema registry "warehouse" in ` + here + `; there are: aws.events, discovered-schemas, shop`},
		{"a schema that is nearly there", assertions.SchemaRef{Registry: "shop", Name: "OrderPlacd"}, nil, `there is no schema "OrderPlacd" in registry "shop" in ` + here + `; did you mean "OrderPlaced"?`},
		{"another schema", assertions.SchemaRef{Registry: "shop", Name: "Zebra", Version: "3"}, nil, `there is no schema "Zebra" in registry "shop" in ` + here + `; there are: Misspelt, OrderPaid, OrderPlaced, aws.ec2@EC2InstanceStateChangeNotification`},
		{"in an empty registry", assertions.SchemaRef{Registry: "aws.events", Name: "Zebra"}, nil, `there is no schema "Zebra" in registry "aws.events" in ` + here + `; there are: none`},
		{"a version", assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced", Version: "17"}, nil, `schema OrderPlaced of registry shop in ` + here + ` has no version 17; there are: 1, 2, 3`},
		{"nobody may list", assertions.SchemaRef{Registry: "shop", Name: "Zebra"}, []string{"ListSchemas"}, `there is no schema "Zebra" in registry "shop" in ` + here + `, or no such registry (what there is cannot be listed: schemas ListSchemas: AccessDeniedException: User: arn:aws:iam::000000000000:user/ci is not authorized to perform: schemas:ListSchemas on resource: arn)`},
		{"nobody may read", assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced", Version: "2"}, []string{"DescribeSchema"}, `schema OrderPlaced of registry shop, version 2 may not be read: schemas DescribeSchema: AccessDeniedException: User: arn:aws:iam::000000000000:user/ci is not authorized to perform: schemas:DescribeSchema on resource: arn; this run needs the permission schemas:DescribeSchema on schema/shop/OrderPlaced`},
		{"no ARN of a registry", assertions.SchemaRef{Registry: "arn:aws:sqs:us-east-1:000000000000:shop", Name: "x"}, nil, `"arn:aws:sqs:us-east-1:000000000000:shop" is not the ARN of a registry; one looks like arn:aws:schemas:eu-west-1:111122223333:registry/NAME`},
		{"an ARN of a schema elsewhere", assertions.SchemaRef{Registry: "shop", Name: "arn:aws:schemas:us-east-1:000000000000:schema/depot/x"}, nil, `"arn:aws:schemas:us-east-1:000000000000:schema/depot/x" is not the ARN of a schema of registry shop; one looks like arn:aws:schemas:eu-west-1:111122223333:schema/shop/NAME`},
		{"another account", assertions.SchemaRef{Registry: "arn:aws:schemas:eu-west-1:111122223333:registry/shop", Name: "x"}, nil, `"arn:aws:schemas:eu-west-1:111122223333:registry/shop" is of account 111122223333, region eu-west-1, and this step runs in ` + here + `; name that account in the suite's accounts, and in the step with in`},
		{"a keyword", assertions.SchemaRef{Registry: "shop", Name: "Misspelt"}, nil, `schema Misspelt of registry shop, version 1:1:2: unknown keyword "typ" of JSON Schema draft-04; did you mean "type"?`},
		{"a definition", assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced", Type: "Lin"}, nil, `schema OrderPlaced of registry shop, version 3: it defines no "Lin"; did you mean "Line"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, deny(c.deny...), func(t *testing.T, s *stage.Stage) {
				shop(t, s)
				err := Bind(t.Context(), s.Env(), &c.ref)
				if d := cmp.Diff(c.want, awsclient.Explain(err)); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// A schema is read once a run, and whoever could not read it asks again.
func TestReadOnce(t *testing.T) {
	var reads, fail atomic.Int32
	o := sandbox.Options{Intercept: func(_ context.Context, service, operation string) error {
		if operation != "DescribeSchema" {
			return nil
		}
		reads.Add(1)
		if fail.Add(-1) >= 0 {
			return &smithy.GenericAPIError{Code: "ForbiddenException", Message: "not now"}
		}
		return nil
	}}
	bubble(t, o, func(t *testing.T, s *stage.Stage) {
		shop(t, s)
		fail.Store(1)
		if err := Bind(t.Context(), s.Env(), &assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced"}); err == nil || !strings.Contains(err.Error(), "may not be read") {
			t.Errorf("%v", err)
		}
		for _, r := range []assertions.SchemaRef{
			{Registry: "shop", Name: "OrderPlaced"},
			{Registry: "arn:aws:schemas:us-east-1:000000000000:registry/shop", Name: "arn:aws:schemas:us-east-1:000000000000:schema/shop/OrderPlaced"},
			{Registry: "shop", Name: "OrderPlaced", Type: "Line"},
		} {
			if err := Bind(t.Context(), s.Env(), &r); err != nil {
				t.Error(err)
			}
		}
		if n := reads.Load(); n != 2 {
			t.Errorf("read %d times", n)
		}
	})
}

// What answers in place of AWS may have no registry.
func TestNoRegistryAtAll(t *testing.T) {
	o := sandbox.Options{Intercept: func(_ context.Context, service, _ string) error {
		if service == "schemas" {
			return &smithy.GenericAPIError{Code: "UnknownError", Message: "no such service"}
		}
		return nil
	}}
	bubble(t, o, func(t *testing.T, s *stage.Stage) {
		err := Bind(t.Context(), s.Env(), &assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced"})
		want := "schema OrderPlaced of registry shop cannot be read: schemas DescribeSchema: UnknownError: no such service; is there a schema registry at http://aws.sandbox.localhost? Without one, keep the schema in a file"
		if d := cmp.Diff(want, awsclient.Explain(err)); d != "" {
			t.Error(d)
		}
	})
}

// A call that nobody answers ends with whoever asked.
func TestNoAnswer(t *testing.T) {
	o := sandbox.Options{Intercept: func(ctx context.Context, service, _ string) error {
		if service == "schemas" {
			<-ctx.Done()
		}
		return ctx.Err()
	}}
	bubble(t, o, func(t *testing.T, s *stage.Stage) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		if err := Bind(ctx, s.Env(), &assertions.SchemaRef{Registry: "shop", Name: "OrderPlaced"}); err == nil || err.Error() != "enough" {
			t.Errorf("%v", err)
		}
	})
}

func TestParameters(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.json")
	broken := filepath.Join(dir, "broken.json")
	for name, text := range map[string]string{file: order, broken: `{"type":`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, yaml string
		want       []string
	}{
		{"a file that is no schema", "{schema_file: " + broken + "}", []string{"the schema in broken.json cannot be used: the schema cannot be read as JSON: it ends in the middle"}},
		{"no such part of a file", "{schema_file: " + file + ", type: Lin}", []string{`the schema in a.json cannot be used: the schema's definitions have no "Lin"; did you mean "Line"?`}},
		{"perhaps such a part of a file", "{schema_file: " + file + ", type: \"${vars.t}\"}", nil},
		{"nothing", "{}", []string{"mock_event needs registry, or schema_file"}},
		{"both", "{registry: shop, schema: a, schema_file: " + file + "}", []string{"mock_event takes registry, or schema_file, not both; found registry, schema and schema_file"}},
		{"a registry alone", "{registry: shop}", []string{"registry names where the schema is kept; write schema: NAME beside it, for which one it is"}},
		{"a schema alone", "{schema: shop}", []string{"mock_event needs registry, or schema_file"}},
		{"a version of a file", "{schema_file: " + file + ", version: 2}", []string{"mock_event takes registry, or schema_file, not both; found version and schema_file"}},
		{"no file", "{schema_file: " + filepath.Join(dir, "b.json") + "}", []string{`there is no file "` + filepath.Join(dir, "b.json") + `" (looked at ` + filepath.Join(dir, "b.json") + `); did you mean "a.json"?`}},
		{"no such parameter", "{registry: shop, schema: a, requiredOnly: true}", []string{`unknown parameter "requiredOnly"; did you mean "required_only"?`}},
		{"values", "{registry: shop, schema: a, version: 0, set: [a], seed: abc}", []string{"a version of a schema is a whole number from 1 on, found 0", "expected paths with their values, found a list; write {detail.state: done}", `expected a whole number, found the text "abc"`}},
		{"nothing to set", "{registry: shop, schema: a, set: {}}", []string{"nothing is set; write at least one path: value, or leave set out"}},
		{"wrong paths", "{registry: shop, schema: a, set: {'detail[': 1, '$..id': 2}}", []string{"\"detail[\" is not a path: '[' is not closed", `"$..id" can lead to many places, and a value belongs in one`}},
		{"places that are none", "{registry: shop, schema: a, set: {'detail.l[2000000]': 1, 'detail.l[length(@) - 1]': 2}}", []string{`"detail.l[2000000]" has an index that is no place to set: one is a whole number from 0 to 1048576, written out`, `"detail.l[length(@) - 1]" has an index that is no place to set: one is a whole number from 0 to 1048576, written out`}},
		{"an empty version", "{registry: shop, schema: a, version: ''}", []string{"the version is empty; leave it out for the latest"}},
		{"right", "{registry: shop, schema: a, version: 3, type: b, required_only: true, set: {detail.a: null, \"$['detail-type']\": x}, seed: -5}", nil},
		{"text for a version", "{registry: shop, schema: a, version: \"3\"}", nil},
		{"expressions", "{registry: \"${vars.r}\", schema: \"${vars.s}\", version: \"${vars.v}\", set: \"${vars.set}\", seed: \"${vars.seed}\"}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, stage.Complaints(MockEvent, c.yaml)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMockEvent(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	order := write("order.json", order)
	paid := write("paid.yml", openAPI)
	for _, c := range []struct{ name, yaml, id, wrong string }{
		{"a file", "{schema_file: " + order + ", set: {id: a-1}}", "a-1", ""},
		{"its definition", "{schema_file: " + order + ", type: Line, set: {id: a-2}}", "a-2", ""},
		{"YAML", "{schema_file: " + paid + ", set: {detail.id: a-3}}", "a-3", ""},
		{"a part of it", "{schema_file: " + paid + ", type: OrderPaid, set: {id: a-4}}", "a-4", ""},
		{"the latest of a registry", "{registry: shop, schema: OrderPlaced, set: {id: a-5}}", "a-5", ""},
		{"an ARN", "{registry: \"arn:aws:schemas:us-east-1:000000000000:registry/shop\", schema: \"arn:aws:schemas:us-east-1:000000000000:schema/shop/OrderPaid\", set: {detail.id: a-6}}", "a-6", ""},
		{"an at sign", "{registry: shop, schema: aws.ec2@EC2InstanceStateChangeNotification, version: 1, set: {detail.id: a-7}}", "a-7", ""},
		{"set breaks it", "{registry: shop, schema: OrderPlaced, set: {id: 5}}", "", "no event can be made from schema OrderPlaced of registry shop, version 3: "},
		{"an old version", "{registry: shop, schema: OrderPlaced, version: 2, set: {id: 5}}", "", "no event can be made from schema OrderPlaced of registry shop, version 2: "},
		{"no such version", "{registry: shop, schema: OrderPlaced, version: 9}", "", "has no version 9; there are: 1, 2, 3"},
		{"no such part", "{schema_file: " + paid + ", type: OrderPayed}", "", `the schema in paid.yml cannot be used: components/schemas has no "OrderPayed"; did you mean "OrderPaid"?`},
		{"an expression in YAML", "{schema_file: " + write("open.yaml", "type: object\ntitle: ${vars.x}\n") + "}", "", "this file is data, so nothing in it is evaluated: write $${ to mean the text ${"},
		{"two documents", "{schema_file: " + write("two.yaml", "type: object\n---\ntype: string\n") + "}", "", "the schema in two.yaml cannot be read: one schema belongs there, and the file holds 2 documents"},
		{"too large", "{schema_file: " + write("large.json", strings.Repeat(" ", maxFile+1)) + "}", "", "the schema in large.json cannot be read: it has more than 4 MiB"},
		{"empty", "{schema_file: " + write("empty.json", "") + "}", "", "the schema in empty.json cannot be used: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, sandbox.Options{}, func(t *testing.T, s *stage.Stage) {
				shop(t, s)
				got, err := s.Do(MockEvent, c.yaml)
				if c.wrong != "" {
					if err == nil || !strings.Contains(err.Error(), c.wrong) || !steps.IsMarkedFinal(err) {
						t.Errorf("%v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				event := got.(map[string]any)["event"].(map[string]any)
				if detail, ok := event["detail"].(map[string]any); ok {
					event = detail
				}
				if event["id"] != c.id {
					t.Errorf("%v", got)
				}
			})
		})
	}
}

// The version that was found is told, and an event that was made from a
// registry's schema fits what a check holds against it.
func TestMadeFitsTheCheck(t *testing.T) {
	bubble(t, sandbox.Options{}, func(t *testing.T, s *stage.Stage) {
		shop(t, s)
		for name, version := range map[string]string{"OrderPlaced": "3", "OrderPaid": "1"} {
			made := s.Must(MockEvent, "{registry: shop, schema: "+name+"}")
			if made["schema_version"] != version {
				t.Errorf("%s: version %v", name, made["schema_version"])
			}
			checks := assertions.Rule("event", "schema", map[string]any{"registry": "shop", "name": name})
			for _, r := range checks.Schemas() {
				if err := Bind(t.Context(), s.Env(), r); err != nil {
					t.Fatal(err)
				}
			}
			if _, unmet := checks.Run(map[string]any(made)); len(unmet) > 0 {
				t.Errorf("%s: %+v", name, unmet)
			}
			if checks.Holds(map[string]any{"event": map[string]any{"detail": "x"}}) {
				t.Errorf("%s: anything fits", name)
			}
		}
	})
}

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		kind steps.Kind
		yaml string
		want []steps.Permission
	}{
		{MockEvent, "{registry: shop, schema: a}", []steps.Permission{{Action: "schemas:DescribeSchema", Resource: "shop/a"}}},
		{MockEvent, "{registry: \"${vars.r}\", schema: a}", []steps.Permission{{Action: "schemas:DescribeSchema"}}},
		{MockEvent, "{schema_file: schemas_test.go}", nil},
		{logs.LogEvents, "{log_group: g, where: {json: {any: {schema: {registry: shop, name: a}}}}}", []steps.Permission{{Action: "schemas:DescribeSchema", Resource: "shop/a"}}},
	} {
		t.Run(c.kind.Name+c.yaml, func(t *testing.T) {
			n := schema.ReadDocuments("x.yaml", []byte(c.yaml), &schema.Problems{})[0]
			var got []steps.Permission
			for _, p := range c.kind.Facts(n).Needs {
				if strings.HasPrefix(p.Action, "schemas:") {
					got = append(got, p)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
