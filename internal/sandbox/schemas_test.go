package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/schemas"
	"github.com/aws/aws-sdk-go-v2/service/schemas/types"
	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

func (c *clients) schemas() *schemas.Client {
	config := c.Config()
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return schemas.NewFromConfig(config)
}

// putSchema makes a version of a schema, and what it needs.
func putSchema(t *testing.T, c *clients, registry, name, content string) string {
	t.Helper()
	k := c.schemas()
	if _, err := k.CreateRegistry(c.ctx, &schemas.CreateRegistryInput{RegistryName: &registry, Tags: map[string]string{"a": "b"}}); err != nil && code(err) != "ConflictException" {
		t.Fatal(err)
	}
	made, err := k.CreateSchema(c.ctx, &schemas.CreateSchemaInput{RegistryName: &registry, SchemaName: &name, Type: types.TypeJSONSchemaDraft4, Content: &content})
	if err == nil {
		return *made.SchemaVersion
	}
	next := must[*schemas.UpdateSchemaOutput](t)(k.UpdateSchema(c.ctx, &schemas.UpdateSchemaInput{RegistryName: &registry, SchemaName: &name, Content: &content}))
	return *next.SchemaVersion
}

func TestSchemaErrors(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		putSchema(t, c, "shop", "OrderPlaced", `{"type": "object"}`)
		k := c.schemas()
		name := aws.String
		for _, x := range []struct {
			what string
			call func() error
			want string
		}{
			{"no registry", func() error {
				_, err := k.DescribeSchema(c.ctx, &schemas.DescribeSchemaInput{RegistryName: name("shp"), SchemaName: name("x")})
				return err
			}, "NotFoundException: Registry with name: shp does not exist"},
			{"no schema", func() error {
				_, err := k.DescribeSchema(c.ctx, &schemas.DescribeSchemaInput{RegistryName: name("shop"), SchemaName: name("a@b")})
				return err
			}, "NotFoundException: Schema with name: a@b does not exist"},
			{"no version", func() error {
				_, err := k.DescribeSchema(c.ctx, &schemas.DescribeSchemaInput{RegistryName: name("shop"), SchemaName: name("OrderPlaced"), SchemaVersion: name("2")})
				return err
			}, "NotFoundException: Schema version with name: 2 does not exist"},
			{"no registry to list", func() error {
				_, err := k.ListSchemas(c.ctx, &schemas.ListSchemasInput{RegistryName: name("shp")})
				return err
			}, "NotFoundException: Registry with name: shp does not exist"},
			{"twice", func() error {
				_, err := k.CreateRegistry(c.ctx, &schemas.CreateRegistryInput{RegistryName: name("shop")})
				return err
			}, "ConflictException: Registry with name shop already exists."},
			{"reserved", func() error {
				_, err := k.CreateRegistry(c.ctx, &schemas.CreateRegistryInput{RegistryName: name("aws.mine")})
				return err
			}, "BadRequestException: Registry names that begin with aws. are reserved."},
			{"no JSON", func() error {
				_, err := k.UpdateSchema(c.ctx, &schemas.UpdateSchemaInput{RegistryName: name("shop"), SchemaName: name("OrderPlaced"), Content: name("{")})
				return err
			}, "BadRequestException: Content is not valid JSON."},
			{"what it does not have", func() error {
				_, err := k.DeleteSchema(c.ctx, &schemas.DeleteSchemaInput{RegistryName: name("shop"), SchemaName: name("OrderPlaced")})
				return err
			}, `UnknownOperationException: the sandbox does not have the operation DELETE /v1/registries/name/shop/schemas/name/OrderPlaced of "schemas"`},
		} {
			t.Run(x.what, func(t *testing.T) {
				if err := x.call(); err == nil || !strings.HasSuffix(err.Error(), x.want) {
					t.Errorf("%v", err)
				}
			})
		}
	})
}

func TestSchemas(t *testing.T) {
	bubble(t, sandbox.Options{}, func(c *clients) {
		const odd = "aws.ec2@EC2InstanceStateChangeNotification"
		versions := []string{putSchema(t, c, "shop", odd, `{"title": "one"}`), putSchema(t, c, "shop", odd, `{"title": "two"}`), putSchema(t, c, "shop", "Z", "{}")}
		if d := cmp.Diff([]string{"1", "2", "1"}, versions); d != "" {
			t.Error(d)
		}
		k := c.schemas()
		for version, want := range map[string]string{"": "2", "1": "1", "2": "2"} {
			in := &schemas.DescribeSchemaInput{RegistryName: aws.String("shop"), SchemaName: aws.String(odd)}
			if version != "" {
				in.SchemaVersion = &version
			}
			out := must[*schemas.DescribeSchemaOutput](t)(k.DescribeSchema(c.ctx, in))
			if *out.SchemaVersion != want || *out.Content != map[string]string{"1": `{"title": "one"}`, "2": `{"title": "two"}`}[want] || *out.Type != "JSONSchemaDraft4" ||
				*out.SchemaName != odd || *out.SchemaArn != "arn:aws:schemas:"+sandbox.Region+":"+sandbox.Account+":schema/shop/"+odd || time.Since(*out.LastModified) != 0 {
				t.Errorf("version %q: %s %s %s", version, *out.SchemaVersion, *out.Content, *out.SchemaArn)
			}
		}
		var names []string
		pages := schemas.NewListSchemasPaginator(k, &schemas.ListSchemasInput{RegistryName: aws.String("shop"), Limit: aws.Int32(1)})
		for pages.HasMorePages() {
			page := must[*schemas.ListSchemasOutput](t)(pages.NextPage(c.ctx))
			for _, s := range page.Schemas {
				names = append(names, *s.SchemaName)
			}
		}
		for _, r := range must[*schemas.ListRegistriesOutput](t)(k.ListRegistries(c.ctx, &schemas.ListRegistriesInput{})).Registries {
			names = append(names, *r.RegistryName)
		}
		all := must[*schemas.ListSchemaVersionsOutput](t)(k.ListSchemaVersions(c.ctx, &schemas.ListSchemaVersionsInput{RegistryName: aws.String("shop"), SchemaName: aws.String(odd)}))
		for _, v := range all.SchemaVersions {
			names = append(names, *v.SchemaVersion)
		}
		if d := cmp.Diff([]string{"Z", odd, "aws.events", "discovered-schemas", "shop", "1", "2"}, names); d != "" {
			t.Error(d)
		}
	})
}

func TestSchemasOfATemplate(t *testing.T) {
	const template = `
Resources:
  Registry:
    Type: AWS::EventSchemas::Registry
    Properties: {RegistryName: shop, Description: what the shop says}
  Order:
    Type: AWS::EventSchemas::Schema
    Properties:
      RegistryName: !GetAtt Registry.RegistryName
      SchemaName: OrderPlaced
      Type: JSONSchemaDraft4
      Content: '{"type": "object"}'
Outputs:
  All: {Value: !Sub "${Registry} ${Order} ${Order.SchemaVersion} ${Order.SchemaName}"}
`
	bubble(t, sandbox.Options{}, func(c *clients) {
		if err := c.Deploy(c.ctx, "s", "s", []byte(template), nil); err != nil {
			t.Fatal(err)
		}
		at := "arn:aws:schemas:" + sandbox.Region + ":" + sandbox.Account + ":"
		if got := c.outputs("s")["All"]; got != at+"registry/shop "+at+"schema/shop/OrderPlaced 1 OrderPlaced" {
			t.Error(got)
		}
		err := c.Deploy(c.ctx, "t", "t", []byte(strings.Replace(template, `'{"type": "object"}'`, "'{'", 1)), nil)
		if err == nil {
			t.Error("a registry of the same name was made again")
		}
	})
}

// Whoever makes the sandbox fail meets this service too.
func TestSchemasUnkind(t *testing.T) {
	gone := errors.New("gone")
	var asked []string
	o := sandbox.Options{
		Intercept: func(_ context.Context, service, operation string) error {
			asked = append(asked, service+"."+operation)
			return nil
		},
		Answer: func(_ context.Context, service, operation string) error {
			if operation == "CreateSchema" {
				return gone
			}
			return nil
		},
	}
	bubble(t, o, func(c *clients) {
		k := c.schemas()
		must[*schemas.CreateRegistryOutput](t)(k.CreateRegistry(c.ctx, &schemas.CreateRegistryInput{RegistryName: aws.String("shop")}))
		_, err := k.CreateSchema(c.ctx, &schemas.CreateSchemaInput{RegistryName: aws.String("shop"), SchemaName: aws.String("a"), Type: types.TypeOpenApi3, Content: aws.String("{}")})
		if err == nil || code(err) != err.Error() {
			t.Errorf("an answer that was cut: %v", err)
		}
		out := must[*schemas.ListSchemasOutput](t)(k.ListSchemas(c.ctx, &schemas.ListSchemasInput{RegistryName: aws.String("shop")}))
		if len(out.Schemas) != 1 || !strings.Contains(strings.Join(asked, " "), "schemas.CreateSchema schemas.ListSchemas") {
			t.Errorf("%d schemas, %v", len(out.Schemas), asked)
		}
	})
}
