package report_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/report"
)

func write(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "out.xml")
	for _, text := range []string{"first", "second"} {
		if err := report.WriteFile(path, write(text)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != text {
			t.Errorf("the file holds %q, want %q", got, text)
		}
	}
	t.Run("a failure leaves the old file and nothing else", func(t *testing.T) {
		err := report.WriteFile(path, func(w io.Writer) error { return errors.Join(write("half")(w), errors.New("broke off")) })
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "broke off") {
			t.Errorf("error %v", err)
		}
		if got := content(t, path); got != "second" {
			t.Errorf("the file holds %q", got)
		}
		if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
			t.Errorf("beside the file lie %v, %v", all, err)
		}
	})
	t.Run("a link stays a link", func(t *testing.T) {
		link := filepath.Join(dir, "link.xml")
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if err := report.WriteFile(link, write("third")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || content(t, path) != "third" {
			t.Errorf("%v, %v, %q", info, err, content(t, path))
		}
	})
	t.Run("a folder", func(t *testing.T) {
		if err := report.WriteFile(dir, write("x")); err == nil || !strings.Contains(err.Error(), "folder") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("below a file", func(t *testing.T) {
		if err := report.WriteFile(filepath.Join(path, "out.xml"), write("x")); err == nil {
			t.Error("no error")
		}
	})
	t.Run("a device", func(t *testing.T) {
		if err := report.WriteFile(os.DevNull, write("x")); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
			t.Errorf("%v, %v", info, err)
		}
	})
}

func TestRemoveOld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.xml")
	if err := report.RemoveOld(path); err != nil {
		t.Errorf("nothing there: %v", err)
	}
	if err := report.WriteFile(path, write("old")); err != nil {
		t.Fatal(err)
	}
	if err := report.RemoveOld(path); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old report is still there: %v", err)
	}
	if err := report.RemoveOld(dir); err == nil {
		t.Error("a folder: no error")
	}
	if err := report.RemoveOld(os.DevNull); err != nil {
		t.Error(err)
	}
}
