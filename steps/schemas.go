package steps

import (
	"context"
	"reflect"

	"github.com/rehearse-dev/rehearse/assertions"
)

// SchemaBinder reads the schema of a registry that a check of a step names, in
// the account and region of the step, and binds it. Its errors are the step's.
type SchemaBinder func(context.Context, *Env, *assertions.SchemaRef) error

// schemasIn lists the schemas of registries that checks among parameters need.
func schemasIn(params any) []*assertions.SchemaRef {
	var refs []*assertions.SchemaRef
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[assertions.Checks]():
			refs = append(refs, v.Interface().(assertions.Checks).Schemas()...)
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(v.Elem())
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		}
	}
	if v := reflect.ValueOf(params); v.IsValid() {
		walk(v)
	}
	return refs
}

// SchemaNeeds are the permissions that reading schemas of registries takes.
func SchemaNeeds(refs []*assertions.SchemaRef) []Permission {
	var l []Permission
	for _, r := range refs {
		l = append(l, Permission{Action: "schemas:DescribeSchema", Resource: SchemaResource(r.Registry, r.Name)})
	}
	return l
}

// SchemaResource names a schema as policies do, behind schema/; "" where it is
// not known.
func SchemaResource(registry, name string) string {
	if registry == "" || name == "" {
		return ""
	}
	return registry + "/" + name
}
