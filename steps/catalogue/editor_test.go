package catalogue_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	all, err := catalogue.EditorSchemas()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(all[name])))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid puts every document of a file to a schema.
func valid(t *testing.T, s *jsonschema.Schema, file string, src []byte) error {
	t.Helper()
	var p schema.Problems
	for _, n := range schema.ReadDocuments(file, src, &p) {
		if err := s.Validate(n.Value()); err != nil {
			return err
		}
	}
	return p.Err()
}

func TestEditorSchemasAcceptTheSuites(t *testing.T) {
	scenario, suite := compiled(t, "scenario"), compiled(t, "suite")
	n := 0
	err := filepath.WalkDir("../../scenarios", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "template.yaml" {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := scenario
		if filepath.Base(path) == schema.SuiteFile {
			s = suite
		}
		n++
		if err := valid(t, s, path, src); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil || n < 6 {
		t.Errorf("%d files: %v", n, err)
	}
}

func TestEditorSchemasRefuseWhatIsWrong(t *testing.T) {
	s := compiled(t, "scenario")
	for _, text := range []string{
		"scenario: S\nacts: []\n",
		"act: []\n",
		"scenario: S\nact:\n  - put_evnt: {}\n",
		"scenario: S\nact:\n  - put_event: {source: s, detail_type: d, detail: {}, bsu: x}\n",
		"scenario: S\nact:\n  - put_event: {source: s, detail_type: d, detail: {}}\n    wait: 5s\n",
		"scenario: S\nact:\n  - wait: 5s\n    witin: 5s\n",
		"scenario: S\nact:\n  - wait: soon\n",
		"scenario: S\ntimeout: 30\n",
		"scenario: S\nassert:\n  - execution: {arn: x}\n    expect: {status: {equal: x}}\n",
	} {
		if valid(t, s, "a.yaml", []byte(text)) == nil {
			t.Errorf("an editor would accept\n%s", text)
		}
	}
}
