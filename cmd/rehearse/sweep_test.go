package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/steps"
)

// left leaves the ledger of a run that died, with an object that it put or was
// about to put.
func (k *killing) left(run string, origin awsclient.Origin) {
	k.t.Helper()
	l, err := ledger.Open(k.state, run, []awsclient.Origin{origin})
	if err != nil {
		k.t.Fatal(err)
	}
	r := steps.Resource{Type: "s3.object", ID: "play-bucket/" + run, Place: origin.Key(), Data: map[string]string{"bucket": "play-bucket", "key": run}}
	if _, err := l.Scope("case", func(ledger.Change) {}).Keeping(false).Intend(k.t.Context(), r); err != nil {
		k.t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Chtimes(l.Path(), time.Time{}, time.Now().Add(-time.Minute)); err != nil {
		k.t.Fatal(err)
	}
}

// plain leaves out of what a sweep says what differs each time.
func (k *killing) plain(said string) string {
	said = strings.NewReplacer(k.url, "URL", k.state, "STATE").Replace(said)
	said = regexp.MustCompile(`began [0-9-]+ [0-9:]+ \S+ \([^)]*\)`).ReplaceAllString(said, "began THEN")
	return regexp.MustCompile(`ends at [0-9:]+ \S+ \(in \d+ min\)`).ReplaceAllString(said, "ends at LATER")
}

func (k *killing) says(code int, want string, args ...string) {
	k.t.Helper()
	said, got := sweep(k.t.Context(), args...)
	if diff := cmp.Diff(want, k.plain(said)); got != code || diff != "" {
		k.t.Errorf("sweep %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, diff)
	}
}

const (
	notHere = "\nNot searched by name and tag: the account that the AWS settings of this shell name\n" +
		"            no region is chosen: give --region, or set AWS_REGION, or a region in the environment of rehearse.yaml\n"
	bystanding = `Run aaaaaa0ab1c2, in account 000000000000, region us-east-1, at URL
  by name and tag
  left alone: named like listeners, but without the tags that rehearse sets, so perhaps not its own
  events.rule rehearse-aaaaaa0ab1c2-12345678 on bus play-bus
  sqs.queue rehearse-aaaaaa0ab1c2-12345678

Run aaaaaa0ab1c3, in account 000000000000, region us-east-1, at URL
  by name and tag
  left alone: named like listeners, but without the tags that rehearse sets, so perhaps not its own
  events.rule rehearse-aaaaaa0ab1c3-12345678 on bus play-bus
  sqs.queue rehearse-aaaaaa0ab1c3-12345678

Run zzzzzz0ab1c2, began THEN, in account 000000000000, region us-east-1, at URL
  by name and tag
  left alone: it may live on another machine: its lease ends at LATER
  events.rule rehearse-zzzzzz0ab1c2-12345678 on bus play-bus
  sqs.queue rehearse-zzzzzz0ab1c2-12345678
`
)

// TestSweepSays goes through the situations of a sweep, with all that is said
// and each exit code.
func TestSweepSays(t *testing.T) {
	k := newKilling(t)
	t.Setenv("AWS_REGION", "")
	here := awsclient.Origin{Account: sandbox.Account, Region: sandbox.Region, Endpoint: k.url}
	at := []string{"--endpoint-url", k.url, "--region", sandbox.Region}

	k.says(3, "there is no ledger in STATE, and nowhere else to look: no region is chosen: give --region, or set AWS_REGION, or a region in the environment of rehearse.yaml\n")
	k.says(3, "nothing usable answers at http://127.0.0.1:1: connect: connection refused\nstart the emulator there, or correct --endpoint-url or AWS_ENDPOINT_URL\n",
		"--endpoint-url", "http://127.0.0.1:1", "--region", "eu-west-1")
	k.says(2, "--older-than takes a duration such as 30m, 2h or 48h, got \"2d\"\n", "--older-than", "2d")
	k.says(2, "--older-than takes a duration such as 30m, 2h or 48h, got \"-2h\"\n", "--older-than", "-2h")
	k.says(2, "unknown command \"everything\" for \"rehearse sweep\"\n", "everything")

	k.left("000000aaaaaa", here)
	const record = "Run 000000aaaaaa, began THEN, in account 000000000000, region us-east-1, at URL\n  by its ledger STATE/000000aaaaaa.ledger\n"
	const looked = "Looked at 1 ledger in STATE\nLooked for listeners in account 000000000000, region us-east-1, at URL\n"
	k.says(0, record+"  would be removed  s3.object play-bucket/000000aaaaaa (perhaps never created)\n\n"+bystanding+
		"\n1 would be removed (nothing was touched: --dry-run), 3 left alone on purpose\n"+looked, append(at, "--dry-run")...)
	k.says(2, notHere[1:]+"\nNothing was removed\n"+looked+"there is nothing of a run \"nobody\" here; there is something of 000000aaaaaa, aaaaaa0ab1c2, aaaaaa0ab1c3, zzzzzz0ab1c2\n", "--run", "nobody")
	k.says(0, record+"  removed   s3.object play-bucket/000000aaaaaa (if it was ever created)\n"+notHere+"\n1 removed\n"+looked, "--run", "000000aaaaaa")
	k.says(4, bystanding[strings.Index(bystanding, "Run zzz"):]+
		"\nNothing was removed, 1 left alone on purpose\nLooked at no ledger in STATE\nLooked for listeners in account 000000000000, region us-east-1, at URL\n",
		append(at, "--run", "zzzzzz0ab1c2")...)

	// The emulator has moved; another account than the record's answers nowhere.
	old := here
	old.Endpoint = "http://127.0.0.1:1"
	k.left("000000bbbbbb", old)
	k.says(3, "Run 000000bbbbbb, began THEN, in account 000000000000, region us-east-1, at http://127.0.0.1:1\n  by its ledger STATE/000000bbbbbb.ledger\n"+
		"  left      s3.object play-bucket/000000bbbbbb (perhaps never created)\n            nothing usable answers at http://127.0.0.1:1: connect: connection refused\n"+
		"            start the emulator there, or correct --endpoint-url or AWS_ENDPOINT_URL\n\nNot searched by name and tag: account 000000000000, region us-east-1, at http://127.0.0.1:1\n"+
		"            nothing usable answers at http://127.0.0.1:1: connect: connection refused\n            start the emulator there, or correct --endpoint-url or AWS_ENDPOINT_URL\n"+
		notHere+"\n1 left\nLooked at 1 ledger in STATE\n", "--run", "000000bbbbbb")
	k.says(0, "Run 000000bbbbbb, began THEN, in account 000000000000, region us-east-1, at http://127.0.0.1:1\n  by its ledger STATE/000000bbbbbb.ledger\n"+
		"  removed   s3.object play-bucket/000000bbbbbb (if it was ever created)\n\n1 removed\n"+looked, append(at, "--run", "000000bbbbbb")...)
	other := here
	other.Account = "444455556666"
	k.left("000000cccccc", other)
	k.left("000000dddddd", here)
	k.says(4, "Run 000000cccccc, began THEN, in account 444455556666, region us-east-1, at URL\n  by its ledger STATE/000000cccccc.ledger\n"+
		"  left      s3.object play-bucket/000000cccccc (perhaps never created)\n            this is account 000000000000, and the run was in account 444455556666; give --profile for that one\n\n"+
		strings.ReplaceAll(record, "aaaaaa", "dddddd")+"  removed   s3.object play-bucket/000000dddddd (if it was ever created)\n\n"+bystanding+
		"\nNot searched by name and tag: account 444455556666, region us-east-1, at URL\n            this is account 000000000000, and the run was in account 444455556666; give --profile for that one\n"+
		"\n1 removed, 1 left, 3 left alone on purpose\n"+strings.Replace(looked, "1 ledger", "2 ledgers", 1), at...)

	if diff := cmp.Diff(k.before, k.everything()); diff != "" {
		t.Error(diff)
	}
}

// TestSweepWhileRunsLive has two runs listen to the same bus while sweeps go
// on, on this machine and, without their ledgers, as if on another one.
func TestSweepWhileRunsLive(t *testing.T) {
	k := newKilling(t)
	suite := t.TempDir()
	for name, text := range map[string]string{
		"rehearse.yaml": killed["rehearse.yaml"],
		"heard.scenario.yaml": "cases: [{name: a}, {name: b}, {name: c}, {name: d}]\n" +
			strings.Replace(killed["heard.scenario.yaml"], "hold: 10ms", "hold: 1s", 1),
		"stored.scenario.yaml": killed["stored.scenario.yaml"],
	} {
		if err := os.WriteFile(filepath.Join(suite, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var going atomic.Int32
	done := make(chan error, 2)
	for range 2 {
		c := exec.CommandContext(t.Context(), os.Args[0], "run", "--endpoint-url", k.url, "--region", sandbox.Region, suite)
		c.Env = append(os.Environ(), asProgram+"=1")
		going.Add(1)
		go func() {
			said, err := c.CombinedOutput()
			going.Add(-1)
			if err != nil || !strings.Contains(string(said), "5 passed, 0 failed") {
				err = fmt.Errorf("%w\n%s", err, said)
			}
			done <- err
		}()
	}
	lived, sweeps := false, 0
	for ; going.Load() > 0; sweeps++ {
		t.Setenv("REHEARSE_STATE_DIR", k.state)
		if sweeps%2 == 1 {
			t.Setenv("REHEARSE_STATE_DIR", t.TempDir())
		}
		said, code := sweep(t.Context(), "--endpoint-url", k.url, "--region", sandbox.Region)
		if code != 0 || strings.Contains(said, "removed  ") {
			t.Errorf("exit code %d\n%s", code, said)
		}
		lived = lived || strings.Contains(said, "in use: a process of this machine holds its ledger, the run itself or another sweep")
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d sweeps", sweeps)
	if !lived {
		t.Error("no sweep met a living run")
	}
	if diff := cmp.Diff(k.before, k.everything()); diff != "" {
		t.Error(diff)
	}
}

// TestSweepFindsThePlaceAgain in which a run was: by its profile, by its role,
// by another profile of the same account, and never in another account.
func TestSweepFindsThePlaceAgain(t *testing.T) {
	server := httptest.NewServer(&owner{})
	defer server.Close()
	config := filepath.Join(t.TempDir(), "config")
	profiles := ""
	for name, account := range map[string]string{"home": home, "delivery": delivery} {
		profiles += fmt.Sprintf("[profile %s]\naws_access_key_id = %s\naws_secret_access_key = s\n", name, account)
	}
	if err := os.WriteFile(config, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ACCESS_KEY_ID": home, "AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": ""} {
		t.Setenv(name, value)
	}
	role := func(name string) string { return "arn:aws:iam::" + delivery + ":role/" + name }
	for _, c := range []struct {
		name   string
		origin awsclient.Origin
		flags  sweepOptions
		wrong  string
	}{
		{"as it was", awsclient.Origin{Account: home}, sweepOptions{}, ""},
		{"its profile", awsclient.Origin{Account: delivery, Profile: "delivery"}, sweepOptions{}, ""},
		{"its role", awsclient.Origin{Account: delivery, RoleARN: role("open")}, sweepOptions{}, ""},
		{"its role behind another profile", awsclient.Origin{Account: delivery, RoleARN: role("open"), Profile: "gone"}, sweepOptions{profile: "home"}, ""},
		{"another profile in place of a role", awsclient.Origin{Account: delivery, RoleARN: role("closed")}, sweepOptions{profile: "delivery"}, ""},
		{"a profile of another account", awsclient.Origin{Account: home}, sweepOptions{profile: "delivery"}, ""},
		{"the profile is gone", awsclient.Origin{Account: home, Profile: "gone"}, sweepOptions{}, `there is no AWS profile "gone"`},
		{"the shell has another account now", awsclient.Origin{Account: delivery}, sweepOptions{}, "this is account 111122223333, and the run was in account 444455556666; give --profile for that one"},
		{"no way", awsclient.Origin{Account: delivery}, sweepOptions{profile: "home"}, "this is account 111122223333, and the run was in account 444455556666; give --profile for that one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.origin.Region, c.origin.Endpoint = "eu-west-1", server.URL
			place, err := c.flags.connect(t.Context(), c.origin)
			switch {
			case c.wrong == "" && (err != nil || place.Key() != c.origin.Key()):
				t.Errorf("%v", err)
			case c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong) || strings.Count(err.Error(), c.wrong) > 1):
				t.Errorf("found %v\nwant  %s", err, c.wrong)
			}
		})
	}
	// A record of AWS itself is never settled by an emulator.
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	_, err := (&sweepOptions{endpoint: server.URL}).connect(t.Context(), awsclient.Origin{Account: home, Region: "eu-west-1"})
	if want := "the AWS settings lead to " + server.URL + ", and the run was on AWS itself; unset AWS_ENDPOINT_URL"; err == nil || err.Error() != want {
		t.Errorf("found %v\nwant  %s", err, want)
	}
}

// TestInterruptedSweep sends a real signal in the middle of a call.
func TestInterruptedSweep(t *testing.T) {
	k := newKilling(t)
	k.left("000000aaaaaa", awsclient.Origin{Account: sandbox.Account, Region: sandbox.Region, Endpoint: k.url})
	var said bytes.Buffer
	c := exec.CommandContext(t.Context(), os.Args[0], "sweep", "--endpoint-url", k.url, "--region", sandbox.Region)
	c.Env = append(os.Environ(), asProgram+"=1")
	c.Stdout, c.Stderr = &said, &said
	dead := make(chan struct{})
	k.mu.Lock()
	k.calls, k.at = 0, 3 // after asking twice who it is
	k.kill = func() {
		_ = c.Process.Signal(os.Interrupt)
		<-dead
	}
	err := c.Start()
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its exit code is looked at
	close(dead)
	want := "Run 000000aaaaaa, began THEN, in account 000000000000, region us-east-1, at URL\n  by its ledger STATE/000000aaaaaa.ledger\n" +
		"  left      s3.object play-bucket/000000aaaaaa (perhaps never created)\n            the sweep was interrupted\n\n1 left\ninterrupted; run it again for the rest\n"
	if diff := cmp.Diff(want, k.plain(said.String())); diff != "" || c.ProcessState.ExitCode() != runner.ExitInterrupted {
		t.Errorf("exit code %d\n%s", c.ProcessState.ExitCode(), diff)
	}
	if _, err := os.Stat(filepath.Join(k.state, "000000aaaaaa.ledger")); err != nil {
		t.Error(err)
	}
}

// TestARunNeedsItsLedger: without one, nothing runs.
func TestARunNeedsItsLedger(t *testing.T) {
	k := newKilling(t)
	if err := os.WriteFile(k.state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "run", "--endpoint-url", k.url, "--region", sandbox.Region, k.dir)
	c.Env = append(os.Environ(), asProgram+"=1")
	said, _ := c.CombinedOutput()
	want := "the record of what this run creates cannot be kept in STATE: not a directory (STATE); set REHEARSE_STATE_DIR to a folder that can be written\n"
	if got := k.plain(string(said)); c.ProcessState.ExitCode() != runner.ExitUnusable || got != want {
		t.Errorf("exit code %d: %s", c.ProcessState.ExitCode(), got)
	}
}
