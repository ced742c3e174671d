package catalogue_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// kinds that this version must have, by their names in the format.
var wanted = strings.Fields(`stack_outputs stack_resource listen received put_event put_events start_execution execution
	upload_object object delete_object put_item item delete_item log_events trace http_request mock_event set check wait parallel use`)

func TestCatalogueHasEveryKind(t *testing.T) {
	names := catalogue.New().Names()
	slices.Sort(names)
	slices.Sort(wanted)
	if !slices.Equal(names, wanted) {
		t.Errorf("got  %v\nwant %v", names, wanted)
	}
	for _, later := range catalogue.New().Later() {
		if slices.Contains(names, later) {
			t.Errorf("%s is there and said to come later", later)
		}
	}
}

func TestKindsAreDocumented(t *testing.T) {
	for _, k := range catalogue.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			if k.Summary == "" || !strings.HasSuffix(k.Summary, ".") {
				t.Errorf("the summary is not a sentence: %q", k.Summary)
			}
			if !strings.Contains(k.Example, k.Name+":") {
				t.Errorf("the example does not show the kind:\n%s", k.Example)
			}
			for _, f := range append(k.Params.Fields, k.Result.Fields...) {
				if f.Doc == "" && !f.Later {
					t.Errorf("%s is not documented", f.Name)
				}
			}
			for _, r := range k.Rules {
				for _, name := range r.Names {
					if _, ok := k.Params.Field(name); !ok {
						t.Errorf("a rule names %q, which is no parameter", name)
					}
				}
			}
			text := catalogue.Describe(k)
			if regexp.MustCompile(`(?m)[ \t]+$`).MatchString(strings.ReplaceAll(text, "  \n", "\n")) {
				t.Errorf("lines end in blanks:\n%s", text)
			}
		})
	}
}

// TestKindsCallSomething holds that whatever leaves the process names the IAM
// actions it needs.
func TestKindsCallSomething(t *testing.T) {
	for _, k := range catalogue.Kinds() {
		text := catalogue.Describe(k)
		// received reads what listen has gathered; an HTTP API is the application's own;
		// what stands for other steps calls nothing itself.
		calls := !k.Pure && !k.Control && k.Name != "http_request" && k.Name != "received"
		if strings.Contains(text, "\nCalls\n") != calls {
			t.Errorf("%s: calls AWS %v, and its reference says\n%s", k.Name, calls, text)
		}
	}
}

func TestEditorSchemasAreCheckedIn(t *testing.T) {
	all, err := catalogue.EditorSchemas()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range all {
		file := filepath.Join("..", "..", "schema", name+".schema.json")
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, text) {
			t.Errorf("%s is not what the code describes; run make schema", file)
		}
	}
}
