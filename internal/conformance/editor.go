package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ajvFiles are what Node.js is given: the packages with their versions, and the
// program that asks them.
//
//go:embed ajv
var ajvFiles embed.FS

// schemaNames are the editor schemas, each with the ending of the files that it describes.
var schemaNames = []struct{ name, ending string }{
	{"scenario", ".scenario.yaml"}, {"scenario", ".scenario.yml"}, {"suite", "rehearse.yaml"}, {"steps", ".steps.yaml"},
}

// editorSchemas lets a JSON Schema validator and a YAML parser by others judge
// the schemas that rehearse gives to editors: every example must be valid, and
// of the wrong inputs exactly those refused that an editor is said to see.
func editorSchemas(ctx context.Context, b *bench) error {
	a, err := b.installAjv(ctx)
	if err != nil {
		return err
	}
	for _, s := range schemaNames {
		if a.schemas[s.name] != "" {
			continue
		}
		text, err := output(ctx, b.environment(), b.rehearse, "schema", s.name)
		if err != nil {
			return err
		}
		a.schemas[s.name] = string(text)
		same, err := os.ReadFile(filepath.Join("schema", s.name+".schema.json"))
		if err == nil {
			err = unless(bytes.Equal(same, text), "the file differs from what the program prints; run make schema")
		}
		b.report.check("schema/"+s.name+".schema.json is what the program prints", err)
	}
	answer, err := a.ask(ctx, b, nil)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Schemas)) {
		b.report.check("Ajv compiles the "+name+" schema in strict mode", errors.Join(texts(answer.Schemas[name])...))
	}
	if err := checkExamples(ctx, b, a); err != nil {
		return err
	}
	return checkWrongInputs(ctx, b, a)
}

// ajv is the validator, installed.
type ajv struct {
	folder, node string
	schemas      map[string]string // name → text
}

func (b *bench) installAjv(ctx context.Context) (*ajv, error) {
	folder, node, err := b.installPackages(ctx, ajvFiles, "ajv")
	return &ajv{folder: folder, node: node, schemas: map[string]string{}}, err
}

// installPackages puts the npm packages of a folder, and the program in it that
// asks them, into the ignored folder, unless exactly these packages are there.
func (b *bench) installPackages(ctx context.Context, from fs.FS, name string) (folder, node string, err error) {
	node, err1 := exec.LookPath("node")
	npm, err2 := exec.LookPath("npm")
	if errors.Join(err1, err2) != nil {
		return "", "", errors.New("this judge needs Node.js (node and npm) on the PATH; on Debian and Ubuntu: apt-get install nodejs npm")
	}
	folder = filepath.Join(b.dir, name)
	files, err := fs.Sub(from, name)
	if err != nil {
		return "", "", err
	}
	want, err := fs.ReadFile(files, "package-lock.json")
	if err != nil {
		return "", "", err
	}
	stamp := filepath.Join(folder, "installed.json")
	have, err := os.ReadFile(stamp)
	same := err == nil && bytes.Equal(have, want)
	if !same {
		if err := os.RemoveAll(folder); err != nil {
			return "", "", err
		}
	}
	if err := replaceFiles(files, folder); err != nil || same {
		return folder, node, err
	}
	fmt.Println("installing the packages of internal/conformance/" + name)
	install := []string{"ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"}
	if _, err := output(ctx, os.Environ(), npm, install...); err != nil {
		return "", "", err
	}
	return folder, node, os.WriteFile(stamp, want, 0o644)
}

// replaceFiles copies files into a folder over what is there.
func replaceFiles(files fs.FS, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, path), text, 0o644)
	})
}

// asked is one file for the validator.
type asked struct {
	Name   string `json:"name"`
	Schema string `json:"schema"`
	Text   string `json:"text"`
}

// ajvAnswer is what the validator says.
type ajvAnswer struct {
	Schemas map[string][]string `json:"schemas"`
	Files   []fileAnswer        `json:"files"`
}

type fileAnswer struct {
	Name      string     `json:"name"`
	Syntax    []string   `json:"syntax"`    // what is no YAML in it
	Documents [][]string `json:"documents"` // what is wrong with each that is YAML
}

// problems lists what is wrong with the documents that are YAML.
func (f fileAnswer) problems() []string { return slices.Concat(f.Documents...) }

func (a *ajv) ask(ctx context.Context, b *bench, files []asked) (ajvAnswer, error) {
	if files == nil {
		files = []asked{}
	}
	question, err := json.Marshal(map[string]any{"schemas": a.schemas, "files": files})
	if err != nil {
		return ajvAnswer{}, err
	}
	cmd := exec.CommandContext(ctx, a.node, "judge.mjs")
	cmd.Dir, cmd.Env, cmd.Stdin = a.folder, b.environment(), bytes.NewReader(question)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return ajvAnswer{}, fmt.Errorf("node judge.mjs: %w\n%s", err, stderr.Bytes())
	}
	var answer ajvAnswer
	if err := json.Unmarshal(text, &answer); err != nil {
		return ajvAnswer{}, fmt.Errorf("node judge.mjs answered %q: %w", text, err)
	}
	if len(answer.Files) != len(files) || len(answer.Schemas) != len(a.schemas) {
		return ajvAnswer{}, fmt.Errorf("asked of %d files, answered of %d", len(files), len(answer.Files))
	}
	return answer, nil
}

// schemaOf is the name of the schema that describes a file, "" when none does.
func schemaOf(file string) string {
	for _, s := range schemaNames {
		if strings.HasSuffix(file, s.ending) {
			return s.name
		}
	}
	return ""
}

func texts(l []string) []error {
	out := make([]error, len(l))
	for i, t := range l {
		out[i] = errors.New(t)
	}
	return out
}
