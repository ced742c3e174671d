package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// archives are what can go wrong, each with what the program says then. A test
// of the program runs them and writes their last part.
//
//go:embed wrong/*.txtar
var archives embed.FS

// wrongGroup is a part of the page of what goes wrong.
type wrongGroup struct {
	Title string
	Rows  []wrongRow
}

// wrongRow is one thing that goes wrong.
type wrongRow struct {
	Title string
	Done  string // what is done to the run, in words; "" when its files are all
	Files []txtar.File
	Is    string // how the case ended: failed, error, … and the cause
	Exit  string
	Says  string // in a sentence
	Told  string // all that is printed
}

// goesWrong reads the archives in the order of their names.
func goesWrong() ([]wrongGroup, error) {
	names, err := fs.Glob(archives, "wrong/*.txtar")
	if err != nil {
		return nil, err
	}
	var groups []wrongGroup
	for _, name := range names {
		text, err := archives.ReadFile(name)
		if err != nil {
			return nil, err
		}
		group, row, err := wrongRowOf(txtar.Parse(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if n := len(groups); n == 0 || groups[n-1].Title != group {
			groups = append(groups, wrongGroup{Title: group})
		}
		last := &groups[len(groups)-1]
		last.Rows = append(last.Rows, row)
	}
	return groups, nil
}

func wrongRowOf(a *txtar.Archive) (group string, r wrongRow, err error) {
	last := len(a.Files) - 1
	if last < 1 || a.Files[last].Name != "want" {
		return "", r, fmt.Errorf("it does not end with what is said; run go test ./cmd/rehearse -run TestWhatGoesWrong -update")
	}
	title, rest, _ := strings.Cut(string(a.Comment), "\n")
	head := keyed(rest)
	want, told, _ := strings.Cut(string(a.Files[last].Data), "\n\n")
	end := keyed(want)
	done, err := inWords(head["fault"])
	if err != nil {
		return "", r, err
	}
	var how []string
	for _, part := range []string{done, flagsInWords(head["flags"]), envInWords(head["env"])} {
		if part != "" {
			how = append(how, part)
		}
	}
	return head["of"], wrongRow{
		Title: title, Done: strings.Join(how, " "), Files: a.Files[:last],
		Is: end["is"], Exit: end["exit"], Says: end["says"], Told: strings.TrimRight(told, "\n"),
	}, nil
}

// keyed reads lines of a key and a value.
func keyed(text string) map[string]string {
	m := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			m[key] = value
		}
	}
	return m
}

// inWords says a fault as a sentence.
func inWords(fault string) (string, error) {
	what, call, _ := strings.Cut(fault, " ")
	call = "`" + strings.Replace(call, " ", ":", 1) + "`"
	sentence, ok := map[string]string{
		"":          "",
		"deny":      "AWS denies " + call + ".",
		"deny-once": "AWS denies the first " + call + ".",
		"throttle":  "AWS throttles every " + call + ".",
		"hang":      "AWS does not answer " + call + ".",
		"cut":       "The connection breaks in the middle of the answer to " + call + ".",
		"expire":    "The credentials expire after " + call + ".",
		"remove":    "Somebody deletes the listener's queue.",
		"late":      "Events come 2.6 seconds late.",
		"interrupt": "Ctrl-C is pressed after " + call + ".",
	}[what]
	if !ok {
		return "", fmt.Errorf("there are no words for the fault %q", fault)
	}
	return sentence, nil
}

func flagsInWords(flags string) string {
	if flags == "" {
		return ""
	}
	return "With `" + flags + "`."
}

func envInWords(env string) string {
	if env == "" {
		return ""
	}
	return "With `" + env + "` in the environment."
}
