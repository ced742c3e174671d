package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// reapers that note what they remove, and cannot remove what is called "stuck".
func reapers(order *[]string) Reapers {
	return Reapers{"thing": {Type: "thing", Remove: func(_ context.Context, _ *awsclient.Place, r steps.Resource) error {
		if r.ID == "stuck" {
			return errors.New("it is stuck")
		}
		if r.ID == "panics" {
			panic("oh")
		}
		*order = append(*order, r.ID)
		return nil
	}}}
}

func intend(t *testing.T, s *Scope, keep bool, id string) steps.Entry {
	t.Helper()
	e, err := s.Keeping(keep).Intend(t.Context(), steps.Resource{Type: "thing", ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTakeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "state")
		l, err := Open(dir, "run1", nil)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		s := l.Scope("case", func(c Change) { told = append(told, c.Status+" "+c.Resource.ID) })
		intend(t, s, false, "intent only")
		intend(t, s, false, "made").Created(steps.Resource{Type: "thing", ID: "made, with its ARN"})
		intend(t, s, false, "never made").Forget()
		intend(t, s, true, "kept")
		intend(t, s, false, "stuck")
		intend(t, s, false, "panics")

		text, err := os.ReadFile(l.Path())
		if err != nil || strings.Count(string(text), `"op":"intend"`) != 6 {
			t.Errorf("the record does not hold every intent: %v\n%s", err, text)
		}
		if info, err := os.Stat(l.Path()); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
		var order []string
		left := s.TakeBack(t.Context(), reapers(&order), nowhere)
		if got, want := strings.Join(order, "; "), "made, with its ARN; intent only; intent only"; got != want { // the call may have been on its way
			t.Errorf("removed %s, want %s", got, want)
		}
		if got, want := fmt.Sprint(left), "[thing panics: internal error: oh thing stuck: it is stuck]"; got != want {
			t.Errorf("left %s, want %s", got, want)
		}
		if got, want := strings.Join(told, "; "), "created made, with its ARN; left panics; left stuck; kept kept; released made, with its ARN; released intent only"; got != want {
			t.Errorf("told  %s\nwant %s", got, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(l.Path()); err != nil {
			t.Errorf("something is left, so the record must stay: %v", err)
		}
	})
}

func TestRecordIsRemovedWhenAllIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.TempDir(), "run1", nil)
		if err != nil {
			t.Fatal(err)
		}
		s := l.Scope("case", func(Change) {})
		intend(t, s, false, "a")
		var order []string
		s.TakeBack(t.Context(), reapers(&order), nowhere)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(l.Path()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the record is still there: %v", err)
		}
	})
}

func TestNothingIsCreatedWithoutARecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, "run1", nil); err == nil || !strings.Contains(err.Error(), "set REHEARSE_STATE_DIR to a folder that can be written") {
		t.Errorf("%v", err)
	}
	l, err := Open(t.TempDir(), "run1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.file.Close(); err != nil { // as a full disk would
		t.Fatal(err)
	}
	if _, err := l.Scope("case", func(Change) {}).Keeping(false).Intend(t.Context(), steps.Resource{}); err == nil || !strings.Contains(err.Error(), "nothing was created") {
		t.Errorf("%v", err)
	}
}

func TestTakeBackWithoutTimeTellsWhatIsLeft(t *testing.T) {
	s := InMemory().Scope("case", func(Change) {})
	intend(t, s, false, "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped at once"))
	var order []string
	if left := s.TakeBack(ctx, reapers(&order), nowhere); fmt.Sprint(left) != "[thing a: no time was left to remove it: stopped at once]" {
		t.Errorf("%v", left)
	}
}

func TestFolder(t *testing.T) {
	t.Setenv("REHEARSE_STATE_DIR", "/one")
	t.Setenv("XDG_STATE_HOME", "/two")
	if got, err := Folder(); got != "/one" || err != nil {
		t.Errorf("%s %v", got, err)
	}
	t.Setenv("REHEARSE_STATE_DIR", "")
	if got, err := Folder(); got != filepath.Join("/two", "rehearse") || err != nil {
		t.Errorf("%s %v", got, err)
	}
}

// nowhere is the place of things that are in none.
func nowhere(string) *awsclient.Place { return nil }
