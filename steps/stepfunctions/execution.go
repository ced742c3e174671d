package stepfunctions

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// ExecutionParams are the parameters of execution.
type ExecutionParams struct {
	ARN string `json:"arn" required:"true" doc:"The execution's ARN, such as start_execution gives."`
}

// ExecutionResult is what an execution did so far. Output, error, cause and
// duration are there when it has them.
type ExecutionResult struct {
	Status     string   `json:"status" doc:"RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or PENDING_REDRIVE."`
	Input      *any     `json:"input,omitempty" doc:"The input."`
	Output     *any     `json:"output,omitempty" doc:"The output of an execution that succeeded."`
	Error      *string  `json:"error,omitempty" doc:"The name of the error that ended it."`
	Cause      *string  `json:"cause,omitempty" doc:"What the error says."`
	Visited    []string `json:"visited,omitzero" doc:"The names of the states, in the order they were entered."`
	DurationMS *int64   `json:"duration_ms,omitempty" doc:"From start to end, in milliseconds; missing while it runs."`
	States     []State  `json:"states,omitzero" doc:"What each visited state did, in the same order."`
}

// Execution looks at an execution until it is as expected.
var Execution = steps.Define("execution", steps.Def[ExecutionParams, ExecutionResult]{
	Summary: "Looks at an execution of a Step Functions state machine.",
	Doc:     "Without a check on `status` it must have SUCCEEDED. With one that a running execution passes too (`one_of: [RUNNING, SUCCEEDED]`, `not_equals: FAILED`), the step passes as soon as its checks hold, whatever becomes of the execution afterwards. While it runs, its history is read only if a check looks at `visited` or `states`, or the step has an id. States inside a distributed map run in executions of their own and are not listed. AWS keeps no record of Express executions that could be looked at.",
	Example: `act:
  - start_execution: {state_machine: "${suite.app.StateMachineArn}", input: {amount: 9007199254740993}}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
    within: 10s
    expect:
      output.amount: 9007199254740993
      states[0].type: Pass
`,
	Check: checkARN,
	Watch: watchExecution,
	Saw:   ExecutionResult.ending,
	Empty: ExecutionResult{Status: string(types.ExecutionStatusRunning)}, // just begun
	Success: func(ExecutionParams) assertions.Checks {
		return assertions.Rule("status", "equals", string(types.ExecutionStatusSucceeded))
	},
	Needs: func(p ExecutionParams) []steps.Permission {
		return []steps.Permission{
			{Action: "states:DescribeExecution", Resource: p.ARN},
			{Action: "states:GetExecutionHistory", Resource: p.ARN},
		}
	},
})

var executionARN = regexp.MustCompile(`^arn:[^:]+:states:[^:]+:[^:]*:execution:[^:]+:[^:]+$`)

const (
	// justStarted is how long a new execution may be unknown: DescribeExecution
	// is eventually consistent.
	justStarted = 10 * time.Second
	// historyLag is how long the history of an ended execution may lack its end.
	historyLag = 5 * time.Second
)

// explaining is how long telling more about a failure may take.
const explaining = 5 * time.Second

// watched is an execution that is being looked at.
type watched struct {
	arn     string
	client  *sfn.Client
	clock   *steps.Clock
	early   bool      // its history is wanted before its end
	began   time.Time // of watching
	ended   time.Time // when it was first seen to be over
	history history
}

// checkARN looks at an ARN that is written out.
func checkARN(n *schema.Node, p *schema.Problems) {
	arn, _ := n.Get("arn")
	if why := notExecution(arn.Value.Scalar); why != "" && !arn.Value.Open() && strings.HasPrefix(arn.Value.Scalar, "arn:") {
		p.Add(arn.Value.Pos, "%s", why)
	}
}

// notExecution says why an ARN is none of an execution that can be looked at.
func notExecution(arn string) string {
	switch {
	case strings.Contains(arn, ":express:"):
		return arn + " is an Express execution; AWS keeps no record of those that could be looked at"
	case !executionARN.MatchString(arn):
		return fmt.Sprintf("%q is not the ARN of an execution; one looks like arn:aws:states:eu-west-1:111122223333:execution:MACHINE:NAME", arn)
	}
	return ""
}

func watchExecution(ctx context.Context, env *steps.Env, p ExecutionParams) (steps.Probe[ExecutionResult], error) {
	if why := notExecution(p.ARN); why != "" {
		return steps.Probe[ExecutionResult]{}, steps.Finalf("%s", why)
	}
	clock, err := steps.ClockOf(ctx, env.Run, env.AWS)
	if err != nil {
		return steps.Probe[ExecutionResult]{}, err
	}
	w := &watched{
		arn: p.ARN, client: env.AWS.Single().SFN(), clock: clock, began: time.Now(),
		early: env.Wanted == nil || env.Wanted("visited") || env.Wanted("states"),
	}
	return steps.Probe[ExecutionResult]{Look: func(look context.Context) (steps.Seen[ExecutionResult], error) {
		seen, err := w.look(look)
		if err == nil && !seen.Final && !w.early {
			seen.Explain = func() steps.Explanation { return w.explain(ctx, seen.Doc) }
		}
		return seen, err
	}}, nil
}

func (w *watched) look(ctx context.Context) (steps.Seen[ExecutionResult], error) {
	var seen steps.Seen[ExecutionResult]
	called := time.Now()
	out, err := w.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &w.arn})
	switch {
	case awsclient.Is(err, "ExecutionDoesNotExist") && time.Since(w.began) < justStarted:
		return seen, steps.Passingf("execution %s does not exist, or not yet", w.arn)
	case awsclient.Is(err, "ExecutionDoesNotExist"):
		return seen, steps.Finalf("execution %s does not exist", w.arn)
	case err != nil:
		return seen, fmt.Errorf("execution %s: %w", w.arn, err)
	}
	w.clock.Saw(out.ResultMetadata, called)
	if !over(out.Status) && !w.early {
		seen.Doc = document(out, nil)
		return seen, nil
	}
	if err := w.history.read(ctx, w.client, w.arn); err != nil {
		return seen, fmt.Errorf("the history of execution %s: %w", w.arn, err)
	}
	if over(out.Status) {
		if w.ended.IsZero() {
			w.ended = time.Now()
		}
		if !w.history.ended() && time.Since(w.ended) < historyLag {
			return seen, steps.Passingf("execution %s is %s, but its history does not show its end yet", w.arn, out.Status)
		}
		seen.Final, seen.ByService = true, true
		if out.StopDate != nil {
			seen.At = w.clock.Ours(*out.StopDate)
		}
	}
	seen.Doc = document(out, &w.history)
	return seen, nil
}

// explain says where an execution is whose history nobody asked for.
func (w *watched) explain(ctx context.Context, r ExecutionResult) steps.Explanation {
	ctx, cancel := context.WithTimeout(ctx, explaining)
	defer cancel()
	if err := w.history.read(ctx, w.client, w.arn); err == nil { // else it is told without
		r.add(&w.history)
	}
	return steps.Explanation{Summary: r.ending()}
}

// ending says how an execution that did not succeed ended, and where it was.
func (r ExecutionResult) ending() string {
	if r.Status == string(types.ExecutionStatusSucceeded) {
		return ""
	}
	text := "the execution is " + r.Status
	if n := len(r.Visited); n > 0 {
		text += " in state " + strconv.Quote(r.Visited[n-1])
	}
	for _, why := range []*string{r.Error, r.Cause} {
		if why != nil && *why != "" {
			text += ": " + *why
		}
	}
	return text
}

func over(s types.ExecutionStatus) bool {
	return s != types.ExecutionStatusRunning && s != types.ExecutionStatusPendingRedrive
}

// document is what is known of an execution; h is nil when its history was not read.
func document(out *sfn.DescribeExecutionOutput, h *history) ExecutionResult {
	r := ExecutionResult{
		Status: string(out.Status), Input: parsed(out.Input), Error: out.Error, Cause: out.Cause,
	}
	if h != nil {
		r.add(h)
	}
	if out.Status == types.ExecutionStatusSucceeded { // emulators give others one too
		r.Output = parsed(out.Output)
	}
	if out.StartDate != nil && out.StopDate != nil {
		ms := out.StopDate.Sub(*out.StartDate).Milliseconds()
		r.DurationMS = &ms
	}
	return r
}

// add adds what the history tells.
func (r *ExecutionResult) add(h *history) {
	r.States, r.Visited = h.states(), []string{}
	for _, s := range r.States {
		r.Visited = append(r.Visited, s.Name)
	}
}

func parsed(text *string) *any {
	if text == nil {
		return nil
	}
	v := schema.ParseText(*text)
	return &v
}
