package schema

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Found is a scenario file with what is in it, and the suite it belongs to.
type Found struct {
	File      string // as messages show it: relative to the working folder where it lies below
	Suite     *Suite
	Scenarios []*Scenario
}

// SuiteFile is the name of a suite's file.
const SuiteFile = "rehearse.yaml"

// IsScenarioFile says whether a file's name makes it a scenario file.
func IsScenarioFile(name string) bool {
	return strings.HasSuffix(name, ".scenario.yaml") || strings.HasSuffix(name, ".scenario.yml")
}

// Discover finds and reads the scenario files in folders and among files named
// one by one. Whatever is wrong with any of them goes into p; a path that
// cannot be read, or no scenario at all, is a problem too.
func Discover(paths []string, p *Problems) []*Found {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	for _, path := range paths {
		files = append(files, scenarioFiles(path, p)...)
	}
	d := &discovery{suites: map[string]*Suite{}, p: p}
	var out []*Found
	seen := map[string]bool{}
	for _, f := range files {
		if abs, err := filepath.Abs(f); err == nil && !seen[abs] {
			seen[abs] = true
			if x := d.read(abs); x != nil {
				out = append(out, x)
			}
		}
	}
	return out
}

func scenarioFiles(path string, p *Problems) []string {
	info, err := os.Stat(path)
	if err != nil {
		p.Add(Pos{File: path}, "%s", reason(err))
		return nil
	}
	if !info.IsDir() {
		return []string{path}
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // WalkDir does not look behind a link
	}
	var out []string
	err = filepath.WalkDir(path, func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			p.Add(Pos{File: at}, "%s", reason(err))
			return nil
		case e.IsDir() && at != path && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"):
			return filepath.SkipDir
		case !e.IsDir() && IsScenarioFile(e.Name()):
			out = append(out, at)
		}
		return nil
	})
	if err != nil {
		p.Add(Pos{File: path}, "%s", reason(err))
	}
	if len(out) == 0 {
		p.Add(Pos{File: path}, "no scenario found here; scenario files are named *.scenario.yaml")
	}
	sort.Strings(out)
	return out
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
	p      *Problems
}

func (d *discovery) read(abs string) *Found {
	shown := Shown(abs)
	src, err := os.ReadFile(abs)
	if err != nil {
		d.p.Add(Pos{File: shown}, "%s", reason(err))
		return nil
	}
	f := &Found{File: shown, Suite: d.suiteOf(filepath.Dir(abs))}
	before := d.p.Errors()
	f.Scenarios = ReadScenarios(shown, src, d.p)
	if len(f.Scenarios) == 0 && d.p.Errors() == before {
		d.p.Add(Pos{File: shown}, "no scenario in this file; one begins with \"scenario: what it shows\"")
	}
	return f
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
	src, err := os.ReadFile(file)
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
