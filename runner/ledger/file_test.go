package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// disk is a file on a disk that may be full or slow.
type disk struct {
	mu     sync.Mutex
	text   bytes.Buffer
	free   int           // bytes that can still be written; -1: any number
	sync   time.Duration // what a sync takes
	synced int           // bytes that are durable
	syncs  int
	broken bool // syncs fail
	stuck  bool // what was written in part cannot be cut off
}

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.free >= 0 && len(b) > d.free {
		n, _ := d.text.Write(b[:d.free])
		d.free = 0
		return n, syscall.ENOSPC
	}
	if d.free >= 0 {
		d.free -= len(b)
	}
	return d.text.Write(b)
}

func (d *disk) Sync() error {
	d.mu.Lock()
	size := d.text.Len()
	d.mu.Unlock()
	time.Sleep(d.sync)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs++
	if d.broken {
		return syscall.EIO
	}
	d.synced = max(d.synced, size)
	return nil
}

func (d *disk) Truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stuck {
		return syscall.EIO
	}
	d.text.Truncate(int(size))
	return nil
}

func (d *disk) Close() error { return nil }

func (d *disk) lines() int { return strings.Count(d.text.String(), "\n") }

func try(l *Ledger, id string) error {
	_, err := l.Scope("case", func(Change) {}).Keeping(false).Intend(context.Background(), steps.Resource{Type: "thing", ID: id})
	return err
}

func TestFullDisk(t *testing.T) {
	d := &disk{free: -1}
	l := &Ledger{file: d}
	if err := try(l, "first"); err != nil {
		t.Fatal(err)
	}
	d.free = 20 // a part of a line
	for range 2 {
		if err := try(l, "second"); err == nil || err.Error() != "nothing was created, because the record of it cannot be written: no space left on device" {
			t.Errorf("%v", err)
		}
	}
	d.free = -1 // somebody made room
	if err := try(l, "third"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run1.ledger")
	if err := os.WriteFile(path, d.text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Read(path)
	if err != nil || len(r.Problems) > 0 || len(r.Open) != 2 || r.Open[0].Resource.ID != "first" || r.Open[1].Resource.ID != "third" {
		t.Errorf("%+v %v\n%s", r, err, d.text.String())
	}
}

// TestBrokenDisk: once a line is torn for good, or a sync has failed, no later
// record can be relied on.
func TestBrokenDisk(t *testing.T) {
	for _, d := range []*disk{{free: 20, stuck: true}, {free: -1, broken: true}} {
		l := &Ledger{file: d}
		if err := try(l, "a"); err == nil {
			t.Error("no error")
		}
		d.free, d.broken = -1, false
		if err := try(l, "b"); err == nil || !strings.HasPrefix(err.Error(), "nothing was created, because the record of it cannot be written") {
			t.Errorf("%v", err)
		}
	}
}

// TestBrokenSync: a sync that failed may have lost what others wrote meanwhile,
// although the next one succeeds.
func TestBrokenSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: -1, sync: 10 * time.Millisecond, broken: true}
		l := &Ledger{file: d}
		var second error
		var all sync.WaitGroup
		all.Go(func() {
			time.Sleep(5 * time.Millisecond)
			second = try(l, "b")
		})
		if err := try(l, "a"); err == nil {
			t.Error("no error")
		}
		d.mu.Lock()
		d.broken = false
		d.mu.Unlock()
		all.Wait()
		if second == nil {
			t.Error("what was written before the sync that failed counts as recorded")
		}
	})
}

// TestClosed: what is created after the record was closed would not be in it.
func TestClosed(t *testing.T) {
	l, err := Open(t.TempDir(), "run1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := try(l, "a"); err == nil {
		t.Error("no error")
	}
}

// TestDevFull is the real error of the real system call.
func TestDevFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	scope := (&Ledger{path: "run1.ledger", file: full}).Scope("case", func(Change) {})
	err = (&steps.Env{Ledger: scope.Keeping(false)}).Create(t.Context(), steps.Resource{Type: "thing", ID: "a"}, func(context.Context) (steps.Resource, error) {
		t.Error("created without a record")
		return steps.Resource{}, nil
	})
	const want = "nothing was created, because the record of it cannot be written: no space left on device (run1.ledger)"
	if !errors.Is(err, syscall.ENOSPC) || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// TestSharedSync: however many ask at once, they wait for two syncs at most,
// and everybody's line is durable when the answer comes.
func TestSharedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: -1, sync: 10 * time.Millisecond}
		l := &Ledger{file: d}
		began := time.Now()
		var all sync.WaitGroup
		for i := range 1000 {
			all.Go(func() {
				if err := try(l, fmt.Sprint("thing ", i, ".")); err != nil {
					t.Error(err)
				}
				d.mu.Lock()
				defer d.mu.Unlock()
				if !strings.Contains(string(d.text.Bytes()[:d.synced]), fmt.Sprint(`"thing `, i, `."`)) {
					t.Errorf("thing %d is not on the disk", i)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > 20*time.Millisecond || d.lines() != 1000 {
			t.Errorf("%d lines and %d syncs in %s", d.lines(), d.syncs, took)
		}
	})
}

// BenchmarkIntend has 1,000 cases record an intent at once: on this machine's
// disk, and on one where a sync takes 5 ms.
func BenchmarkIntend(b *testing.B) {
	for name, open := range map[string]func() *Ledger{
		"this disk": func() *Ledger {
			l, err := Open(b.TempDir(), "run1", nil)
			if err != nil {
				b.Fatal(err)
			}
			return l
		},
		"slow disk": func() *Ledger { return &Ledger{file: &disk{free: -1, sync: 5 * time.Millisecond}} },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l := open()
				var all sync.WaitGroup
				for range 1000 {
					all.Go(func() {
						if err := try(l, "thing"); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				l.open = 0
				if l.lock != nil {
					_ = l.Close()
				}
			}
		})
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.WriteFile(filepath.Join(folder, "run1.ledger"), nil, 0o600), os.MkdirAll(filepath.Join(folder, "closed"), 0o500)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		file:   "not a directory (" + file + ")",
		folder: "run1.ledger is there already",
	}
	if os.Getuid() != 0 {
		closed := filepath.Join(folder, "closed")
		cases[closed] = "permission denied (" + filepath.Join(closed, "run1.ledger.new") + ")"
	}
	for where, want := range cases {
		_, err := Open(where, "run1", nil)
		want = "the record of what this run creates cannot be kept in " + where + ": " + want + "; set REHEARSE_STATE_DIR to a folder that can be written"
		if err == nil || err.Error() != want {
			t.Errorf("found %v\nwant  %s", err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*.new")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestALivingRunHoldsItsLedger(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	l, err := Open(folder, "run1", []awsclient.Origin{{Account: "111122223333", Region: "eu-west-1"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{folder: os.ModeDir | 0o700, l.Path(): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if lock, err := take(l.Path()); lock != nil || err != nil {
		t.Errorf("taken although its run lives: %v", err)
	}
	if err := try(l, "a"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	lock, err := take(l.Path())
	if lock == nil || err != nil {
		t.Fatalf("not taken although its run is over: %v", err)
	}
	if second, err := take(l.Path()); second != nil || err != nil {
		t.Errorf("taken twice: %v", err)
	}
	if err := errors.Join(os.Remove(l.Path()), lock.Close()); err != nil {
		t.Error(err)
	}
	if _, err := take(l.Path()); !errors.Is(err, errGone) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(l.Path()); err == nil {
		t.Error("taking made a file")
	}
}

func TestRead(t *testing.T) {
	const head = `{"op":"run","run":"run1","began":"2026-01-02T03:04:05Z"}` + "\n" + `{"op":"place","place":{"account":"1","region":"r"}}` + "\n"
	const a, b = `{"n":1,"op":"intend","owner":"case","resource":{"type":"thing","id":"a"}}` + "\n", `{"n":2,"op":"intend","keep":true,"resource":{"type":"thing","id":"b"}}` + "\n"
	const created = `{"n":1,"op":"created","resource":{"type":"thing","id":"a","arn":"arn:a"}}` + "\n"
	for _, c := range []struct{ name, text, open, problems string }{
		{"whole", head + a + b + created, "a created, b kept", ""},
		{"settled", head + a + b + `{"n":1,"op":"settled"}` + "\n", "b kept", ""},
		{"without its last newline", head + strings.TrimSuffix(a, "\n"), "a", ""},
		{"a torn end", head + a + b[:20], "a", ""},
		{"an end of zeros", head + a + strings.Repeat("\x00", 50), "a", ""},
		{"an end torn in several lines", head + a + "{\n{\"n\n", "a", ""},
		{"torn in between", head + b[:20] + "\n" + a, "a", "line 3 cannot be read"},
		{"of a later version", head + `{"n":1,"op":"moved","resource":{"type":"thing","id":"a"},"to":"x"}` + "\n" + a, "a", `line 3 says "moved", which this version of rehearse does not understand`},
		{"a later version's field", head + strings.Replace(a, `"owner"`, `"since":"2030","owner"`, 1), "a", ""},
		{"an intent of nothing", head + `{"n":1,"op":"intend"}` + "\n", "", `line 3 says "intend", which this version of rehearse does not understand`},
		{"created before intended", head + created, "", `line 3 says "created", which this version of rehearse does not understand`},
		{"empty", "", "", "it is no ledger of rehearse"},
		{"foreign", "hello\nthere\n", "", "it is no ledger of rehearse"},
		{"other JSON", `{"name":"x"}`, "", `line 1 says "", which this version of rehearse does not understand`},
		{"a list", `[1]`, "", "it is no ledger of rehearse"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run1.ledger")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			var open []string
			for _, o := range r.Open {
				said := o.Resource.ID
				if o.Created {
					said += " created"
				}
				if o.Keep {
					said += " kept"
				}
				open = append(open, said)
			}
			if got := strings.Join(open, ", "); got != c.open {
				t.Errorf("open: %s, want %s", got, c.open)
			}
			if got := strings.Join(r.Problems, "; "); got != c.problems {
				t.Errorf("problems: %s, want %s", got, c.problems)
			}
			if strings.HasPrefix(c.text, head) && (len(r.Places) != 1 || r.Began.Year() != 2026) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestRunIDs(t *testing.T) {
	for id, want := range map[string]string{
		"toux280a1b2c": "2026-11-21", "run1": "", "": "", "toux280a1b2g": "", "TOUX280A1B2C": "", "toux280a1b2cd": "",
	} {
		got := ""
		if at := beganOf(id); !at.IsZero() {
			got = at.Format("2006-01-02")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
