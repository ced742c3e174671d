package fence_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/docs/fence"
)

const page = "Text.\n\n```yaml\n# a.scenario.yaml\nscenario: A\n```\n\n```csv rows.csv\na,b\n```\n\n```yaml\nstatus: 200\n```\n\n```\nplain\n```\n"

func TestBlocks(t *testing.T) {
	want := []fence.Block{
		{Language: "yaml", File: "a.scenario.yaml", Text: "# a.scenario.yaml\nscenario: A\n"},
		{Language: "csv", File: "rows.csv", Text: "a,b\n"},
		{Language: "yaml", Text: "status: 200\n"},
	}
	if diff := cmp.Diff(want, fence.Blocks(page)); diff != "" {
		t.Error(diff)
	}
}

func TestWriteFiles(t *testing.T) {
	suite := "```yaml\n# rehearse.yaml\nsuite: s\n```\n"
	dir := t.TempDir()
	got, err := fence.WriteFiles(fstest.MapFS{
		"README.md":    {Data: []byte(suite)},
		"checks.md":    {Data: []byte(page)},
		"kinds/set.md": {Data: []byte(page)},
		"picture.png":  {Data: []byte(suite)},
	}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range got {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
		if got[i], err = filepath.Rel(dir, f); err != nil {
			t.Fatal(err)
		}
		got[i] = filepath.ToSlash(got[i])
	}
	slices.Sort(got)
	want := []string{"checks/a.scenario.yaml", "checks/rows.csv", "kinds/set/a.scenario.yaml", "kinds/set/rows.csv", "rehearse.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
