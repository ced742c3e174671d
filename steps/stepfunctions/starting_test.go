package stepfunctions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/stage"
)

// TestAStartWithoutAnAnswer loses the answer to a start, before or after it happened.
func TestAStartWithoutAnAnswer(t *testing.T) {
	cut := errors.New("cut")
	for _, c := range []struct {
		name, machine string
		before        bool // the start never arrives
		denied        bool // whether the machine is STANDARD cannot be seen
		err           error
		calls         int
		want          string // "" when the step succeeds
	}{
		{"it runs", "play-slow", false, false, cut, 2, ""},
		{"it is over already", "play-machine", false, false, cut, 2, ""},
		{"it never arrived", "play-slow", true, false, cut, 2, ""},
		{"a 5xx", "play-slow", false, false, &smithy.GenericAPIError{Code: "InternalError", Fault: smithy.FaultServer}, 2, ""},
		{"nobody knows the machine's type", "play-slow", false, true, cut, 1, "before there was an answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, lost := 0, 0
				lose := func(operation string) error {
					if operation == "StartExecution" && lost == 0 {
						lost++
						time.Sleep(300 * time.Millisecond) // what was started goes on
						return c.err
					}
					return nil
				}
				s := stage.New(t, sandbox.Options{
					Intercept: func(_ context.Context, _, operation string) error {
						switch {
						case operation == "StartExecution":
							calls++
						case operation == "DescribeStateMachine" && c.denied:
							return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
						}
						if c.before {
							return lose(operation)
						}
						return nil
					},
					Answer: func(_ context.Context, _, operation string) error { return lose(operation) },
				})
				r, err := s.Do(StartExecution, "{state_machine: "+c.machine+", input: {n: 1}}")
				synctest.Wait()
				if calls != c.calls {
					t.Errorf("sent %d times, want %d", calls, c.calls)
				}
				if c.want != "" {
					if err == nil || !strings.Contains(err.Error(), c.want) || awsclient.SurelyNotDone(err) || s.Ledger.Records[0].Forgotten {
						t.Errorf("error %v, record %+v", err, s.Ledger.Records[0])
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if doc := s.See(Execution, "{arn: "+r.(map[string]any)["execution_arn"].(string)+"}"); doc["input"].(map[string]any)["n"] == nil {
					t.Errorf("found %v", doc)
				}
			})
		})
	}
}

func TestANameThatIsInUse(t *testing.T) {
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := stage.New(t, sandbox.Options{Skew: skew})
			s.Must(StartExecution, "{state_machine: play-slow, name: mine}")
			time.Sleep(2900 * time.Millisecond) // it runs on; a start with the same input gives this one
			_, err := s.Do(StartExecution, "{state_machine: play-slow, name: mine}")
			if err == nil || !strings.Contains(err.Error(), `has had an execution named "mine" already`) {
				t.Errorf("%s: what somebody else started is taken for ours: %v", skew, err)
			}
			if len(s.Ledger.Records) != 2 || !s.Ledger.Records[1].Forgotten {
				t.Errorf("%s: it would be stopped as ours: %+v", skew, s.Ledger.Records)
			}
		})
	}
}
