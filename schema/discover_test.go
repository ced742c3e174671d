package schema

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// lay writes files below a new folder that is the working folder then.
func lay(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(".git", 0o700); err != nil { // no suite above it counts
		t.Fatal(err)
	}
}

const one = "scenario: One\nassert:\n  - check: 1 == 1\n"

// discovered gives the files that are found, and what is said.
func discovered(paths ...string) (files []string, said string) {
	var p Problems
	for _, f := range Discover(paths, &p) {
		files = append(files, f.File)
	}
	var l []string
	for _, x := range p.Sorted() {
		level := ""
		if x.Warning {
			level = "warning: "
		}
		l = append(l, x.Pos.String()+": "+level+x.Message)
	}
	return files, strings.Join(l, "\n")
}

func TestDiscoverFindsEachFileOnce(t *testing.T) {
	lay(t, map[string]string{"b/x.scenario.yaml": one, "a.scenario.yml": one, "b/c/y.scenario.yaml": one, ".hidden/z.scenario.yaml": one, "node_modules/m/n.scenario.yaml": one, "other.yaml": one})
	for link, target := range map[string]string{"b/again.scenario.yaml": "x.scenario.yaml", "b/up": "..", "b/self": "self", "linked": "b"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"a.scenario.yml", "b/again.scenario.yaml", "b/c/y.scenario.yaml"}
	for _, x := range []struct {
		paths []string
		want  []string
	}{
		{nil, all},
		{[]string{"."}, all},
		{[]string{".", "b", "a.scenario.yml", "./b/../b/x.scenario.yaml", "linked"}, all},
		{[]string{"linked"}, []string{"b/again.scenario.yaml", "b/c/y.scenario.yaml"}},
		{[]string{"other.yaml", "b/c"}, []string{"other.yaml", "b/c/y.scenario.yaml"}},
		{[]string{".hidden"}, []string{".hidden/z.scenario.yaml"}},
	} {
		got, said := discovered(x.paths...)
		said = strings.TrimSpace(strings.ReplaceAll(said, "other.yaml: warning: this looks like a scenario file, but its name does not make it one, so it is not read; call it other.scenario.yaml", ""))
		if !slices.Equal(got, x.want) || said != "" {
			t.Errorf("%v: got %v, want %v; %s", x.paths, got, x.want, said)
		}
	}
}

func TestDiscoverWarnsOfNames(t *testing.T) {
	silent := map[string]string{
		"ok.scenario.yaml": one, "template.yaml": "Resources: {}\n", "docker-compose.yaml": "services: {}\n", "orders.steps.yaml": "a: {steps: [{wait: 1s}]}\n",
		"release.yaml": "a: 1\n", "molecule.yml": "scenario:\n  name: x\n", "scenarios.yaml": "- {name: a}\n", "claims.csv": "scenario\n", "a.scenario.json": "{}", "notes.md": one, ".github/workflows/ci.yaml": one,
	}
	const is = "warning: this looks like a scenario file, but its name does not make it one, so it is not read; call it "
	const suite = "warning: this looks like a suite's file, but such a file is named rehearse.yaml, so this one is not read"
	for name, x := range map[string]struct{ text, says string }{
		"nothing":                   {},
		"orders.scenaro.yaml":       {"", is + "orders.scenario.yaml"},
		"orders.Scenario.yaml":      {"", is + "orders.scenario.yaml"},
		"orders.scenarios.yml":      {"", is + "orders.scenario.yaml"},
		"orders.scenario.YAML":      {"", is + "orders.scenario.yaml"},
		"orders-scenario.yaml":      {one, is + "orders.scenario.yaml"},
		"scenario.yaml":             {one, is + "NAME.scenario.yaml"},
		"orders.yaml":               {one, is + "orders.scenario.yaml"},
		"broken.yaml":               {"scenario: One\nact: [${x}\n", is + "broken.scenario.yaml"},
		"orders.scenario.test.yaml": {one, is + "orders.scenario.test.scenario.yaml"},
		"rehearse.yml":              {"vars: {}\n", suite},
		"Rehearse.yaml":             {"vars: {}\n", suite},
		"reherse.yaml":              {"vars: {}\n", suite},
		"deep/rehearse.yml":         {"vars: {}\n", suite},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{name: x.text}
			for k, v := range silent {
				files[k] = v
			}
			lay(t, files)
			want := ""
			if x.says != "" {
				want = name + ": " + x.says
			}
			if found, said := discovered(); said != want || !slices.Equal(found, []string{"ok.scenario.yaml", "orders.steps.yaml"}) {
				t.Errorf("%v\ngot  %s\nwant %s", found, said, want)
			}
		})
	}
}

// A suite's file that is not read could hold the account that must not be touched.
func TestDiscoverWarnsOfASuiteNameAboveTheFiles(t *testing.T) {
	lay(t, map[string]string{"rehearse.yml": "vars: {}\n", "a/b/x.scenario.yaml": one})
	if _, said := discovered("a/b/x.scenario.yaml"); said != "rehearse.yml: warning: this looks like a suite's file, but such a file is named rehearse.yaml, so this one is not read" {
		t.Error(said)
	}
}

func TestDiscoverSaysWhatCannotBeRead(t *testing.T) {
	lay(t, map[string]string{"empty/x.txt": "", "rehearse.yaml": "vars: {}\n", "a.steps.yaml": "", "nothing.scenario.yaml": "# later\n", "pipes/ok.scenario.yaml": one})
	if err := os.Symlink("loop", "loop"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "pipes/gone.scenario.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("pipes/pipe.scenario.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"nowhere":               "nowhere: no such file or folder",
		"rehearse.yaml/x":       "rehearse.yaml/x: cannot be read: not a directory",
		"loop":                  "loop: cannot be read: too many levels of symbolic links",
		"empty":                 "empty: no scenario found here; scenario files are named *.scenario.yaml",
		"rehearse.yaml":         "rehearse.yaml: this is a suite's own file, which is read with every scenario below it; name a scenario file, or the folder",
		"a.steps.yaml":          "a.steps.yaml: this file holds steps for use, and no scenario; name a scenario file, or the folder",
		"nothing.scenario.yaml": "nothing.scenario.yaml: no scenario in this file; one begins with \"scenario: what it shows\"",
		"pipes":                 "pipes/gone.scenario.yaml: no such file or folder\npipes/pipe.scenario.yaml: this is not a file that can be read",
	} {
		if _, said := discovered(path); said != want {
			t.Errorf("%s:\ngot  %s\nwant %s", path, said, want)
		}
	}
	if _, said := discovered("nowhere", "empty", "loop"); strings.Count(said, "\n") != 2 {
		t.Errorf("not all at once: %s", said)
	}
}

func TestDiscoverSaysWhatIsForbidden(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	lay(t, map[string]string{"a/x.scenario.yaml": one, "b/y.scenario.yaml": one})
	for _, path := range []string{"a", "b/y.scenario.yaml"} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod("a", 0o700) })
	if _, said := discovered(); said != "a: cannot be read: permission denied\nb/y.scenario.yaml: cannot be read: permission denied" {
		t.Error(said)
	}
}

// Files are read at the same time; what is said of them keeps its order.
func TestDiscoverIsDeterministic(t *testing.T) {
	files := map[string]string{"rehearse.yaml": "vars: {}\n"}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		files[string(c)+"/x.scenario.yaml"] = "scenario: 012\nacts: []\n"
	}
	lay(t, files)
	found, said := discovered()
	if !slices.IsSorted(found) || len(found) != 26 {
		t.Errorf("found %v", found)
	}
	for range 20 {
		if f, s := discovered(); !slices.Equal(f, found) || s != said {
			t.Fatalf("got %v %s\nwant %v %s", f, s, found, said)
		}
	}
}
