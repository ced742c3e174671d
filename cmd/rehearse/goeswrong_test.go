package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestWhatGoesWrong runs every archive of internal/docs/wrong, of which the
// page docs/what-goes-wrong.md is made: a scenario, what is done to it, and
// what the program says then. -update writes the last part.
func TestWhatGoesWrong(t *testing.T) {
	archives, err := filepath.Glob("../../internal/docs/wrong/*.txtar")
	if err != nil || len(archives) < 30 {
		t.Fatal(len(archives), "archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if last := len(a.Files) - 1; a.Files[last].Name == wanted {
				want, a.Files = string(a.Files[last].Data), a.Files[:last]
			}
			if _, err := os.Stat(full); err != nil && bytes.Contains(a.Comment, []byte(full)) {
				t.Skip(err)
			}
			got := newWrongRun(t, a).perform()
			switch {
			case got == want:
			case *update:
				a.Files = append(a.Files, txtar.File{Name: wanted, Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
			default:
				t.Error(gocmp.Diff(want, got))
			}
		})
	}
}

// wrongRun is one archive that is run.
type wrongRun struct {
	t       *testing.T
	dir     string
	head    map[string]string // fault, flags, env
	sandbox *sandbox.Sandbox
	program *exec.Cmd
	started chan struct{} // closed when the program runs
	run     string        // its id
}

func newWrongRun(t *testing.T, a *txtar.Archive) *wrongRun {
	t.Helper()
	w := &wrongRun{started: make(chan struct{}), t: t, dir: t.TempDir(), head: map[string]string{}}
	for _, line := range strings.Split(string(a.Comment), "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			w.head[key] = value
		}
	}
	if err := txtar.Write(a, w.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.dir, ".git"), 0o700); err != nil { // no suite above it counts
		t.Fatal(err)
	}
	return w
}

// perform runs the program against a sandbox with the fault and gives how it
// ended and what it said, without what differs from run to run.
func (w *wrongRun) perform() string {
	w.t.Helper()
	s, err := sandbox.New(w.t.Context(), w.fault())
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	if err := stage.Deploy(w.t.Context(), s, ""); err != nil {
		w.t.Fatal(err)
	}
	w.sandbox = s
	server := httptest.NewServer(s)
	defer server.Close()
	args := []string{"run", "--json", "events.json", "--region", sandbox.Region}
	flags := strings.Fields(w.head["flags"])
	if strings.Contains(w.head["flags"], "--env") {
		w.head["env"] += " AWS_ENDPOINT_URL=" + server.URL
	} else if !strings.Contains(w.head["flags"], "--endpoint-url") {
		args = append(args, "--endpoint-url", server.URL)
	}
	w.program = exec.CommandContext(w.t.Context(), os.Args[0], append(args, flags...)...)
	w.program.Dir = w.dir
	w.program.Env = append(os.Environ(), asProgram+"=1", "REHEARSE_ENV=", "REHEARSE_STATE_DIR="+w.t.TempDir(), "CI=", "GITHUB_ACTIONS=",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PROFILE=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+filepath.Join(w.dir, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(w.dir, "none"))
	w.program.Env = append(w.program.Env, strings.Fields(w.head["env"])...)
	var stdout, stderr bytes.Buffer
	w.program.Stdout, w.program.Stderr = &stdout, &stderr
	if err := w.program.Start(); err != nil {
		w.t.Fatal(err)
	}
	close(w.started)
	_ = w.program.Wait() // its exit code says what follows
	is, says := w.ending(stderr.String())
	return fmt.Sprintf("is: %s\nexit: %d\nsays: %s\n\n%s\n", is, w.program.ProcessState.ExitCode(), w.same(says), w.same(told(stdout.String())+stderr.String()))
}

// ending is how the first case that did not pass ended, and the sentence for
// it; where nothing was run, what was said of that.
func (w *wrongRun) ending(stderr string) (is, says string) {
	w.t.Helper()
	f, err := os.Open(filepath.Join(w.dir, "events.json"))
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
		return "nothing was run", regexp.MustCompile(`^\S+\.yaml:\d+:\d+: `).ReplaceAllString(first, "")
	}
	defer f.Close()
	e := &endings{is: "passed", worst: event.Passed, says: map[string]string{}}
	if err := event.Read(f, e); err != nil {
		w.t.Fatal(err)
	}
	w.run = e.run
	return e.is, cmp.Or(e.says["case"], e.says["step"], e.says["left"], e.says["run"], e.says["note"], strings.TrimSpace(stderr))
}

// endings finds in a stream what a table says of it.
type endings struct {
	run   string // its id
	worst event.Status
	is    string            // the worst with its cause
	says  map[string]string // by whose it is; the first of each
}

func (e *endings) Emit(x event.Event) {
	e.run = x.Run
	say := func(whose, text string) {
		if e.says[whose] == "" {
			e.says[whose] = text
		}
	}
	switch b := x.Body.(type) {
	case *event.StepFinish:
		if b.Status == event.Failed || b.Status == event.Errored {
			said := b.Summary
			if i := slices.IndexFunc(b.Checks, func(c event.Check) bool { return !c.OK }); i >= 0 {
				said = strings.TrimPrefix(said+"; "+b.Checks[i].Message, "; ")
			}
			say("step", said)
		}
	case *event.ScenarioFinish:
		if w := event.Worse(e.worst, b.Status); b.Final && w != e.worst {
			e.worst, e.is = w, string(w)
			if b.Cause != "" {
				e.is += " (" + string(b.Cause) + ")"
			}
		}
		if b.Final && b.Status == event.Passed && x.Attempt > 1 {
			e.is = "flaky"
			e.says["case"] = fmt.Sprintf("passed at attempt %d", x.Attempt)
		}
		if b.Status != event.Passed {
			say("case", b.Reason)
		}
		if b.Cleanup != nil && len(b.Cleanup.Left) > 0 && e.is == "passed" {
			e.is = "passed, clean-up failed"
			say("left", b.Cleanup.Left[0])
		}
	case *event.Note:
		say("note", b.Text)
	case *event.RunFinish:
		if say("run", b.Reason); e.is == "flaky" {
			e.says["case"] = cmp.Or(b.Reason, e.says["case"])
		}
	}
}

// told is what the console shows of the cases, in the order of their names,
// and of the end.
func told(stdout string) string {
	_, story, ok := strings.Cut(stdout, "\n\n")
	if !ok {
		return stdout
	}
	cases, end, _ := strings.Cut(strings.TrimLeft(story, "\n"), "\n\n")
	var blocks []string
	for _, line := range strings.Split(cases, "\n") {
		if strings.HasPrefix(line, " ") && len(blocks) > 0 {
			blocks[len(blocks)-1] += "\n" + line
		} else {
			blocks = append(blocks, line)
		}
	}
	name := func(block string) string {
		line, _, _ := strings.Cut(block, "\n")
		_, name, _ := strings.Cut(line, "› ")
		return name
	}
	slices.SortStableFunc(blocks, func(a, b string) int { return strings.Compare(name(a), name(b)) })
	return strings.Join(blocks, "\n") + "\n\n" + end
}

// differs are the parts of what is said that differ from run to run.
var differs = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1:\d{4,5}`), "http://127.0.0.1:4566"},
	{regexp.MustCompile(`RUN-[0-9a-f]{8}`), "RUN"},
	{regexp.MustCompile(`1-[0-9a-f]{8}-[0-9a-f]{24}`), "TRACE"},
	{regexp.MustCompile(`began at\s+20[0-9-]{8}T[0-9:]{8}Z`), "began at 12:00:00Z"},
	{regexp.MustCompile(`\+[0-9.]+ ms, [0-9.]+ ms`), "+0 ms, 12 ms"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`(?m)^ +looked .*\n`), ""},
	{regexp.MustCompile(`(?m)^ +measured: .*\n`), ""},
	{regexp.MustCompile(`(?m)^Slowest\n(?: .*\n)+\n?`), ""},
	{regexp.MustCompile(`(?m)^([^ ] .*?)  +[0-9.]+m?s(  |$)`), "$1$2"},
	{regexp.MustCompile(` in [0-9.]+m?s\n`), "\n"},
	{regexp.MustCompile(`came after [0-9.]+s`), "came after 2.6s"},
	{regexp.MustCompile(`[0-9.]+s(\s+)(after|before)(\s+)the clock's`), "0.3s${1}$2${3}the clock's"},
}

// same replaces what differs from run to run.
func (w *wrongRun) same(text string) string {
	text = strings.ReplaceAll(text, w.dir+string(filepath.Separator), "")
	if w.run != "" {
		text = strings.ReplaceAll(text, w.run, "RUN")
	}
	for _, d := range differs {
		text = d.find.ReplaceAllString(text, d.put)
	}
	return strings.TrimSpace(text)
}

// fault is what the archive's line says: a word, and mostly a service and one
// of its operations.
func (w *wrongRun) fault() sandbox.Options {
	w.t.Helper()
	o := sandbox.Options{Functions: stage.Functions()}
	what, call, _ := strings.Cut(w.head["fault"], " ")
	var calls atomic.Int64
	refuse := func(code, message string) error {
		return &smithy.GenericAPIError{Code: code, Message: message, Fault: smithy.FaultClient}
	}
	does := map[string]func(ctx context.Context, n int64) error{
		"deny": func(context.Context, int64) error {
			return refuse("AccessDeniedException", "User: arn:aws:iam::000000000000:user/play is not authorized to perform: "+strings.Replace(call, " ", ":", 1))
		},
		"deny-once": func(_ context.Context, n int64) error {
			if n > 1 {
				return nil
			}
			return refuse("AccessDeniedException", "User: arn:aws:iam::000000000000:user/play is not authorized to perform: "+strings.Replace(call, " ", ":", 1))
		},
		"throttle": func(context.Context, int64) error { return sandbox.Throttling(strings.Fields(call)[0]) },
		"hang": func(ctx context.Context, _ int64) error {
			<-ctx.Done()
			return errors.New("nobody waits any more")
		},
		"interrupt": func(context.Context, int64) error {
			time.AfterFunc(300*time.Millisecond, func() {
				<-w.started
				_ = w.program.Process.Signal(syscall.SIGINT)
			}) // at once the test would end with another exit code
			return nil
		},
	}[what]
	switch {
	case what == "late":
		o.Delivery.Delay = 2600 * time.Millisecond
	case what == "", what == "remove", what == "cut", what == "expire":
	case does == nil:
		w.t.Fatalf("there is no fault %q", what)
	}
	o.Intercept = func(ctx context.Context, service, operation string) error {
		asked := service+" "+operation == call
		switch {
		case what == "expire" && calls.Load() > 0 && !asked:
			return refuse("ExpiredTokenException", "The security token included in the request is expired")
		case what == "remove" && operation == "PutEvents" && calls.Add(1) == 4: // the three before it are canaries
			return w.removeQueues(ctx)
		case asked && does != nil:
			return does(ctx, calls.Add(1))
		case asked:
			calls.Add(1)
		}
		return nil
	}
	if what == "cut" {
		o.Unkind.CutAnswer = func(service, operation string) bool { return service+" "+operation == call }
	}
	return o
}

func (w *wrongRun) removeQueues(ctx context.Context) error {
	client := sqs.NewFromConfig(w.sandbox.Config())
	all, err := client.ListQueues(ctx, &sqs.ListQueuesInput{})
	if err != nil {
		return err
	}
	for _, url := range all.QueueUrls {
		if _, err := client.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
			return err
		}
	}
	return nil
}
