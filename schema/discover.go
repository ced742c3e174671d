package schema

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Found is a scenario file or a steps file with what is in it, and the suite it
// belongs to.
type Found struct {
	File      string // as messages show it: relative to the working folder where it lies below
	Suite     *Suite
	Scenarios []*Scenario
	Steps     *StepsFile // nil for a scenario file
}

// SuiteFile is the name of a suite's file.
const SuiteFile = "rehearse.yaml"

// IsScenarioFile says whether a file's name makes it a scenario file.
func IsScenarioFile(name string) bool {
	return strings.HasSuffix(name, ".scenario.yaml") || strings.HasSuffix(name, ".scenario.yml")
}

// Discover finds and reads the scenario files in folders and among files named
// one by one, each once, in the order of their names, and behind them the
// steps files of the folders. Whatever is wrong with
// any of them goes into p; a path that cannot be read, or no scenario at all,
// is a problem too. Links to folders inside a folder are not followed.
func Discover(paths []string, p *Problems) []*Found {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	d := &discovery{suites: map[string]*Suite{}, p: p}
	var files []string
	seen := map[string]bool{}
	for _, path := range paths {
		for _, f := range d.scenarioFiles(path) {
			if !seen[f.real] {
				seen[f.real] = true
				files = append(files, f.path)
			}
		}
	}
	slices.Sort(d.steps)
	files = append(files, slices.Compact(d.steps)...)
	found := make([]*Found, len(files))
	problems := make([]Problems, len(files))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		suite := d.suiteOf(filepath.Dir(f))
		g.Go(func() error {
			found[i] = readFound(f, suite, &problems[i])
			return nil
		})
	}
	_ = g.Wait() // none of them gives an error
	var out []*Found
	for i, f := range found {
		p.Merge(&problems[i])
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// candidate is a file to read. Its real path tells files apart that are
// reached in several ways.
type candidate struct{ path, real string }

func linked(path string) candidate {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return candidate{path, real}
	}
	return candidate{path, path}
}

func readFound(abs string, suite *Suite, p *Problems) *Found {
	shown := Shown(abs)
	src, err := readFile(abs)
	if err != nil {
		p.Add(Pos{File: shown}, "%s", reason(err))
		return nil
	}
	f := &Found{File: shown, Suite: suite}
	if IsStepsFile(abs) {
		f.Steps = ReadStepsFile(shown, src, p)
		return f
	}
	f.Scenarios = ReadScenarios(shown, src, p)
	if len(f.Scenarios) == 0 && p.Errors() == 0 {
		p.Add(Pos{File: shown}, "no scenario in this file; one begins with \"scenario: what it shows\"")
	}
	return f
}

// readFile reads a file up to one byte more than ReadDocuments takes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := 512
	if info, err := f.Stat(); err == nil {
		size = int(min(info.Size(), maxFile)) + 1
	}
	src := make([]byte, 0, size)
	for len(src) <= maxFile {
		if len(src) == cap(src) {
			src = append(src, 0)[:len(src)]
		}
		n, err := f.Read(src[len(src):cap(src)])
		src = src[:len(src)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return src, nil
}

// reason says why a file cannot be read without repeating its name.
func reason(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or folder"
	case errors.As(err, &pe):
		return "cannot be read: " + pe.Err.Error()
	}
	return "cannot be read: " + err.Error()
}

type discovery struct {
	suites map[string]*Suite // by folder
	steps  []string          // the absolute paths of steps files
	p      *Problems
}

// scenarioFiles gives the absolute paths of the scenario files at a path.
func (d *discovery) scenarioFiles(path string) []candidate {
	info, err := os.Stat(path)
	if err != nil {
		d.p.Add(Pos{File: filepath.ToSlash(path)}, "%s", reason(err))
		return nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		d.p.Add(Pos{File: filepath.ToSlash(path)}, "%s", reason(err))
		return nil
	}
	if !info.IsDir() {
		if what := notScenarios(filepath.Base(path)); what != "" {
			d.p.Add(Pos{File: Shown(abs)}, "%s", what)
			return nil
		}
		return []candidate{linked(abs)}
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real // WalkDir does not look behind a link
	}
	out := d.walk(abs)
	if len(out) == 0 {
		d.p.Add(Pos{File: filepath.ToSlash(path)}, "no scenario found here; scenario files are named *.scenario.yaml")
	}
	slices.SortFunc(out, func(a, b candidate) int { return strings.Compare(a.path, b.path) })
	return out
}

// notScenarios says what a file is that was named in a scenario file's place.
func notScenarios(name string) string {
	switch {
	case name == SuiteFile:
		return "this is a suite's own file, which is read with every scenario below it; name a scenario file, or the folder"
	case IsStepsFile(name):
		return "this file holds steps for use, and no scenario; name a scenario file, or the folder"
	}
	return ""
}

// walk gives the scenario files below a folder whose path has no links in it.
func (d *discovery) walk(root string) []candidate {
	var out []candidate
	err := filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			d.p.Add(Pos{File: Shown(at)}, "%s", reason(err))
		case e.IsDir():
			if at != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") {
				return filepath.SkipDir
			}
		case IsScenarioFile(e.Name()):
			switch {
			case e.Type().IsRegular():
				out = append(out, candidate{at, at})
			case d.isFile(at, e):
				out = append(out, linked(at))
			}
		case e.Type().IsRegular() && IsStepsFile(e.Name()):
			d.steps = append(d.steps, at)
		case e.Type().IsRegular():
			d.warnOfName(at, e.Name())
		}
		return nil
	})
	if err != nil {
		d.p.Add(Pos{File: Shown(root)}, "%s", reason(err))
	}
	return out
}

// isFile says whether what has a scenario file's name can be read as one: a
// pipe would wait for ever.
func (d *discovery) isFile(at string, e fs.DirEntry) bool {
	mode := e.Type()
	if mode&fs.ModeSymlink != 0 {
		if info, err := os.Stat(at); err == nil { // else reading says why
			mode = info.Mode().Type()
		}
	}
	if mode.IsRegular() || mode&fs.ModeSymlink != 0 {
		return true
	}
	d.p.Add(Pos{File: Shown(at)}, "this is not a file that can be read")
	return false
}

// suiteOf finds the nearest rehearse.yaml at or above a folder, up to the
// root of the repository.
func (d *discovery) suiteOf(folder string) *Suite {
	if s, ok := d.suites[folder]; ok {
		return s
	}
	s := d.findSuite(folder)
	d.suites[folder] = s
	return s
}

func (d *discovery) findSuite(folder string) *Suite {
	file := filepath.Join(folder, SuiteFile)
	src, err := readFile(file)
	switch {
	case err == nil:
		s := ReadSuite(Shown(file), src, d.p)
		s.Root = folder
		if s.Suite == "" {
			s.Suite = filepath.Base(folder)
		}
		return s
	case !errors.Is(err, fs.ErrNotExist):
		d.p.Add(Pos{File: Shown(file)}, "%s", reason(err))
	default:
		d.warnOfSuiteName(filepath.Join(folder, "rehearse.yml"))
	}
	parent := filepath.Dir(folder)
	if _, err := os.Stat(filepath.Join(folder, ".git")); err == nil || parent == folder {
		return &Suite{Root: folder, CanarySource: "rehearse.canary"}
	}
	return d.suiteOf(parent)
}

// Shown is a path as messages show it: relative to the working folder where
// that is shorter, with slashes.
func Shown(abs string) string {
	wd, err := os.Getwd()
	if err != nil {
		return filepath.ToSlash(abs)
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil || strings.HasPrefix(rel, "..") && len(rel) > len(abs) {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}
