package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rehearse-dev/rehearse/internal/docs/fence"
)

// checkExamples wants every example to be valid, for Ajv and for rehearse: the
// suites, what the pages in docs show, and what the reference of each kind shows.
func checkExamples(ctx context.Context, b *bench, a *ajv) error {
	root := filepath.Join(b.dir, "examples")
	if err := os.RemoveAll(root); err != nil {
		return err
	}
	shown := filepath.Join(root, "docs")
	if _, err := fence.WriteFiles(os.DirFS("docs"), shown); err != nil {
		return err
	}
	kinds := filepath.Join(root, "kinds")
	if err := writeKindExamples(ctx, b, kinds); err != nil {
		return err
	}
	for _, e := range []struct{ what, folder string }{
		{"the suites in scenarios", "scenarios"}, {"what the pages in docs show", shown}, {"the example of each kind", kinds},
	} {
		files, err := filesBelow(e.folder)
		if err != nil {
			return err
		}
		answer, err := a.ask(ctx, b, files)
		if err != nil {
			return err
		}
		var wrong []error
		for _, f := range answer.Files {
			for _, p := range append(f.Syntax, f.problems()...) {
				wrong = append(wrong, fmt.Errorf("%s: %s", f.Name, p))
			}
		}
		if len(files) == 0 {
			wrong = append(wrong, errors.New("there is no file"))
		}
		b.report.check(fmt.Sprintf("%s: all %d files are valid for Ajv", e.what, len(files)), errors.Join(wrong...))
		_, err = output(ctx, b.environment(), b.rehearse, "validate", e.folder)
		b.report.check(e.what+": rehearse validate finds nothing wrong", err)
	}
	return nil
}

// exampleSuite names what the examples of the kinds use.
const exampleSuite = "arrange:\n  - stack_outputs: {stack: play}\n    id: app\n"

var (
	kindLine    = regexp.MustCompile(`(?m)^([a-z_]+)  `)
	exampleText = regexp.MustCompile(`(?m)^(?:Example|Beside it, (\S+))\n((?:  .*\n|\n)+)`)
)

// writeKindExamples makes a scenario of the example in each kind's reference,
// as rehearse prints it, with the files that it needs.
func writeKindExamples(ctx context.Context, b *bench, folder string) error {
	list, err := output(ctx, b.environment(), b.rehearse, "steps")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "rehearse.yaml"), []byte(exampleSuite), 0o644); err != nil {
		return err
	}
	for _, m := range kindLine.FindAllStringSubmatch(string(list), -1) {
		text, err := output(ctx, b.environment(), b.rehearse, "steps", m[1])
		if err != nil {
			return err
		}
		shown := exampleText.FindAllStringSubmatch(string(text), -1)
		if len(shown) == 0 {
			return fmt.Errorf("rehearse steps %s shows no example", m[1])
		}
		for _, x := range shown {
			name, body := x[1], strings.ReplaceAll("\n"+x[2], "\n  ", "\n")
			if name == "" {
				name, body = m[1]+".scenario.yaml", "scenario: "+m[1]+body
			}
			if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.TrimLeft(body, "\n")), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// filesBelow reads every file of a folder that a schema describes.
func filesBelow(folder string) ([]asked, error) {
	var files []asked
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || schemaOf(path) == "" {
			return err
		}
		text, err := os.ReadFile(path)
		files = append(files, asked{Name: filepath.ToSlash(path), Schema: schemaOf(path), Text: string(text)})
		return err
	})
	return files, err
}

// wrongInputs are archives of files with a slip. Their comments say whether an
// editor sees it.
const wrongInputs = "cmd/rehearse/testdata/wrong/*.txtar"

var sees = regexp.MustCompile(`(?m)^editor: (sees|cannot) \((.+)\)$`)

// checkWrongInputs holds what the archives say of editors: Ajv refuses a
// document of those that an editor sees, and none of the others; and what is
// said to be no YAML is none for a parser by others.
func checkWrongInputs(ctx context.Context, b *bench, a *ajv) error {
	archives, err := filepath.Glob(wrongInputs)
	if err != nil {
		return err
	}
	var files []asked
	claims := map[string][]string{} // archive → what its comment says, and why
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			return err
		}
		name := filepath.Base(path)
		claims[name] = sees.FindStringSubmatch(string(archive.Comment))
		for _, f := range archive.Files {
			if s := schemaOf(f.Name); s != "" && utf8.Valid(f.Data) { // an editor shows other bytes as what they are not
				files = append(files, asked{Name: name + "/" + f.Name, Schema: s, Text: string(f.Data)})
			}
		}
	}
	answer, err := a.ask(ctx, b, files)
	if err != nil {
		return err
	}
	var wrong []error
	seen := 0
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		claim := claims[name]
		if claim == nil {
			wrong = append(wrong, fmt.Errorf("%s: its comment does not say whether an editor sees the slip", name))
			continue
		}
		if claim[1] == "sees" {
			seen++
		}
		if err := answer.of(name).contradicts(claim[1] == "sees", strings.HasPrefix(claim[2], "not YAML")); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", name, strings.TrimPrefix(claim[0], "editor: "), err))
		}
	}
	if len(archives) == 0 {
		wrong = append(wrong, errors.New("there is none"))
	}
	b.report.check(fmt.Sprintf("of %d wrong inputs, Ajv refuses exactly the %d that an editor is said to see", len(archives), seen), errors.Join(wrong...))
	return nil
}

// of is the part of an answer about the files of an archive.
func (answer ajvAnswer) of(archive string) ajvAnswer {
	var part ajvAnswer
	for _, f := range answer.Files {
		if strings.HasPrefix(f.Name, archive+"/") {
			part.Files = append(part.Files, f)
		}
	}
	return part
}

// contradicts says how an answer differs from what an archive claims.
func (answer ajvAnswer) contradicts(seen, notYAML bool) error {
	var problems, syntax []string
	for _, f := range answer.Files {
		problems = append(problems, f.problems()...)
		syntax = append(syntax, f.Syntax...)
	}
	switch {
	case seen && len(problems) == 0:
		return errors.New("every document is valid for Ajv")
	case !seen && len(problems) > 0:
		return fmt.Errorf("refused by Ajv: %s", problems[0])
	case notYAML && len(answer.Files) > 0 && len(syntax) == 0:
		return errors.New("the YAML parser accepts every file")
	}
	return nil
}
