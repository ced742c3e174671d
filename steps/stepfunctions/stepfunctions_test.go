package stepfunctions

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		kind steps.Kind
		yaml string
		want []string
	}{
		{"no machine", StartExecution, "{}", []string{`parameter "state_machine" is missing: The state machine's name or ARN; the ARN of a version or an alias too.`}},
		{"input text", StartExecution, "{state_machine: a, input: hello}", []string{
			`the input is text that is not JSON; write a document such as {order: 17}, or for mere text both quotes: '"hello"'`,
		}},
		{"name a number", StartExecution, "{state_machine: a, name: 7}", []string{`expected text, found the number 7; to mean the text write "7"`}},
		{"no arn", Execution, "{}", []string{`parameter "arn" is missing: The execution's ARN, such as start_execution gives.`}},
		{"a name with blanks", StartExecution, "{state_machine: a, name: my order}", []string{`"my order" cannot be an execution's name; it may have 1 to 80 letters, digits, - and _`}},
		{"an open name", StartExecution, `{state_machine: "${a} b", name: "my ${order}"}`, nil},
		{"another ARN", StartExecution, "{state_machine: 'arn:aws:lambda:eu-west-1:111122223333:function:f'}", []string{
			`"arn:aws:lambda:eu-west-1:111122223333:function:f" is not the ARN of a state machine; one looks like arn:aws:states:eu-west-1:111122223333:stateMachine:NAME`,
		}},
		{"a machine with a blank", StartExecution, "{state_machine: my machine}", []string{`"my machine" is neither the name nor the ARN of a state machine`}},
		{"a machine's ARN", Execution, "{arn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:m'}", []string{
			`"arn:aws:states:eu-west-1:111122223333:stateMachine:m" is not the ARN of an execution; one looks like arn:aws:states:eu-west-1:111122223333:execution:MACHINE:NAME`,
		}},
		{"an ARN alone", Execution, "'arn:aws:states:eu-west-1:111122223333:execution:m:n'", []string{
			`execution takes its parameters by name; write execution: {arn: "arn:aws:states:eu-west-1:111122223333:execution:m:n"}`,
		}},
		{"open input", StartExecution, `{state_machine: a, input: "${x}"}`, nil},
		{"open inside", StartExecution, `{state_machine: a, input: {a: "${x}"}}`, nil},
		{"json text", StartExecution, `{state_machine: a, input: '{"a": 1}'}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, stage.Complaints(c.kind, c.yaml)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStartAndLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		began := time.Now()
		r := s.Must(StartExecution, `{state_machine: play-machine, input: {n: 9007199254740993, "<": null}}`)
		arn := "arn:aws:states:us-east-1:000000000000:execution:play-machine:case1-act-0"
		if r["execution_arn"] != arn || r["started_at"] != began.UTC().Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("started %v", r)
		}
		if got := s.Ledger.Records[0]; got.First.ARN != arn || got.Last.ARN != arn {
			t.Errorf("recorded %+v", got)
		}
		synctest.Wait()
		seen, err := s.Watch(Execution, "{arn: "+arn+"}")()
		if err != nil {
			t.Fatal(err)
		}
		doc := seen.Doc.(map[string]any)
		input := `{"n": 9007199254740993, "<": null}`
		states := `[{"name": "Mirror", "type": "Pass", "input": ` + input + `, "output": ` + input + `, "entered_at": "` + began.UTC().Format("2006-01-02T15:04:05.000Z") + `"}]`
		want, _ := schema.ParseJSON([]byte(`{"status": "SUCCEEDED", "input": ` + input + `, "output": ` + input + `, "visited": ["Mirror"], "duration_ms": 0, "states": ` + states + `}`))
		if diff := cmp.Diff(want, any(doc)); diff != "" {
			t.Error(diff)
		}
		if !seen.Final || seen.At.Sub(began) > time.Second || seen.At.IsZero() {
			t.Errorf("final %v, at %v (began %v)", seen.Final, seen.At, began)
		}
	})
}

func TestWhileItRunsAndHowItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		r := s.Must(StartExecution, `{state_machine: play-slow, input: {}, name: slow-1}`)
		look := s.Watch(Execution, "{arn: "+r["execution_arn"].(string)+"}")
		synctest.Wait()
		first, err := look()
		if err != nil {
			t.Fatal(err)
		}
		doc := first.Doc.(map[string]any)
		_, output := doc["output"]
		_, duration := doc["duration_ms"]
		if first.Final || doc["status"] != "RUNNING" || output || duration || !cmp.Equal(doc["visited"], []any{"Choose", "Nap"}) {
			t.Errorf("while it runs: %+v", first)
		}
		wait(t, 4*time.Second)
		last, err := look()
		if err != nil {
			t.Fatal(err)
		}
		doc = last.Doc.(map[string]any)
		if !last.Final || doc["status"] != "SUCCEEDED" || !cmp.Equal(doc["visited"], []any{"Choose", "Nap", "Done"}) {
			t.Errorf("at its end: %+v", last)
		}

		r = s.Must(StartExecution, `{state_machine: play-slow, input: '{"fail": true}', name: slow-2}`)
		synctest.Wait()
		doc = s.See(Execution, "{arn: "+r["execution_arn"].(string)+"}")
		broken := doc["states"].([]any)[1].(map[string]any)
		if doc["status"] != "FAILED" || doc["error"] != "Play.Broken" || doc["cause"] != "as asked" || broken["error"] != "Play.Broken" || broken["type"] != "Fail" {
			t.Errorf("failed: %v", doc)
		}
	})
}

func TestWhatCannotBeStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		for _, c := range []struct{ yaml, want string }{
			{"{state_machine: play-machin}", `there is no state machine "play-machin" in account 000000000000, region us-east-1; there are: play-machine, play-slow; did you mean "play-machine"?`},
			{"{state_machine: 'arn:aws:states:us-east-1:000000000000:stateMachine:Xyz'}", `there is no state machine "arn:aws:states:us-east-1:000000000000:stateMachine:Xyz" in account 000000000000, region us-east-1; there are: play-machine, play-slow`},
			{"{state_machine: 'arn:aws:s3:::x'}", `"arn:aws:s3:::x" is not the ARN of a state machine; one looks like arn:aws:states:eu-west-1:111122223333:stateMachine:NAME`},
			{"{state_machine: play-machine, name: 'a b'}", `"a b" cannot be an execution's name; it may have 1 to 80 letters, digits, - and _`},
		} {
			if _, err := s.Do(StartExecution, c.yaml); err == nil || err.Error() != c.want {
				t.Errorf("%s: error %v, want %q", c.yaml, err, c.want)
			}
		}
		for i, r := range s.Ledger.Records {
			if !r.Forgotten {
				t.Errorf("record %d of what was never started is kept: %+v", i, r)
			}
		}
		s.Must(StartExecution, "{state_machine: play-machine, name: once}")
		synctest.Wait()
		if _, err := s.Do(StartExecution, "{state_machine: play-machine, name: once}"); err == nil || !strings.Contains(err.Error(), `has had an execution named "once" already`) {
			t.Errorf("started twice: %v", err)
		}
	})
}

func TestAnUnknownExecutionIsAnErrorOnlyAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, sandbox.Options{})
		look := s.Watch(Execution, "{arn: 'arn:aws:states:us-east-1:000000000000:execution:play-machine:none'}")
		if _, err := look(); err == nil || steps.IsFinal(err) {
			t.Errorf("at first: %v", err)
		}
		wait(t, justStarted)
		if _, err := look(); !steps.IsFinal(err) || err.Error() != "execution arn:aws:states:us-east-1:000000000000:execution:play-machine:none does not exist" {
			t.Errorf("later: %v", err)
		}
		for _, arn := range []string{"arn:aws:states:us-east-1:1:express:m:n:o", "nonsense", "arn:aws:states:us-east-1:1:stateMachine:m"} {
			if _, err := s.Watch(Execution, "{arn: '"+arn+"'}")(); err == nil || !steps.IsFinal(err) {
				t.Errorf("%s: %v", arn, err)
			}
		}
	})
}

func TestTakingBack(t *testing.T) {
	for _, intents := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(t, sandbox.Options{})
			running := s.Must(StartExecution, "{state_machine: play-slow, name: a}")["execution_arn"].(string)
			done := s.Must(StartExecution, "{state_machine: play-machine, name: b}")["execution_arn"].(string)
			synctest.Wait()
			for range 2 { // not running any more is a success
				if err := s.TakeBack(intents, Reaper); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.See(Execution, "{arn: "+running+"}"); got["status"] != "ABORTED" || got["error"] != "rehearse.Stopped" {
				t.Errorf("what ran is %v", got)
			}
			if got := s.See(Execution, "{arn: "+done+"}"); got["status"] != "SUCCEEDED" {
				t.Errorf("what was over is %v", got["status"])
			}
			gone := steps.Resource{Type: executionType, ARN: executionOf("arn:aws:states:us-east-1:000000000000:stateMachine:play-machine:alias", "never")}
			if err := Reaper.Remove(t.Context(), s.Place, gone); err != nil {
				t.Errorf("what never was: %v", err)
			}
		})
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("long name ", 12)
	for _, c := range []struct{ id, run, step, want string }{
		{"s1", "r1", "act/0", "s1-act-0"},
		{"", "r1", "arrange/12", "r1-arrange-12"},
		{"s1", "r1", "act/0/3", "s1-act-0-3"},
		{long, "r1", "act/0", "long-name-long-name-long-name-long-name-long-name-long-name-lon-02845e7e1a74f29c"},
	} {
		got := nameFor(&steps.Env{ScenarioID: c.id, RunID: c.run, Step: c.step})
		if got != c.want || !executionName.MatchString(got) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// wait lets time pass in a bubble.
func wait(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
	synctest.Wait()
}
