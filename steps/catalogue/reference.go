package catalogue

import (
	"fmt"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// List is the list of kinds, a line each.
func List() string {
	var b strings.Builder
	for _, k := range Kinds() {
		fmt.Fprintf(&b, "%-16s %s\n", k.Name, k.Summary)
	}
	b.WriteString("\n`rehearse steps KIND` shows a kind's parameters, its result and an example.\n")
	return b.String()
}

// Describe is the reference of one kind.
func Describe(k steps.Kind) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", k.Name, k.Summary)
	if k.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(k.Doc))
	}
	section(&b, "Parameters (* must be given)", k.Params, true)
	for _, r := range k.Rules {
		word := "at most one of "
		if r.Exactly {
			word = "exactly one of "
		}
		fmt.Fprintf(&b, "  %s%s\n", word, strings.Join(r.Names, ", "))
	}
	section(&b, "Result", k.Result, false)
	if k.FreeResult {
		b.WriteString("\nResult\n  a document whose keys depend on what was asked\n")
	}
	if actions := actions(k); actions != "" {
		fmt.Fprintf(&b, "\nCalls\n  %s\n", actions)
	}
	fmt.Fprintf(&b, "\nExample\n%s\n", indent(strings.TrimSpace(k.Example)))
	return b.String()
}

func section(b *strings.Builder, title string, s *schema.Shape, params bool) {
	if len(s.Fields) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, f := range s.Fields {
		if f.Later {
			continue
		}
		name := f.Name
		if f.Required && params {
			name += "*"
		}
		doc := f.Doc
		if params {
			doc += " (" + f.Shape.Word() + ")"
		}
		if f.Default != "" {
			doc += " Default: " + f.Default + "."
		}
		fmt.Fprintf(b, "  %-14s %s\n", name, doc)
	}
}

// actions lists the IAM actions that a kind may call.
func actions(k steps.Kind) string {
	var l []string
	for _, p := range k.Needs(&schema.Node{Kind: schema.Map}) {
		l = append(l, p.Action)
	}
	return strings.Join(l, ", ")
}

func indent(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
