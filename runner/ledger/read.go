package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// Record is what the file of a ledger says.
type Record struct {
	Path   string
	Run    string
	Began  time.Time // zero where nothing tells
	Places []awsclient.Origin
	Open   []Recorded // what is not settled, in the order of its creation
	// Problems are lines that this version cannot read. What they say is not
	// known to be settled, so the file must stay.
	Problems []string

	end  int64 // of the last line that could be read
	torn bool  // something follows it
}

// Recorded is one thing that a run created, or was about to create.
type Recorded struct {
	Resource steps.Resource
	Owner    string
	Created  bool // its creation was noted; else it may or may not be there
	Keep     bool // the user wanted to keep it

	n int
}

// Read reads a ledger's file. Lines at its end that are torn are what the
// machine was writing when it died: nothing was created for them yet.
func Read(path string) (Record, error) {
	r := Record{Path: path, Run: strings.TrimSuffix(filepath.Base(path), suffix)}
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	r.Began = beganOf(r.Run)
	var torn []int
	read, at := false, 0
	for i, raw := range bytes.Split(text, []byte("\n")) {
		at += len(raw) + 1
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		var x line
		if json.Unmarshal(raw, &x) != nil {
			torn = append(torn, i+1)
			continue
		}
		for _, n := range torn {
			r.problem(n, "cannot be read")
		}
		torn, read, r.end = nil, true, int64(at-1)
		r.add(i+1, x)
	}
	r.torn = read && len(torn) > 0
	if !read {
		r.Problems = []string{"it is no ledger of rehearse"}
	}
	return r, nil
}

func (r *Record) problem(n int, format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf("line %d %s", n, fmt.Sprintf(format, args...)))
}

func (r *Record) add(n int, x line) {
	at := slices.IndexFunc(r.Open, func(o Recorded) bool { return o.n == x.N })
	switch {
	case x.Op == "run":
		if x.Began != nil {
			r.Began = *x.Began
		}
	case x.Op == "place" && x.Place != nil:
		r.Places = append(r.Places, *x.Place)
	case x.Op == "intend" && x.Resource != nil:
		r.Open = append(r.Open, Recorded{Resource: *x.Resource, Owner: x.Owner, Keep: x.Keep, n: x.N})
	case x.Op == "created" && x.Resource != nil && at >= 0:
		r.Open[at].Resource, r.Open[at].Created = *x.Resource, true
	case x.Op == "settled":
		if at >= 0 {
			r.Open = slices.Delete(r.Open, at, at+1)
		}
	default:
		r.problem(n, "says %q, which this version of rehearse does not understand", x.Op)
	}
}

// beganOf is when a run began, as its id says; zero where it is no run's id.
func beganOf(run string) time.Time {
	if !isRun(run) {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(run[:6], 36, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// isRun says whether a text has the form of a run's id: the seconds in six
// digits to the base 36, and six hexadecimal digits.
func isRun(id string) bool {
	if len(id) != 12 {
		return false
	}
	for i, c := range id {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || i < 6 && c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

// files lists the ledgers of a folder, the oldest run first. A folder that is
// not there holds none.
func files(folder string) ([]string, error) {
	all, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var paths []string
	for _, e := range all {
		if !e.IsDir() && strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	return paths, err
}

// tidy removes what runs left that died before their ledger had its name, and
// so before they created anything. A young one may be about to be locked.
func tidy(folder string) {
	early, _ := filepath.Glob(filepath.Join(folder, "*"+newSuffix)) // the pattern is right
	for _, path := range early {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if l, err := take(path); l != nil && err == nil {
			_, _ = os.Remove(path), l.Close() // the next sweep tries again
		}
	}
}

// errGone says that a ledger's run ended and took its file along.
var errGone = errors.New("the ledger is gone")

// take locks a ledger's file; nil without an error when a living process
// holds it.
func take(path string) (*flock.Flock, error) {
	l := flock.New(path, flock.SetFlag(os.O_RDONLY))
	ok, err := l.TryLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errGone
	case err != nil:
		return nil, err
	case !ok:
		return nil, nil
	}
	ours, err := l.Stat()
	there, gone := os.Stat(path)
	if err != nil || gone != nil || !os.SameFile(ours, there) {
		return nil, errors.Join(errGone, l.Close()) // its run ended just before it was locked
	}
	return l, nil
}
