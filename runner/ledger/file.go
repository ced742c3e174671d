package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

const (
	suffix    = ".ledger"
	newSuffix = ".ledger.new" // until the file is locked and says how to come to each place
)

// line is one line of the file. A field that a later version adds is ignored
// by an earlier one; an op that it does not know is told.
type line struct {
	N        int               `json:"n,omitempty"`
	Op       string            `json:"op"` // run, place, intend, created, settled
	Run      string            `json:"run,omitempty"`
	Began    *time.Time        `json:"began,omitempty"`
	Place    *awsclient.Origin `json:"place,omitempty"`
	Owner    string            `json:"owner,omitempty"`
	Keep     bool              `json:"keep,omitempty"` // the user wants to keep it
	Resource *steps.Resource   `json:"resource,omitempty"`
}

// storage is what a ledger needs of its file.
type storage interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// Folder is where ledgers lie: REHEARSE_STATE_DIR, else the user's state folder.
func Folder() (string, error) {
	if d := os.Getenv("REHEARSE_STATE_DIR"); d != "" {
		return d, nil
	}
	if d := os.Getenv("XDG_STATE_HOME"); d != "" {
		return filepath.Join(d, "rehearse"), nil
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		d, err := os.UserConfigDir()
		return filepath.Join(d, "rehearse"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "rehearse"), err
}

// Open begins the record of a run in a folder, with how to come to the places
// in which it creates something. The file is locked for as long as this
// process lives. The error says what to set when the folder cannot be written.
func Open(folder, run string, places []awsclient.Origin) (*Ledger, error) {
	l, err := create(folder, run, places)
	if err != nil {
		return nil, fmt.Errorf("the record of what this run creates cannot be kept in %s: %w; set REHEARSE_STATE_DIR to a folder that can be written", folder, short(err))
	}
	return l, nil
}

// create makes the file under another name: it gets its own only when it is
// locked and complete, so that no sweep ever takes it for a dead run's.
func create(folder, run string, places []awsclient.Origin) (*Ledger, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, run+suffix)
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already", filepath.Base(path))
	}
	early := filepath.Join(folder, run+newSuffix)
	f, err := os.OpenFile(early, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, file: f, lock: flock.New(early, flock.SetFlag(os.O_RDWR))}
	if err := l.begin(early, run, places); err != nil {
		return nil, errors.Join(err, f.Close(), l.lock.Close(), os.Remove(early))
	}
	return l, nil
}

func (l *Ledger) begin(early, run string, places []awsclient.Origin) error {
	switch ok, err := l.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("files there cannot be locked: %w", err)
	case !ok:
		return errors.New("another process has locked the new file")
	}
	now := time.Now().UTC()
	lines := []line{{Op: "run", Run: run, Began: &now}}
	for _, p := range places {
		lines = append(lines, line{Op: "place", Place: &p})
	}
	for _, x := range lines {
		if err := l.write(x); err != nil {
			return err
		}
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(early, l.path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(l.path)); err != nil {
		return errors.Join(err, os.Rename(l.path, early)) // the caller removes it
	}
	return nil
}

// syncFolder makes the file's name as durable as its contents.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // this file system syncs no folders
	}
	return errors.Join(err, d.Close())
}

// short leaves out of an error of the file system what the sentence around it says.
func short(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return errors.New(p.Err.Error() + " (" + p.Path + ")")
	}
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

// write appends a line. One that could be written only in part is taken back:
// the next would be lost in it. The mutex must be held where there is one to hold.
func (l *Ledger) write(x line) error {
	if l.broken != nil {
		return l.broken
	}
	if l.file == nil {
		return nil
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	n, err := l.file.Write(append(b, '\n'))
	if err == nil {
		l.size += int64(n)
		return nil
	}
	if n > 0 {
		if torn := l.file.Truncate(l.size); torn != nil {
			l.broken = fmt.Errorf("its last line is torn: %w", errors.Join(err, torn))
		}
	}
	return err
}

// syncing is what those wait for whose lines one sync makes durable.
type syncing struct {
	done chan struct{}
	err  error
}

// durable returns when what was written before it is on the disk. All who come
// while a sync is under way share the next one. The mutex must not be held.
func (l *Ledger) durable() error {
	l.mu.Lock()
	if l.file == nil {
		l.mu.Unlock()
		return nil
	}
	s := l.waiting
	if s == nil {
		s = &syncing{done: make(chan struct{})}
		l.waiting = s
		if !l.busy {
			l.busy = true
			go l.sync()
		}
	}
	l.mu.Unlock()
	<-s.done
	return s.err
}

// sync serves those who wait until nobody does.
func (l *Ledger) sync() {
	for {
		l.mu.Lock()
		s, file, broken := l.waiting, l.file, l.broken
		l.waiting = nil
		if s == nil {
			l.busy = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if s.err = broken; broken != nil {
			close(s.done)
			continue
		}
		if s.err = file.Sync(); s.err != nil {
			l.mu.Lock()
			l.broken = s.err // what a failed sync has lost, a later one does not bring back
			l.mu.Unlock()
		}
		close(s.done)
	}
}

// Close ends the record; it is removed when everything in it is settled.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	var err error
	if l.open == 0 {
		if err = os.Remove(l.path); err == nil { // before it is unlocked
			l.path = ""
		}
	} else {
		err = l.err
	}
	err = errors.Join(err, l.file.Close(), l.lock.Close())
	l.file, l.broken = nil, errors.New("it was closed at the end of the run")
	return err
}
