package docs_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/docs"
)

var update = flag.Bool("update", false, "write the pages anew")

const folder = "../../docs"

// TestPagesAreCheckedIn holds the pages in docs to the code; -update writes
// them, and removes pages of kinds that are gone.
func TestPagesAreCheckedIn(t *testing.T) {
	pages, err := docs.Pages(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range pages {
		file := filepath.Join(folder, filepath.FromSlash(name))
		got, err := os.ReadFile(file)
		switch {
		case err == nil && string(got) == want:
		case *update:
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("docs/%s is not what the code and internal/docs/pages say; run make docs", name)
		}
	}
	err = fs.WalkDir(os.DirFS(folder), "kinds", func(path string, e fs.DirEntry, err error) error {
		if _, known := pages[path]; err != nil || e.IsDir() || known {
			return err
		}
		if *update {
			return os.Remove(filepath.Join(folder, path))
		}
		t.Errorf("docs/%s tells of a kind that is not there; run make docs", path)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
