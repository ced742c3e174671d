package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// Gathered is what reading recordings brought up.
type Gathered struct {
	Problems []string // why no report can be built, each with its file and what to do
	Warnings []string
}

// Gather reads recordings, hands their events to the sinks and writes every
// line to w as it was recorded. They must be of different runs with different
// cases. Where there are problems, what the sinks and w got is of no use.
func Gather(files []string, w io.Writer, sinks ...event.Sink) Gathered {
	g := &gatherer{w: w, sinks: sinks, runs: map[string]*recording{}, cases: map[string]*recording{}}
	for _, file := range files {
		g.read(file)
	}
	if len(g.Problems) == 0 {
		g.shards()
	}
	return g.Gathered
}

// recording is a run in a file.
type recording struct{ file, run, shard, selection string }

type gatherer struct {
	Gathered
	w     io.Writer
	sinks []event.Sink
	runs  map[string]*recording // by id
	order []*recording
	cases map[string]*recording // by key
}

func (g *gatherer) read(file string) {
	f, err := os.Open(file)
	if err != nil {
		g.problem("%s: %s", file, unopened(err))
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		g.problem("%s: it is a folder; name the recordings in it", file)
		return
	}
	before := len(g.order)
	var bad event.BadLine
	var cut event.CutOff
	switch err := event.Scan(f, func(n int, line []byte, e event.Event) error {
		if why := g.foreign(file, e); why != "" {
			return event.BadLine{Line: n, Why: why}
		}
		for _, s := range g.sinks {
			s.Emit(e)
		}
		_, err := g.w.Write(line)
		return err
	}); {
	case errors.As(err, &bad):
		g.problem("%s:%d: %s", file, bad.Line, bad.Why)
	case errors.As(err, &cut):
		g.Warnings = append(g.Warnings, fmt.Sprintf("%s:%d: warning: the last line breaks off, as if its writer had been killed; it is left out, and the run counts as one that died", file, cut.Line))
	case err != nil:
		g.problem("%s: %v", file, err)
	case len(g.order) == before:
		g.problem("%s: it is empty, so nothing is known of a run; a recording is what `rehearse run --json FILE` writes", file)
	}
}

func unopened(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file; a recording is what `rehearse run --json FILE` writes"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return "it cannot be read: " + err.Error()
}

func (g *gatherer) problem(format string, args ...any) {
	g.Problems = append(g.Problems, fmt.Sprintf(format, args...))
}

// foreign says why an event cannot be: its run or its case is another recording's.
func (g *gatherer) foreign(file string, e event.Event) (why string) {
	if start, ok := e.Body.(*event.RunStart); ok {
		if known := g.runs[e.Run]; known != nil {
			return fmt.Sprintf("here begins run %s, which stands in %s already; give each run once", e.Run, known.file)
		}
		r := &recording{file, e.Run, start.Shard, start.Selection}
		g.runs[e.Run] = r
		g.order = append(g.order, r)
	}
	own := g.runs[e.Run]
	if e.Case != "" {
		switch known := g.cases[e.Case]; {
		case known == nil:
			g.cases[e.Case] = own
		case known != own:
			return fmt.Sprintf("the case %s of run %s is in run %s too, %s: these are not parts of one run, whose cases differ; build a report of each", e.Case, own.run, known.run, known.file)
		}
	}
	return ""
}

// shards looks whether what says to be shards can be those of one run.
func (g *gatherer) shards() {
	var first *recording
	have := map[int]*recording{}
	for _, r := range g.order {
		i, n, ok := Shard(r.shard)
		if !ok {
			continue
		}
		if first == nil {
			first = r
		}
		if _, of, _ := Shard(first.shard); n != of {
			g.problem("%s: it is shard %s, and %s is shard %s: these are not shards of one run; give those of one", r.file, r.shard, first.file, first.shard)
			return
		}
		if r.selection != first.selection {
			g.problem("%s: it is a shard of another selection than %s (%s and %s): the flags or the files differ, so cases may be missing; give shards of one", r.file, first.file, r.selection, first.selection)
			return
		}
		if have[i] != nil {
			g.problem("%s: it is shard %s, and so is %s, with other cases: these are not shards of one run; give those of one", r.file, r.shard, have[i].file)
			return
		}
		have[i] = r
		if n > 1 && len(g.order) == 1 {
			g.Warnings = append(g.Warnings, fmt.Sprintf("%s: warning: this is shard %s of a run, and its other shards are not given: the report tells of its cases alone", r.file, r.shard))
		}
	}
}
