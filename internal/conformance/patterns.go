package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// The questions to the judges of event patterns: a table that the tests of package assertions read
// too, and random pairs that are the same in every run.
const (
	patternTable  = "assertions/testdata/eventpattern.jsonl"
	randomPairs   = 3000
	randomSeed    = 20260131
	patternsLimit = 2 * time.Minute // for all questions, on a slow machine
)

// An answer is what a matcher says of a pattern and an event.
type answer string

const (
	match   answer = "match"
	miss    answer = "miss"
	refused answer = "refused" // the pattern is not valid
)

// A patternCase is one question to a matcher of event patterns.
type patternCase struct {
	Rule    string          `json:"rule"`
	Pattern json.RawMessage `json:"pattern"`
	Text    *string         `json:"text"` // in place of pattern, where that is not JSON
	Event   json.RawMessage `json:"event"`
	Want    answer          `json:"want"` // "" for a random one
}

// question puts pattern and event below detail: the rest of an event has a form that services insist on.
func (c patternCase) question() (pattern, event string) {
	event = `{"id":"1","account":"111122223333","source":"test","time":"2026-01-31T12:00:00Z","region":"us-east-1",` +
		`"resources":[],"detail-type":"test","detail":` + string(c.Event) + `}`
	if c.Text != nil {
		return *c.Text, event
	}
	if c.Pattern[0] != '{' {
		return string(c.Pattern), event
	}
	return `{"detail":` + string(c.Pattern) + `}`, event
}

func (c patternCase) String() string {
	if c.Text != nil {
		return fmt.Sprintf("pattern %q", *c.Text)
	}
	return fmt.Sprintf("pattern %s, event %s", c.Pattern, c.Event)
}

// patternsOnJudges asks AWS's own matching engine and an emulator by others what they say of event
// patterns, and holds the answers of rehearse, which its sandbox gives, against theirs.
func patternsOnJudges(ctx context.Context, b *bench) error {
	table, err := readPatternTable(patternTable)
	if err != nil {
		return err
	}
	jars, err := b.installRuler(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patternsLimit)
	defer cancel()
	sandbox, err := b.start(ctx, "sandbox-patterns", "/", func(port, _ string) *exec.Cmd {
		cmd := exec.Command(b.rehearse, "sandbox", "--port", port)
		cmd.Dir, cmd.Env = b.dir, b.environment()
		return cmd
	})
	if err != nil {
		return err
	}
	defer func() { b.report.check("the sandbox stops when asked to", sandbox.close()) }()
	ministack, err := b.start(ctx, "ministack-patterns", "/_ministack/health", func(port, url string) *exec.Cmd {
		cmd := exec.Command(b.python, "-m", "ministack")
		cmd.Dir, cmd.Env = b.dir, b.environment("BIND_HOST=127.0.0.1", "GATEWAY_PORT="+port, "AWS_ENDPOINT_URL="+url)
		return cmd
	})
	if err != nil {
		return err
	}
	defer func() { b.report.check("MiniStack stops when asked to", ministack.close()) }()

	all := append(table, randomPatterns(randomSeed, randomPairs)...)
	matchers := []struct {
		name string
		ask  func() ([]answer, error)
	}{
		{"rehearse", func() ([]answer, error) { return askService(ctx, sandbox.url, all) }},
		{eventRuler, func() ([]answer, error) { return askRuler(ctx, jars, all) }},
		{miniStack, func() ([]answer, error) { return askService(ctx, ministack.url, all) }},
	}
	answers, errs := make([][]answer, len(matchers)), make([]error, len(matchers))
	var asking sync.WaitGroup
	for i, m := range matchers {
		asking.Go(func() { answers[i], errs[i] = m.ask() })
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	ours := answers[0]
	b.report.check(fmt.Sprintf("%d patterns and events of %s are answered as it says", len(table), patternTable), asWritten(table, ours))
	for i, m := range matchers[1:] {
		d := compareAnswers(m.name, all, ours, answers[i+1])
		b.report.check(fmt.Sprintf("%s agrees on them and on %d random ones (seed %d)", m.name, randomPairs, randomSeed), d.unknown(), d.notes()...)
		b.report.check(m.name+" still differs where it is known to", d.unneeded())
	}
	fmt.Println("      of the random ones", tally(ours[len(table):]))
	return nil
}

// readPatternTable reads the cases, one a line.
func readPatternTable(file string) ([]patternCase, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var table []patternCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c patternCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, len(table)+1, err)
		}
		if len(c.Event) == 0 {
			c.Event = json.RawMessage("{}")
		}
		table = append(table, c)
	}
	return table, errors.Join(lines.Err(), unless(len(table) > 0, "%s is empty", file))
}

// asWritten expects the answers that stand in the table.
func asWritten(table []patternCase, got []answer) error {
	var problems []error
	for i, c := range table {
		if got[i] != c.Want {
			problems = append(problems, fmt.Errorf("%s: %s, expected %s: %s", c, got[i], c.Want, c.Rule))
		}
	}
	return errors.Join(problems...)
}

func tally(answers []answer) string {
	n := map[answer]int{}
	for _, a := range answers {
		n[a]++
	}
	return fmt.Sprintf("%d match, %d do not, %d are refused", n[match], n[miss], n[refused])
}

// A comparison is where a judge answers otherwise than rehearse.
type comparison struct {
	judge  string
	differ []string     // unexpectedly
	known  map[int]int  // index of a known difference → how often it was met
	shown  map[int]bool // those that the table shows
	asked  int
}

func compareAnswers(judge string, cases []patternCase, ours, theirs []answer) comparison {
	c := comparison{judge: judge, known: map[int]int{}, shown: map[int]bool{}, asked: len(cases)}
	for i, q := range cases {
		if ours[i] == theirs[i] {
			continue
		}
		k := knownDifference(judge, q)
		if k < 0 {
			c.differ = append(c.differ, fmt.Sprintf("%s: %s here, %s there", q, ours[i], theirs[i]))
			continue
		}
		c.known[k]++
		c.shown[k] = c.shown[k] || q.Want != ""
	}
	return c
}

// unknown is an error when answers differ that are not known to.
func (c comparison) unknown() error {
	const most = 20
	if len(c.differ) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d answers differ:\n%s", len(c.differ), c.asked, strings.Join(c.differ[:min(most, len(c.differ))], "\n"))
}

// unneeded is an error when no case of the table shows a known difference.
func (c comparison) unneeded() error {
	var problems []error
	for i, k := range knownDifferences {
		if k.judge == c.judge && !c.shown[i] {
			problems = append(problems, fmt.Errorf("no case of the table shows it, take it out of the list: %s", k.why))
		}
	}
	return errors.Join(problems...)
}

func (c comparison) notes() []string {
	var notes []string
	for i, k := range knownDifferences {
		if n := c.known[i]; n > 0 {
			notes = append(notes, fmt.Sprintf("known to differ in %d: %s", n, k.why))
		}
	}
	return notes
}
