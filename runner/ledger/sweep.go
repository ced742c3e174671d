package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// settling is how long after the last word of a run, or of a call, what it
// created may not show yet: a call was still on its way when it died or was cut
// off, or the service answers from an older state (executions, queues).
const settling = 5 * time.Second

// Sweep removes what runs left behind that no longer live: first what their
// ledgers record, then listeners found by name and tag.
type Sweep struct {
	Folder    string // of the ledgers
	Reapers   Reapers
	Connect   func(context.Context, awsclient.Origin) (*awsclient.Place, error)
	Here      *awsclient.Place // looked at by name and tag too; may be nil
	Run       string           // only this one, unless empty
	OlderThan time.Duration    // only runs that began longer ago
	DryRun    bool             // removes nothing

	Tell func(Group)                       // of each group when it is done
	Wait func(run string, d time.Duration) // of a pause, before it

	places  map[string]*place // by key
	order   []string          // of those keys
	living  map[string]bool   // runs whose ledger is locked
	dead    map[string]bool   // runs whose ledger nobody holds
	handled map[string]bool   // what a ledger recorded
	looked  map[string]bool   // places that were searched
	swept   Swept
}

// Swept is what a sweep came to.
type Swept struct {
	Ledgers  int         // that were found
	Runs     []string    // every run that was seen, asked for or not
	Looked   []string    // places that were searched by name and tag, in words
	Skipped  []Unreached // places that ledgers name and that could not be searched
	Removed  int         // or would be
	Left     int         // what could not be removed
	Problems int         // what could not be looked at or read
	Alone    int         // groups that were left alone on purpose
	Matched  bool        // there was something of the run that was asked for
}

// Unreached is a place that cannot be used.
type Unreached struct {
	Where string
	Err   error
}

// Group is what was found of one run: by its ledger, or in one place by name.
type Group struct {
	Run      string
	Began    time.Time // zero where nothing tells
	Ledger   string    // its file; "" when found by name and tag
	Where    string    // its place, in words; "" when a ledger names several
	Things   []Thing
	Alone    string   // why nothing of it was touched, where that is so
	Problems []string // what else kept it from being clean
}

// Thing is one thing of a group.
type Thing struct {
	Resource steps.Resource
	Status   string // removed, would be removed, left, kept
	Maybe    bool   // the record does not know whether it was ever created
	Why      string // it was left
}

// Do sweeps. It ends early when ctx does. The error says that the folder of
// the ledgers cannot be read.
func (s *Sweep) Do(ctx context.Context) (Swept, error) {
	s.places, s.order, s.swept = map[string]*place{}, nil, Swept{}
	s.living, s.dead, s.handled, s.looked = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	if !s.DryRun {
		tidy(s.Folder)
	}
	paths, err := files(s.Folder)
	if err != nil {
		return s.swept, fmt.Errorf("the folder of the ledgers cannot be read: %w", err)
	}
	for _, path := range paths {
		if ctx.Err() == nil {
			s.ledger(ctx, path)
		}
	}
	if s.Here != nil {
		s.know(s.Here.Origin).place = s.Here
	}
	for _, key := range s.order {
		if ctx.Err() == nil {
			s.search(ctx, key)
		}
	}
	slices.Sort(s.swept.Runs)
	s.swept.Runs = slices.Compact(s.swept.Runs)
	return s.swept, nil
}

// wanted says whether a run was asked for.
func (s *Sweep) wanted(run string, began time.Time) bool {
	s.swept.Runs = append(s.swept.Runs, run)
	if s.Run != "" && s.Run != run {
		return false
	}
	s.swept.Matched = true
	return s.OlderThan == 0 || !began.IsZero() && time.Since(began) > s.OlderThan
}

// tell counts a group and passes it on.
func (s *Sweep) tell(g Group) {
	for _, t := range g.Things {
		switch t.Status {
		case "left":
			s.swept.Left++
		case "removed", "would be removed":
			s.swept.Removed++
		}
	}
	s.swept.Problems += len(g.Problems)
	if g.Alone != "" {
		s.swept.Alone++
	}
	s.Tell(g)
}

// ledger sweeps by one ledger.
func (s *Sweep) ledger(ctx context.Context, path string) {
	lock, locked := take(path)
	if errors.Is(locked, errGone) {
		return
	}
	if lock != nil {
		defer func() { _ = lock.Close() }() // the process ends anyway
	}
	rec, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return // a living run has ended meanwhile
	}
	s.swept.Ledgers++
	for _, o := range rec.Places {
		s.know(o)
	}
	alive := lock == nil && locked == nil
	if alive {
		s.living[rec.Run] = true
	}
	if !s.wanted(rec.Run, rec.Began) {
		return
	}
	g := Group{Run: rec.Run, Began: rec.Began, Ledger: path, Problems: rec.Problems}
	if len(rec.Places) == 1 {
		g.Where = Where(rec.Places[0])
	}
	switch err := errors.Join(locked, err); {
	case alive:
		g.Alone, g.Problems = "in use: a process of this machine holds its ledger, the run itself or another sweep", nil
	case err != nil:
		g.Problems = []string{"its ledger cannot be used: " + err.Error()}
	default:
		s.dead[rec.Run] = true
		s.byRecord(ctx, rec, &g)
	}
	s.tell(g)
}

// byRecord removes what a ledger records, the latest first, and at last the
// ledger itself.
func (s *Sweep) byRecord(ctx context.Context, rec Record, g *Group) {
	if len(rec.Open) > 0 && !s.DryRun {
		s.settle(ctx, rec)
	}
	note, done := s.notes(rec)
	clean := len(rec.Problems) == 0
	for i := len(rec.Open) - 1; i >= 0; i-- {
		o := rec.Open[i]
		s.handled[handle(o.Resource)] = true
		t := s.one(ctx, o)
		clean = clean && t.Status != "left"
		if t.Status != "left" {
			note(line{N: o.n, Op: "settled"})
		}
		g.Things = append(g.Things, t)
	}
	done()
	if clean && !s.DryRun {
		if err := os.Remove(rec.Path); err != nil {
			g.Problems = append(g.Problems, fmt.Sprintf("all of it is gone, but its ledger cannot be removed: %v", short(err)))
		}
	}
}

// notes opens a ledger for what becomes of its entries, behind the last line
// that is whole. Where that fails nothing is noted: removing something once
// more is no harm, and the file is still removed at the end.
func (s *Sweep) notes(rec Record) (note func(line), done func()) {
	f, err := os.OpenFile(rec.Path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil || s.DryRun || rec.torn && f.Truncate(rec.end) != nil {
		return func(line) {}, func() { _ = f.Close() } // nothing was written
	}
	return func(x line) {
		b, _ := json.Marshal(x) // always has a JSON form
		_, _ = f.Write(append([]byte("\n"), b...))
	}, func() { _ = f.Close() } // as above
}

// settle waits until what a run created just before it died can be seen.
func (s *Sweep) settle(ctx context.Context, rec Record) {
	info, err := os.Stat(rec.Path)
	if err != nil {
		return
	}
	d := min(settling, settling-time.Since(info.ModTime()))
	if d <= 0 {
		return
	}
	s.Wait(rec.Run, d)
	_ = steps.Pause(ctx, d) // each removal sees for itself that ctx has ended
}

// one removes one thing of a record.
func (s *Sweep) one(ctx context.Context, o Recorded) Thing {
	t := Thing{Resource: o.Resource, Maybe: !o.Created, Status: "removed"}
	switch {
	case o.Keep:
		t.Status = "kept"
		return t
	case s.DryRun:
		t.Status = "would be removed"
		return t
	}
	var at *awsclient.Place
	var err error
	if o.Resource.Place != "" {
		at, err = s.reach(ctx, o.Resource.Place)
	}
	if err == nil {
		err = remove(ctx, s.Reapers, func(string) *awsclient.Place { return at }, o.Resource)
	}
	if err != nil {
		t.Status, t.Why = "left", why(ctx, err)
	}
	return t
}

// why says why something is left, in an interrupt that it was one.
func why(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return "the sweep was interrupted"
	}
	return awsclient.Explain(err)
}

// handle tells things apart.
func handle(r steps.Resource) string {
	return r.Place + " " + r.Type + " " + r.ID + " " + r.Data["bus"]
}
