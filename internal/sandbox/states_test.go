package sandbox_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
)

// machineTemplate is a stack with a state machine "m" and a function "Flaky" that it may call.
func machineTemplate(definition string) []byte {
	return []byte(fmt.Sprintf(`
Resources:
  Flaky:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: flaky, Runtime: python3.12, Handler: index.handler, Role: "arn:aws:iam::000000000000:role/r", Timeout: 60}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: m
      RoleArn: arn:aws:iam::000000000000:role/r
      DefinitionString: %s
`, "|\n        "+strings.ReplaceAll(definition, "\n", "\n        ")))
}

const machineARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"

// withMachine deploys a state machine, whose function fails twice and then echoes, and runs f.
func withMachine(t *testing.T, definition string, f func(c *clients)) {
	t.Helper()
	calls := 0
	flaky := func(_ context.Context, c *sandbox.Call) (any, error) {
		calls++
		if calls <= 2 {
			return nil, &sandbox.Failure{Type: "Moody", Message: fmt.Sprintf("call %d", calls)}
		}
		return map[string]any{"echo": c.Event}, nil
	}
	bubble(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/Flaky": flaky}}, func(c *clients) {
		if err := c.Deploy(c.ctx, "s", "s", machineTemplate(definition), nil); err != nil {
			t.Fatal(err)
		}
		f(c)
	})
}

func (c *clients) execute(input string) *string {
	c.t.Helper()
	return must[*sfn.StartExecutionOutput](c.t)(c.states.StartExecution(c.ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(machineARN), Name: aws.String("e"), Input: &input,
	})).ExecutionArn
}

func (c *clients) execution(arn *string) *sfn.DescribeExecutionOutput {
	c.t.Helper()
	return must[*sfn.DescribeExecutionOutput](c.t)(c.states.DescribeExecution(c.ctx, &sfn.DescribeExecutionInput{ExecutionArn: arn}))
}

func TestStates(t *testing.T) {
	tests := map[string]struct {
		definition, input string
		status            types.ExecutionStatus
		output            string // or error: cause
		took              time.Duration
	}{
		"data flow": {
			`{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$.in","Parameters":{"x.$":"$.a[1]","id.$":"$$.Execution.Name","all.$":"States.Format('{}-{}', $.a[0], $$.Execution.Input.in.a[1])","fix":[1]},"ResultPath":"$.out","OutputPath":"$.out","End":true}}}`,
			`{"in":{"a":[1,"b"]}}`, "SUCCEEDED", `{"all":"1-b","fix":[1],"id":"e","x":"b"}`, 0,
		},
		"choice": {
			`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.none","IsPresent":true,"Next":"No"},{"And":[{"Variable":"$.n","NumericEquals":1.0},{"Not":{"Variable":"$.b","BooleanEquals":false}},{"Or":[{"Variable":"$.s","StringEquals":"x"},{"Variable":"$.s","StringMatches":"y*"}]}],"Next":"Yes"}],"Default":"No"},"Yes":{"Type":"Pass","Result":{"ok":true},"End":true},"No":{"Type":"Fail","Error":"No"}}}`,
			`{"n":1,"b":true,"s":"yes"}`, "SUCCEEDED", `{"ok":true}`, 0,
		},
		"no choice":       {`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.a","StringEquals":"b","Next":"D"}]},"D":{"Type":"Succeed"}}}`, `{"a":"c"}`, "FAILED", "States.NoChoiceMatched: No choice matched and the state has no Default.", 0},
		"missing path":    {`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"$.a"},"End":true}}}`, `{}`, "FAILED", "States.ParameterPathFailure: The JSONPath '$.a' could not be found in the input '{}'", 0},
		"wait":            {`{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":90,"Next":"P"},"P":{"Type":"Wait","SecondsPath":"$.s","End":true}}}`, `{"s":10}`, "SUCCEEDED", `{"s":10}`, 100 * time.Second},
		"timeout":         {`{"StartAt":"W","TimeoutSeconds":5,"States":{"W":{"Type":"Wait","Seconds":90,"End":true}}}`, `{}`, "TIMED_OUT", "States.Timeout: ", 5 * time.Second},
		"fail":            {`{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"Broken","Cause":"why"}}}`, `{}`, "FAILED", "Broken: why", 0},
		"retry":           {`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:flaky","Retry":[{"ErrorEquals":["Moody"],"IntervalSeconds":2,"BackoffRate":3}],"End":true}}}`, `{"a":1}`, "SUCCEEDED", `{"echo":{"a":1}}`, 8 * time.Second},
		"catch":           {`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"flaky","Payload.$":"$"},"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"C"}],"End":true},"C":{"Type":"Pass","Parameters":{"name.$":"$.error.Error"},"End":true}}}`, `{"a":1}`, "SUCCEEDED", `{"name":"Moody"}`, 0},
		"result selector": {`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"flaky","Payload":{"n":1}},"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"BackoffRate":1}],"ResultSelector":{"n.$":"$.Payload.echo.n"},"ResultPath":"$.r","End":true}}}`, `{"a":1}`, "SUCCEEDED", `{"a":1,"r":{"n":1}}`, 2 * time.Second},
		"uncaught":        {`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"nope"},"End":true}}}`, `{}`, "FAILED", "Lambda.ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope", 0},
		"events":          {`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","Parameters":{"Entries":[{"Source":"a","DetailType":"b"}]},"End":true}}}`, `{}`, "FAILED", `EventBridge.FailedEntry: {"Entries":[{"ErrorCode":"InvalidArgument","ErrorMessage":"Parameter Detail is not valid. Reason: Detail is a required argument."}],"FailedEntryCount":1}`, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withMachine(t, tt.definition, func(c *clients) {
				arn := c.execute(tt.input)
				<-time.After(10 * time.Minute)
				got := c.execution(arn)
				out := aws.ToString(got.Output)
				if got.Status != types.ExecutionStatusSucceeded {
					out = aws.ToString(got.Error) + ": " + aws.ToString(got.Cause)
				}
				if got.Status != tt.status || out != tt.output {
					t.Errorf("%s %s\nwant %s %s", got.Status, out, tt.status, tt.output)
				}
				if took := got.StopDate.Sub(*got.StartDate); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}

func TestExecutions(t *testing.T) {
	const waits = `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"S"},"S":{"Type":"Succeed"}}}`
	withMachine(t, waits, func(c *clients) {
		arn := c.execute(`{"a":1}`)
		if again := c.execute(`{"a":1}`); *again != *arn {
			t.Errorf("the same name and input started another execution: %s", *again)
		}
		_, err := c.states.StartExecution(c.ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN), Name: aws.String("e"), Input: aws.String(`{}`)})
		if code(err) != "ExecutionAlreadyExists" {
			t.Errorf("the same name with another input: %v", err)
		}
		if n := c.Inventory()["executions_running"]; n != 1 {
			t.Errorf("%d executions run", n)
		}
		must[*sfn.StopExecutionOutput](t)(c.states.StopExecution(c.ctx, &sfn.StopExecutionInput{ExecutionArn: arn, Error: aws.String("E"), Cause: aws.String("C")}))
		got := c.execution(arn)
		if got.Status != types.ExecutionStatusAborted || aws.ToString(got.Error) != "E" {
			t.Errorf("stopped: %s %s", got.Status, aws.ToString(got.Error))
		}
		list := must[*sfn.ListExecutionsOutput](t)(c.states.ListExecutions(c.ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(machineARN), StatusFilter: types.ExecutionStatusAborted}))
		if len(list.Executions) != 1 {
			t.Errorf("executions %v", list.Executions)
		}
	})
	withMachine(t, waits, func(c *clients) {
		arn := c.execute(`{"a":1}`)
		<-time.After(time.Minute)
		<-time.After(time.Second)
		var kinds []string
		pages := sfn.NewGetExecutionHistoryPaginator(c.states, &sfn.GetExecutionHistoryInput{ExecutionArn: arn, MaxResults: 2})
		for pages.HasMorePages() {
			for _, e := range must[*sfn.GetExecutionHistoryOutput](t)(pages.NextPage(c.ctx)).Events {
				kinds = append(kinds, string(e.Type))
			}
		}
		want := []string{"ExecutionStarted", "WaitStateEntered", "WaitStateExited", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"}
		if !slices.Equal(kinds, want) {
			t.Errorf("history %v", kinds)
		}
		for want, call := range map[string]func() error{
			"StateMachineDoesNotExist": func() error {
				_, err := c.states.StartExecution(c.ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN + "x")})
				return err
			},
			"ExecutionDoesNotExist": func() error {
				_, err := c.states.DescribeExecution(c.ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(*arn + "x")})
				return err
			},
			"InvalidArn": func() error {
				_, err := c.states.DescribeStateMachine(c.ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String("m")})
				return err
			},
			"InvalidExecutionInput": func() error {
				_, err := c.states.StartExecution(c.ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(machineARN), Input: aws.String("{")})
				return err
			},
		} {
			if got := code(call()); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

func TestMachinesThatCannotBe(t *testing.T) {
	for definition, want := range map[string]string{
		`{"StartAt":"A","States":{"A":{"Type":"Map","End":true}}}`:                                                        `no states of type "Map"`,
		`{"StartAt":"A","States":{"A":{"Type":"Pass"}}}`:                                                                  "needs either Next or End",
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`:                                                       `leads to "B"`,
		`{"StartAt":"B","States":{"A":{"Type":"Succeed"}}}`:                                                               "StartAt names",
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Nxet":"B","End":true}}}`:                                            "Nxet",
		`{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$.a[*]","End":true}}}`:                                  "names and indexes",
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"States.Nope()"},"End":true}}}`:                  "States.Nope",
		`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","End":true}}}`:             "sns:publish",
		`{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$.a","TimestampEquals":"","Next":"A"}]}}}`: "TimestampEquals",
		`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`:                                     "JSONata",
	} {
		bubble(t, sandbox.Options{Functions: map[string]sandbox.Function{"s/Flaky": func(context.Context, *sandbox.Call) (any, error) { return nil, nil }}}, func(c *clients) {
			err := c.Deploy(c.ctx, "s", "s", machineTemplate(definition), nil)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 6") {
				t.Errorf("%s\ngot %v\nwant line 6 and %s", definition, err, want)
			}
		})
	}
}
