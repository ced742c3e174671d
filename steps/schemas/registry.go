// Package schemas makes events from schemas, and reads the schemas that checks
// name: those of EventBridge's registries, and those in files. How a value is
// made of a schema is not known here.
package schemas

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/schemas"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/mock"
	"github.com/rehearse-dev/rehearse/steps"
)

// document is a schema as it was found, in a registry or in a file.
type document struct {
	shown   string    // what messages call it
	version string    // in its registry; "" for a file
	form    mock.Form // as the registry names it; "" when only the document tells
	text    []byte
}

// pageSize is how many names a page of a list has at most.
const pageSize = 100

// describe reads a schema of a registry, once a run: the latest version where
// none is named, and whoever asks for the same gets the one that was read then.
func describe(ctx context.Context, env *steps.Env, registry, name, version string) (document, error) {
	place := env.AWS.Shared()
	registry, err := plainName(place, registry, "registry/", "registry")
	if err != nil {
		return document{}, err
	}
	if name, err = plainName(place, name, "schema/"+registry+"/", "schema of registry "+registry); err != nil {
		return document{}, err
	}
	key := fmt.Sprintf("schemas %s %q %q %q", place.Key(), registry, name, version)
	return steps.Share(ctx, env.Run, key, func(ctx context.Context) (document, error) {
		return read(ctx, place, registry, name, version)
	})
}

// plainName gives the name behind an ARN, which must be of the place.
func plainName(place *awsclient.Place, ref, prefix, what string) (string, error) {
	if !strings.HasPrefix(ref, "arn:") {
		return ref, nil
	}
	parts := strings.SplitN(ref, ":", 6)
	if len(parts) < 6 || parts[2] != "schemas" || !strings.HasPrefix(parts[5], prefix) || len(parts[5]) == len(prefix) {
		return "", steps.Finalf("%q is not the ARN of a %s; one looks like arn:aws:schemas:eu-west-1:111122223333:%sNAME", ref, what, prefix)
	}
	if account := parts[4]; parts[3] != place.Region || account != "" && account != place.Account {
		return "", steps.Finalf("%q is of account %s, region %s, and this step runs in account %s, region %s; name that account in the suite's accounts, and in the step with in", ref, account, parts[3], place.Account, place.Region)
	}
	return parts[5][len(prefix):], nil
}

func read(ctx context.Context, place *awsclient.Place, registry, name, version string) (document, error) {
	in := &schemas.DescribeSchemaInput{RegistryName: &registry, SchemaName: &name}
	shown := fmt.Sprintf("schema %s of registry %s", name, registry)
	if version != "" {
		in.SchemaVersion = &version
		shown += ", version " + version
	}
	out, err := place.Schemas().DescribeSchema(ctx, in)
	switch {
	case awsclient.Is(err, "NotFoundException"):
		return document{}, missing(ctx, place, registry, name, version)
	case refused(err):
		return document{}, steps.Final(fmt.Errorf("%s may not be read: %w; this run needs the permission schemas:DescribeSchema on schema/%s", shown, err, steps.SchemaResource(registry, name)))
	case awsclient.Code(err) == "UnknownError" && place.Endpoint != "": // an answer without a code is none of AWS
		return document{}, fmt.Errorf("%s cannot be read: %w; is there a schema registry at %s? Without one, keep the schema in a file", shown, err, place.Endpoint)
	case err != nil:
		return document{}, fmt.Errorf("%s cannot be read: %w", shown, err)
	}
	d := document{version: aws.ToString(out.SchemaVersion), form: mock.Form(aws.ToString(out.Type)), text: []byte(aws.ToString(out.Content))}
	d.shown = fmt.Sprintf("schema %s of registry %s, version %s", name, registry, d.version)
	switch {
	case d.form != mock.OpenAPI3 && d.form != mock.JSONSchema:
		return document{}, steps.Finalf("%s is of type %q, and only %s and %s are understood", d.shown, d.form, mock.OpenAPI3, mock.JSONSchema)
	case len(d.text) == 0:
		return document{}, steps.Finalf("%s is empty", d.shown)
	}
	return d, nil
}

// refused recognises what the registry answers to who may not call it.
func refused(err error) bool {
	return awsclient.Denied(err) || awsclient.Is(err, "ForbiddenException", "UnauthorizedException")
}

// missing says which of registry, schema and version is not there, and which are.
func missing(ctx context.Context, place *awsclient.Place, registry, name, version string) error {
	where := fmt.Sprintf("account %s, region %s", place.Account, place.Region)
	if version != "" {
		versions := schemas.NewListSchemaVersionsPaginator(place.Schemas(), &schemas.ListSchemaVersionsInput{RegistryName: &registry, SchemaName: &name, Limit: aws.Int32(pageSize)})
		if first, err := versions.NextPage(ctx); err == nil && len(first.SchemaVersions) > 0 {
			return steps.Finalf("schema %s of registry %s in %s has no version %s%s", name, registry, where, version,
				steps.Known(ctx, version, "versions", namesOf(first, versions.HasMorePages, versions.NextPage, versionNames)))
		}
	}
	all := schemas.NewListSchemasPaginator(place.Schemas(), &schemas.ListSchemasInput{RegistryName: &registry, Limit: aws.Int32(pageSize)})
	first, err := all.NextPage(ctx)
	switch {
	case awsclient.Is(err, "NotFoundException"):
		registries := schemas.NewListRegistriesPaginator(place.Schemas(), &schemas.ListRegistriesInput{Limit: aws.Int32(pageSize)})
		return steps.Finalf("there is no schema registry %q in %s%s", registry, where,
			steps.Known(ctx, registry, "registries", namesOf(nil, registries.HasMorePages, registries.NextPage, registryNames)))
	case err != nil:
		return steps.Finalf("there is no schema %q in registry %q in %s, or no such registry (what there is cannot be listed: %s)", name, registry, where, awsclient.Explain(err))
	}
	return steps.Finalf("there is no schema %q in registry %q in %s%s", name, registry, where,
		steps.Known(ctx, name, "schemas", namesOf(first, all.HasMorePages, all.NextPage, schemaNames)))
}

// namesOf gives the names on one page of a list after the other; first is one
// that was read already.
func namesOf[P, O any](first *P, more func() bool, next func(context.Context, ...O) (*P, error), names func(*P) []string) func(context.Context) ([]string, bool, error) {
	return func(ctx context.Context) ([]string, bool, error) {
		page := first
		if first = nil; page == nil {
			var err error
			if page, err = next(ctx); err != nil {
				return nil, false, err
			}
		}
		return names(page), more(), nil
	}
}

func registryNames(p *schemas.ListRegistriesOutput) (l []string) {
	for _, r := range p.Registries {
		l = append(l, aws.ToString(r.RegistryName))
	}
	return l
}

func schemaNames(p *schemas.ListSchemasOutput) (l []string) {
	for _, s := range p.Schemas {
		l = append(l, aws.ToString(s.SchemaName))
	}
	return l
}

func versionNames(p *schemas.ListSchemaVersionsOutput) (l []string) {
	for _, v := range p.SchemaVersions {
		l = append(l, aws.ToString(v.SchemaVersion))
	}
	return l
}
