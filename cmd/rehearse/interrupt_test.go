package main

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// asProgram makes the test binary the program itself.
const asProgram = "REHEARSE_TEST_AS_PROGRAM"

const slow = `scenario: Slow
arrange:
  - listen: {event_bus: "${suite.app.BusName}", all: true}
  - upload_object: {bucket: "${suite.app.BucketName}", key: "${scenario.id}", text: hello}
  - put_item: {table: "${suite.app.TableName}", item: {pk: "${scenario.id}"}}
act:
  - start_execution: {state_machine: play-slow}
  - wait: 10m
assert:
  - check: 1 == 1
`

// TestInterrupt sends a real signal to a real process in the middle of a run:
// it cleans up and says 130, also when the signal comes as programs and CI
// systems send it. The same signal again ends it at once, and says what is left.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		name string
		left bool
	}{{"once", false}, {"twice", true}} {
		t.Run(c.name, func(t *testing.T) {
			hang, over := make(chan struct{}), make(chan struct{})
			var hanging bool
			s, err := sandbox.New(t.Context(), sandbox.Options{Functions: stage.Functions()})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := stage.Deploy(t.Context(), s, ""); err != nil {
				t.Fatal(err)
			}
			// The endpoint stops answering when something is to be removed.
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if hanging && (r.Method == http.MethodDelete || strings.Contains(r.Header.Get("X-Amz-Target"), "Stop")) {
					select {
					case hang <- struct{}{}:
						<-over
					case <-over:
					}
					return
				}
				s.ServeHTTP(w, r)
			}))
			defer server.Close()
			defer close(over)
			hanging = c.left

			dir := t.TempDir()
			for name, text := range map[string]string{"slow.scenario.yaml": slow, "rehearse.yaml": "arrange:\n  - stack_outputs: {stack: play}\n    id: app\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := s.Inventory()
			run := exec.CommandContext(t.Context(), os.Args[0], "run", "--endpoint-url", server.URL, "--region", sandbox.Region, "--json", "-", dir)
			run.Env = append(os.Environ(), asProgram+"=1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
				"REHEARSE_STATE_DIR="+filepath.Join(dir, "state"))
			var console bytes.Buffer
			run.Stderr = &console
			stdout, err := run.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				if strings.Contains(lines.Text(), `"step_started"`) && strings.Contains(lines.Text(), `"step":"act/1"`) {
					break
				}
			}
			signal := func(s syscall.Signal) {
				if err := run.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			signal(syscall.SIGINT)
			signal(syscall.SIGINT)  // the same Ctrl-C, handed on by the program above
			signal(syscall.SIGTERM) // the impatience of a CI system
			if c.left {
				<-hang // the clean-up is under way
				again := time.AfterFunc(2*echo, func() { _ = run.Process.Signal(syscall.SIGINT) })
				defer again.Stop()
			}
			for lines.Scan() { // to the end of the stream
			}
			var exited *exec.ExitError
			if err := run.Wait(); !errors.As(err, &exited) || exited.ExitCode() != 130 {
				t.Errorf("ended with %v, want exit code 130\n%s", err, console.String())
			}
			if said := strings.Contains(console.String(), "Left behind"); said != c.left {
				t.Errorf("says what is left: %v, want %v\n%s", said, c.left, console.String())
			}
			ledgers, err := filepath.Glob(filepath.Join(dir, "state", "*.ledger"))
			if err != nil || len(ledgers) > 0 != c.left {
				t.Errorf("ledgers %v, %v", ledgers, err)
			}
			if c.left {
				return
			}
			for what, n := range s.Inventory() {
				if n != before[what] && what != "log_groups" {
					t.Errorf("%s: %d before the run, %d after it", what, before[what], n)
				}
			}
		})
	}
}
