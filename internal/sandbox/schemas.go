package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/schemas"
	"github.com/aws/aws-sdk-go-v2/service/schemas/types"
)

// schemaService is EventBridge's registry of schemas. Two registries are there from the start, as in every account:
// aws.events (empty here) and discovered-schemas.
type schemaService struct {
	home       *home
	mu         sync.Mutex
	registries map[string]*schemaRegistry
}

type schemaRegistry struct {
	name, description string
	schemas           map[string]*registeredSchema
}

// registeredSchema has its versions in their order: the first is "1".
type registeredSchema struct {
	name     string
	versions []schemaVersion
}

type schemaVersion struct {
	kind, content, description string
	made                       time.Time
}

func newSchemas(h *home) *schemaService {
	return &schemaService{home: h, registries: map[string]*schemaRegistry{
		"aws.events":         {name: "aws.events", description: "Schemas of the events of AWS services", schemas: map[string]*registeredSchema{}},
		"discovered-schemas": {name: "discovered-schemas", schemas: map[string]*registeredSchema{}},
	}}
}

func notFound(what, name string) error {
	return &apiError{Code: "NotFoundException", Message: what + " with name: " + name + " does not exist", Status: http.StatusNotFound}
}

func badSchema(message string) error { return refuse("BadRequestException", "%s", message) }

func (s *schemaService) registry(name *string) (*schemaRegistry, error) {
	if r := s.registries[aws.ToString(name)]; r != nil {
		return r, nil
	}
	return nil, notFound("Registry", aws.ToString(name))
}

func (s *schemaService) schema(registry, name *string) (*registeredSchema, error) {
	r, err := s.registry(registry)
	if err != nil {
		return nil, err
	}
	if x := r.schemas[aws.ToString(name)]; x != nil {
		return x, nil
	}
	return nil, notFound("Schema", aws.ToString(name))
}

// version gives a version of a schema, the latest where none is named.
func (s *schemaService) version(registry, name, version *string) (*registeredSchema, int, error) {
	x, err := s.schema(registry, name)
	if err != nil || aws.ToString(version) == "" {
		return x, lastVersion(x), err
	}
	n, err := strconv.Atoi(*version)
	if err != nil || n < 1 || n > len(x.versions) {
		return nil, 0, notFound("Schema version", *version)
	}
	return x, n, nil
}

func lastVersion(x *registeredSchema) int {
	if x == nil {
		return 0
	}
	return len(x.versions)
}

func (s *schemaService) registryARN(name string) *string {
	return aws.String(s.home.arn("schemas", "registry/"+name))
}

func (s *schemaService) schemaARN(registry, name string) *string {
	return aws.String(s.home.arn("schemas", "schema/"+registry+"/"+name))
}

// CreateRegistry makes a registry.
func (s *schemaService) CreateRegistry(_ context.Context, in *schemas.CreateRegistryInput) (*schemas.CreateRegistryOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := aws.ToString(in.RegistryName)
	if s.registries[name] != nil {
		return nil, &apiError{Code: "ConflictException", Message: "Registry with name " + name + " already exists.", Status: http.StatusConflict}
	}
	if strings.HasPrefix(name, "aws.") {
		return nil, badSchema("Registry names that begin with aws. are reserved.")
	}
	r := &schemaRegistry{name: name, description: aws.ToString(in.Description), schemas: map[string]*registeredSchema{}}
	s.registries[name] = r
	return &schemas.CreateRegistryOutput{RegistryName: &r.name, RegistryArn: s.registryARN(name), Description: optional(r.description)}, nil
}

// ListRegistries lists registries by their names.
func (s *schemaService) ListRegistries(_ context.Context, in *schemas.ListRegistriesInput) (*schemas.ListRegistriesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, next := pageOf(slices.Sorted(maps.Keys(s.registries)), in.RegistryNamePrefix, in.NextToken, in.Limit)
	out := &schemas.ListRegistriesOutput{Registries: []types.RegistrySummary{}, NextToken: next}
	for _, name := range names {
		out.Registries = append(out.Registries, types.RegistrySummary{RegistryName: &name, RegistryArn: s.registryARN(name)})
	}
	return out, nil
}

// CreateSchema makes a schema with its version "1".
func (s *schemaService) CreateSchema(_ context.Context, in *schemas.CreateSchemaInput) (*schemas.CreateSchemaOutput, error) {
	v, err := s.newVersion(string(in.Type), aws.ToString(in.Content), aws.ToString(in.Description))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.registry(in.RegistryName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.SchemaName)
	if r.schemas[name] != nil {
		return nil, &apiError{Code: "ConflictException", Message: "Schema with name " + name + " already exists.", Status: http.StatusConflict}
	}
	r.schemas[name] = &registeredSchema{name: name, versions: []schemaVersion{v}}
	return &schemas.CreateSchemaOutput{
		SchemaName: &name, SchemaArn: s.schemaARN(r.name, name), SchemaVersion: aws.String("1"), Type: &v.kind,
		Description: optional(v.description), LastModified: &v.made, VersionCreatedDate: &v.made,
	}, nil
}

// UpdateSchema adds a version.
func (s *schemaService) UpdateSchema(_ context.Context, in *schemas.UpdateSchemaInput) (*schemas.UpdateSchemaOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.schema(in.RegistryName, in.SchemaName)
	if err != nil {
		return nil, err
	}
	last := x.versions[len(x.versions)-1]
	v, err := s.newVersion(cmp.Or(string(in.Type), last.kind), aws.ToString(in.Content), cmp.Or(aws.ToString(in.Description), last.description))
	if err != nil {
		return nil, err
	}
	x.versions = append(x.versions, v)
	return &schemas.UpdateSchemaOutput{
		SchemaName: &x.name, SchemaArn: s.schemaARN(*in.RegistryName, x.name), SchemaVersion: aws.String(strconv.Itoa(len(x.versions))), Type: &v.kind,
		Description: optional(v.description), LastModified: &v.made, VersionCreatedDate: &v.made,
	}, nil
}

func (s *schemaService) newVersion(kind, content, description string) (schemaVersion, error) {
	switch {
	case kind != string(types.TypeOpenApi3) && kind != string(types.TypeJSONSchemaDraft4):
		return schemaVersion{}, badSchema("Type must be one of OpenApi3, JSONSchemaDraft4.")
	case !json.Valid([]byte(content)):
		return schemaVersion{}, badSchema("Content is not valid JSON.")
	}
	return schemaVersion{kind: kind, content: content, description: description, made: s.home.now().UTC()}, nil
}

// DescribeSchema gives a version of a schema, the latest where none is named.
func (s *schemaService) DescribeSchema(_ context.Context, in *schemas.DescribeSchemaInput) (*schemas.DescribeSchemaOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, n, err := s.version(in.RegistryName, in.SchemaName, in.SchemaVersion)
	if err != nil {
		return nil, err
	}
	v := x.versions[n-1]
	return &schemas.DescribeSchemaOutput{
		SchemaName: &x.name, SchemaArn: s.schemaARN(*in.RegistryName, x.name), SchemaVersion: aws.String(strconv.Itoa(n)), Type: &v.kind, Content: &v.content,
		Description: optional(v.description), LastModified: &v.made, VersionCreatedDate: &v.made,
	}, nil
}

// ListSchemas lists the schemas of a registry by their names.
func (s *schemaService) ListSchemas(_ context.Context, in *schemas.ListSchemasInput) (*schemas.ListSchemasOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.registry(in.RegistryName)
	if err != nil {
		return nil, err
	}
	names, next := pageOf(slices.Sorted(maps.Keys(r.schemas)), in.SchemaNamePrefix, in.NextToken, in.Limit)
	out := &schemas.ListSchemasOutput{Schemas: []types.SchemaSummary{}, NextToken: next}
	for _, name := range names {
		x := r.schemas[name]
		out.Schemas = append(out.Schemas, types.SchemaSummary{
			SchemaName: &x.name, SchemaArn: s.schemaARN(r.name, name), VersionCount: aws.Int64(int64(len(x.versions))), LastModified: &x.versions[len(x.versions)-1].made,
		})
	}
	return out, nil
}

// ListSchemaVersions lists the versions of a schema, the oldest first.
func (s *schemaService) ListSchemaVersions(_ context.Context, in *schemas.ListSchemaVersionsInput) (*schemas.ListSchemaVersionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.schema(in.RegistryName, in.SchemaName)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(x.versions))
	for i := range all {
		all[i] = strconv.Itoa(i + 1)
	}
	versions, next := pageOf(all, nil, in.NextToken, in.Limit)
	out := &schemas.ListSchemaVersionsOutput{SchemaVersions: []types.SchemaVersionSummary{}, NextToken: next}
	for _, n := range versions {
		out.SchemaVersions = append(out.SchemaVersions, types.SchemaVersionSummary{
			SchemaName: &x.name, SchemaArn: s.schemaARN(*in.RegistryName, x.name), SchemaVersion: &n, Type: types.Type(x.versions[0].kind),
		})
	}
	return out, nil
}

// pageOf gives the names that begin with a prefix, from a token on, and the token of what follows.
func pageOf(names []string, prefix, token *string, limit *int32) (page []string, next *string) {
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, aws.ToString(prefix)) })
	from, _ := strconv.Atoi(aws.ToString(token)) // its own tokens are numbers
	names = names[max(0, min(from, len(names))):]
	if most := int(aws.ToInt32(limit)); most > 0 && most < len(names) {
		return names[:most], aws.String(strconv.Itoa(from + most))
	}
	return names, nil
}

func makeRegistry(d *deployment, id string, p *properties) (resource, error) {
	in := &schemas.CreateRegistryInput{RegistryName: aws.String(p.text("RegistryName", fitting(d.stack.name, id, 64))), Description: optional(p.text("Description", ""))}
	p.ignore("Tags")
	out, err := d.home.schemas.CreateRegistry(d.ctx, in)
	if err != nil {
		return resource{}, err
	}
	return resource{ref: *out.RegistryArn, attributes: map[string]string{"RegistryArn": *out.RegistryArn, "RegistryName": *out.RegistryName}}, nil
}

func makeSchema(d *deployment, id string, p *properties) (resource, error) {
	in := &schemas.CreateSchemaInput{
		RegistryName: aws.String(p.required("RegistryName")), SchemaName: aws.String(p.text("SchemaName", fitting(d.stack.name, id, 385))),
		Type: types.Type(p.required("Type")), Content: aws.String(p.required("Content")), Description: optional(p.text("Description", "")),
	}
	p.ignore("Tags")
	if p.err != nil {
		return resource{}, p.err
	}
	out, err := d.home.schemas.CreateSchema(d.ctx, in)
	if err != nil {
		return resource{}, err
	}
	return resource{ref: *out.SchemaArn, attributes: map[string]string{
		"SchemaArn": *out.SchemaArn, "SchemaName": *out.SchemaName, "SchemaVersion": *out.SchemaVersion,
	}}, nil
}
