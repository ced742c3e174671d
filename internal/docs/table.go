package docs

import (
	"strings"

	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// table lists keys or parameters with what they take and mean.
func table(what string, entries []catalogue.Entry) string {
	var b strings.Builder
	b.WriteString("| " + what + " | takes | meaning |\n|---|---|---|\n")
	for _, e := range entries {
		doc := e.Doc
		if e.Default != "" {
			doc += " Default: `" + e.Default + "`."
		}
		name := "`" + e.Name + "`"
		if e.Required {
			name += " *"
		}
		b.WriteString("| " + name + " | " + cell(e.Type) + " | " + cell(doc) + " |\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// resultTable lists the parts of a result by their paths.
func resultTable(entries []catalogue.Entry) string {
	var b strings.Builder
	b.WriteString("| path | is | meaning |\n|---|---|---|\n")
	for _, e := range entries {
		b.WriteString("| `" + e.Name + "` | " + cell(e.Type) + " | " + cell(e.Doc) + " |\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cell writes text so that Markdown shows it as it is, inside a table too. What
// stands between backticks stays code.
func cell(text string) string {
	var b strings.Builder
	code := false
	for _, r := range strings.ReplaceAll(text, "\n", " ") {
		switch {
		case r == '`':
			code = !code
		case r == '|', !code && (r == '*' || r == '<' || r == '>' || r == '_'):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// codes writes a list of names as code.
func codes(names []string) string {
	l := make([]string, len(names))
	for i, n := range names {
		l[i] = "`" + n + "`"
	}
	return strings.Join(l, ", ")
}
