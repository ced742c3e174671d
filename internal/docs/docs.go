// Package docs writes the reference in the folder docs: hand-written pages with
// the tables that come from the code between them. Nothing but the program that
// writes the pages, and tests, may need it; it must not know a service.
package docs

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"strings"
	"text/template"
	"unicode"

	"github.com/rehearse-dev/rehearse/internal/docs/fence"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// templates are the pages as they are written by hand.
//
//go:embed pages
var templates embed.FS

// Pages gives the text of every page by its path in the folder docs. existing
// is that folder: pages that are only there are linked too.
func Pages(existing fs.FS) (map[string]string, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(functions(existing)).ParseFS(templates, "pages/*.md")
	if err != nil {
		return nil, err
	}
	pages := map[string]string{}
	for _, name := range []string{"README.md", "file-format.md", "expressions.md", "checks.md", "kinds.md", "running.md", "traces.md", "events.md", "what-goes-wrong.md"} {
		if pages[name], err = execute(t, name, nil); err != nil {
			return nil, err
		}
	}
	for _, s := range catalogue.Services() {
		for _, k := range s.Kinds {
			if pages["kinds/"+k.Name+".md"], err = execute(t, "kind.md", k); err != nil {
				return nil, err
			}
		}
	}
	return pages, nil
}

func execute(t *template.Template, name string, data any) (string, error) {
	var b bytes.Buffer
	err := t.ExecuteTemplate(&b, name, data)
	return b.String(), err
}

// shapes are the parts of the files whose keys the pages list.
var shapes = map[string]reflect.Type{
	"scenario":    reflect.TypeFor[schema.Scenario](),
	"case":        reflect.TypeFor[schema.Case](),
	"cases from":  reflect.TypeFor[schema.CasesFrom](),
	"step":        reflect.TypeFor[schema.StepFields](),
	"suite":       reflect.TypeFor[schema.Suite](),
	"definition":  reflect.TypeFor[schema.Definition](),
	"environment": reflect.TypeFor[schema.Environment](),
	"defaults":    reflect.TypeFor[schema.Defaults](),
	"account":     reflect.TypeFor[schema.Account](),
	"limit":       reflect.TypeFor[schema.Limit](),
	"param":       reflect.TypeFor[schema.Param](),
}

// takes says what keys take whose types say nothing: they are read later.
var takes = map[string]string{
	"scenario.skip":   "text or an expression",
	"case.skip":       "text or an expression",
	"cases from.skip": "text or an expression",
	"cases from.name": "text",
	"step.when":       "expression",
	"step.expect":     "checks",
}

// functions are what the pages can call.
func functions(existing fs.FS) template.FuncMap {
	return template.FuncMap{
		"keys": func(name string) (string, error) {
			t, ok := shapes[name]
			if !ok {
				return "", fmt.Errorf("there are no keys of %q", name)
			}
			keys := catalogue.KeysOf(schema.ShapeOf(t))
			for i, e := range keys {
				if word, ok := takes[name+"."+e.Name]; ok {
					keys[i].Type = word
				}
			}
			return table("key", keys), nil
		},
		"params":    func(l []catalogue.Entry) string { return table("parameter", l) },
		"result":    resultTable,
		"services":  catalogue.Services,
		"operators": operatorSections,
		"functions": functionSections,

		"eventExample": eventExample,
		"eventHeader":  eventHeader,
		"eventTypes":   eventTypes,
		"cell":         cell,
		"code":         codes,
		"fenced":       fenced,
		"goesWrong":    goesWrong,
		"anchor":       anchor,
		"trim":         strings.TrimSpace,
		"exists":       func(name string) bool { return exists(existing, name) },
		"title":        func(name string) (string, error) { return titleOf(existing, name) },
	}
}

func exists(pages fs.FS, name string) bool {
	_, err := fs.Stat(pages, name)
	return err == nil
}

// titleOf is the first heading of a page.
func titleOf(pages fs.FS, name string) (string, error) {
	text, err := fs.ReadFile(pages, name)
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "# "), nil
}

// anchor is how Markdown readers name a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// fenced shows a file in a block: one of YAML under a comment with its name.
func fenced(name, text string) string {
	if ext := strings.TrimPrefix(path.Ext(name), "."); ext != "yaml" && ext != "yml" {
		return "```" + ext + " " + name + "\n" + strings.TrimSpace(text) + "\n```"
	}
	return "```yaml\n# " + name + "\n" + strings.TrimSpace(text) + "\n```"
}

// Files writes the files that pages show into a folder and gives their paths.
func Files(pages fs.FS, into string) ([]string, error) { return fence.WriteFiles(pages, into) }
