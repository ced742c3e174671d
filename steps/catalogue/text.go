package catalogue

import (
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/steps"
)

// List is the list of kinds, a line each.
func List() string {
	var b strings.Builder
	for _, s := range Services() {
		fmt.Fprintf(&b, "%s\n\n", s.Title)
		for _, k := range s.Kinds {
			fmt.Fprintf(&b, "%-16s %s\n", k.Name, k.Summary)
		}
		b.WriteString("\n")
	}
	b.WriteString("`rehearse steps KIND` shows a kind's parameters, its result and an example.\n")
	return b.String()
}

// Describe is the reference of one kind, as text.
func Describe(k steps.Kind) string {
	r := ReferenceOf(k)
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n\n%s %s\n", r.Name, r.Service, r.Summary, strings.ReplaceAll(r.Behaviour, "`", ""))
	if r.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Doc)
	}
	section(&b, "Parameters (* must be given)", entryLines(r.Params), r.Rules, shorthand(r))
	result := entryLines(r.Result)
	if r.Free {
		result = append(result, "a document whose keys depend on what was asked")
	}
	section(&b, "Result", result)
	section(&b, "Success, unless expect looks at the same path", r.Success)
	if len(r.Calls) > 0 {
		section(&b, "Calls", []string{strings.Join(r.Calls, ", ")})
	}
	section(&b, "Example", []string{indent(r.Example)})
	for _, f := range r.Beside {
		section(&b, "Beside it, "+f.Name, []string{indent(f.Text)})
	}
	return b.String()
}

func shorthand(r Reference) []string {
	if r.Shorthand == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s: VALUE is short for %s: {%s: VALUE}.", r.Name, r.Name, r.Shorthand)}
}

// section prints its lines below a title, or nothing where there are none.
func section(b *strings.Builder, title string, lines ...[]string) {
	first := true
	for _, l := range lines {
		for _, line := range l {
			if first {
				fmt.Fprintf(b, "\n%s\n", title)
				first = false
			}
			fmt.Fprintf(b, "  %s\n", line)
		}
	}
}

// entryLines has a line for each entry, their documentation below one another.
func entryLines(entries []Entry) []string {
	width := 0
	for _, e := range entries {
		width = max(width, len(e.Name)+1)
	}
	var l []string
	for _, e := range entries {
		name := e.Name
		if e.Required {
			name += "*"
		}
		doc := e.Doc + " (" + e.Type + ")"
		if e.Default != "" {
			doc += " Default: " + e.Default + "."
		}
		l = append(l, fmt.Sprintf("%-*s %s", width, name, doc))
	}
	return l
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }
