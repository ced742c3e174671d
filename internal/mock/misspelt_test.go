package mock

import (
	"strings"
	"testing"
)

func TestMisspelt(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", `{"type": "object", "properties": {"requird": {"type": "string"}}, "x-tyqe": 1, "javaType": "a.B", "default": {"tpye": 1}}`, ""},
		{"at the top", `{"type": "object", "requird": ["a"]}`, `#: unknown keyword "requird"; did you mean "required"?`},
		{"below", `{"properties": {"a": {"items": {"minimun": 1, "MaxLength": 5}}}}`, `#/properties/a/items: unknown keyword "MaxLength"; did you mean "maxLength"?` + "\n" + `#/properties/a/items: unknown keyword "minimun"; did you mean "minimum"?`},
		{"of OpenAPI", `{"openapi": "3.0.0", "info": {}, "paths": {}, "components": {"schemas": {"A": {"type": "string", "enums": ["a"]}}}}`, `#/components/schemas/A: unknown keyword "enums"; did you mean "enum"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read([]byte(c.text), Detected, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(s.Misspelt(), "\n"); got != c.want {
				t.Errorf("%s", got)
			}
		})
	}
}
