package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// hiddenEnv are values in the environment of the program that it must not print.
var hiddenEnv = map[string]string{
	"AWS_ACCESS_KEY_ID": "AKIAFORTHETESTS", "AWS_SECRET_ACCESS_KEY": "wJalr/bPxRfiCY+EXAMPLEKEY", "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEJ//////token==",
	"A_TOKEN": `of "the" environment`,
}

// hiddenInFiles are literals of masked vars.
var hiddenInFiles = []string{"suite-secret-1", "env-secret-1", "scenario-secret-1", "case's-secret-1", "row-secret-1", "vars-file-secret-1", "flag-secret-1", "block-secret-1", "broken-secret-1"}

// program runs the program itself and gives what it prints and its exit code.
func program(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	run := exec.CommandContext(t.Context(), os.Args[0], args...)
	run.Dir = dir
	run.Env = append(os.Environ(), asProgram+"=1", "REHEARSE_STATE_DIR="+filepath.Join(dir, "state"), "AWS_REGION="+sandbox.Region,
		"AWS_CONFIG_FILE="+filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(dir, "none"), "AWS_EC2_METADATA_DISABLED=true")
	for name, value := range hiddenEnv {
		run.Env = append(run.Env, name+"="+value)
	}
	out, err := run.CombinedOutput()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return string(out), run.ProcessState.ExitCode()
}

func fileTree(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func hides(t *testing.T, what, text string, more ...string) {
	t.Helper()
	for _, v := range hiddenEnv {
		more = append(more, v)
	}
	for _, secret := range append(more, hiddenInFiles...) {
		b64 := base64.RawStdEncoding.EncodeToString([]byte(secret))
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(strconv.Quote(secret), `"`), b64[:len(b64)-1]} {
			if i := strings.Index(text, form); i >= 0 {
				t.Errorf("%s shows %s: %s", what, secret, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
}

const secretSuite = `mask: ["*_TOKEN"]
environments:
  dev: {vars: {ENV_TOKEN: env-secret-1}}
default_environment: dev
vars:
  SUITE_TOKEN: suite-secret-1
  BLOCK_TOKEN: |
    block-secret-1
`

// TestProblemsShowNoSecret: problems with files show the lines they stand in.
func TestProblemsShowNoSecret(t *testing.T) {
	for _, c := range []struct{ name, suite, scenario, says string }{
		{"beside it", "defaults: {within: 5}\n", "scenario: {S: 1}\nvars: {SCENARIO_TOKEN: scenario-secret-1, x: &y y, x: z}\nassert: [{check: 1 == 1}]\n", "SCENARIO_TOKEN: ***"},
		{"the value itself", "", "scenario: S\nvars: {SCENARIO_TOKEN: 012345678}\nassert: [{check: 1 == 1}]\n", "SCENARIO_TOKEN: ***"},
		{"in a check", "", "scenario: S\nvars: {SCENARIO_TOKEN: scenario-secret-1}\nassert:\n  - check: scenario-secret-1\n    within: scenario-secret-1\n", "***"},
		{"of a case", "", "scenario: S\ncases:\n  - {name: a, vars: {CASE_TOKEN: 'case''s-secret-1'}, tag: x}\nassert: [{check: 1 == 1}]\n", "CASE_TOKEN: ***"},
		{"a file that cannot be read", "", "scenario: S\nvars: {SCENARIO_TOKEN: \"broken-secret-1}\nassert: [{check: 1 == 1}]\n", "SCENARIO_TOKEN: ***"},
		{"of the environment", "", "scenario: S\nskip: \"${env.A_TOKEN == 1}\"\nassert:\n  - check: number(env.A_TOKEN)\n", ""},
		{"a name from a row", "", "scenario: S\ncases: {from: rows.csv, name: \"${number(row.ROW_TOKEN)}\"}\nassert: [{check: 1 == 1}]\n", "***"},
		{"a long line", "", "scenario: S\nvars: {SCENARIO_TOKEN: " + strings.Repeat("scenario-secret-1", 20) + "}\nassert: [{check: \"1 == 1\", wihtin: " + strings.Repeat("scenario-secret-1", 20) + "}]\n", "***"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fileTree(t, map[string]string{
				"rehearse.yaml": secretSuite + c.suite, "a.scenario.yaml": c.scenario, "rows.csv": "ROW_TOKEN,x\nrow-secret-1,1\nrow-secret-1\n", "vars.yaml": "FILE_TOKEN: vars-file-secret-1\n",
			})
			for _, command := range []string{"validate", "list", "run"} {
				said, code := program(t, dir, command, "--vars-file", "vars.yaml", "--var", "FLAG_TOKEN=flag-secret-1")
				hides(t, command, said)
				if c.says != "" && !strings.Contains(said, c.says) {
					t.Errorf("%s ended with %d and does not say %q:\n%s", command, code, c.says, said)
				}
			}
		})
	}
}

// TestListShowsNoSecret in names of cases and reasons to skip.
func TestListShowsNoSecret(t *testing.T) {
	dir := fileTree(t, map[string]string{
		"rehearse.yaml":   secretSuite,
		"a.scenario.yaml": "scenario: S\ncases: {from: rows.csv, name: \"${row.ROW_TOKEN} of ${vars.SUITE_TOKEN}\"}\nskip: \"${env.A_TOKEN} ${vars.FLAG_TOKEN} ${vars.FILE_TOKEN} ${vars.BLOCK_TOKEN}\"\nassert: [{check: 1 == 1}]\n",
		"rows.csv":        "ROW_TOKEN\nrow-secret-1\n", "vars.yaml": "FILE_TOKEN: vars-file-secret-1\n",
	})
	said, code := program(t, dir, "list", "--vars-file", "vars.yaml", "--var", "FLAG_TOKEN=flag-secret-1")
	hides(t, "list", said)
	if code != 0 || !strings.Contains(said, "S [*** of ***]") {
		t.Errorf("ended with %d:\n%s", code, said)
	}
}

// TestUnusableShowsNoSecret: what keeps a run from its environment is told
// without what lets somebody in.
func TestUnusableShowsNoSecret(t *testing.T) {
	dir := fileTree(t, map[string]string{"a.scenario.yaml": "scenario: S\nassert: [{check: 1 == 1}]\n"})
	for _, endpoint := range []string{"http://user:endpoint-secret-1@127.0.0.1:9", "ftp://user:endpoint-secret-1@127.0.0.1:9", "http://user:endpoint-secret-1@127.0.0.1:x"} {
		said, code := program(t, dir, "run", "--endpoint-url", endpoint)
		hides(t, "run", said, "endpoint-secret-1")
		if code != 3 || !strings.Contains(said, "***") {
			t.Errorf("ended with %d:\n%s", code, said)
		}
	}
}

// TestRunShowsNoSecret runs against an endpoint with credentials of the environment.
func TestRunShowsNoSecret(t *testing.T) {
	s, err := sandbox.New(t.Context(), sandbox.Options{Functions: stage.Functions()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := stage.Deploy(t.Context(), s, ""); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	endpoint := strings.Replace(server.URL, "http://", "http://user:endpoint-secret-1@", 1)
	dir := fileTree(t, map[string]string{
		"rehearse.yaml": strings.Replace(secretSuite, "default_environment: dev\n", "", 1),
		"a.scenario.yaml": `scenario: S
cases: {from: rows.csv, name: "${row.ROW_TOKEN} of ${vars.SUITE_TOKEN}"}
act:
  - set: {all: "${to_json(env)} ${to_json(vars)}", env: "${env.A_TOKEN}"}
    id: s
  - put_item: {table: play-table, item: {pk: "${scenario.id} ${env.A_TOKEN}", all: "${s.all}"}}
assert:
  - check: s.all == env.A_TOKEN
  - item: {table: play-table, key: {pk: "${scenario.id} ${env.A_TOKEN}"}}
    within: 50ms
    expect: {item.all: "${vars.FILE_TOKEN}${vars.FLAG_TOKEN}"}
  - item: {table: "${env.A_TOKEN}", key: {pk: x}}
    within: 50ms
`,
		"b.scenario.yaml": "scenario: B\nskip: \"${env.AWS_SESSION_TOKEN} ${vars.BLOCK_TOKEN}\"\nassert: [{check: 1 == 1}]\n",
		"rows.csv":        "ROW_TOKEN\nrow-secret-1\n", "vars.yaml": "FILE_TOKEN: vars-file-secret-1\n",
	})
	said, code := program(t, dir, "run", "--endpoint-url", endpoint, "--vars-file", "vars.yaml", "--var", "FLAG_TOKEN=flag-secret-1", "--junit", "out.xml", "--json", "out.json", "--color", "always")
	if code != 1 || !strings.Contains(said, "***") {
		t.Fatalf("ended with %d:\n%s", code, said)
	}
	hides(t, "the console", said, "endpoint-secret-1")
	for _, file := range []string{"out.xml", "out.json"} {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !bytes.Contains(b, []byte("***")) {
			t.Fatal(err)
		}
		hides(t, file, string(b), "endpoint-secret-1")
	}
}
