package stepfunctions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// StartParams are the parameters of start_execution.
type StartParams struct {
	StateMachine string `json:"state_machine" required:"true" doc:"The state machine's name or ARN; the ARN of a version or an alias too."`
	Input        Input  `json:"input" doc:"The input: a document, or text that is JSON. {} unless given."`
	Name         string `json:"name" doc:"The execution's name, unique for the state machine; made from the scenario's id unless given."`
}

// StartResult is a started execution.
type StartResult struct {
	ExecutionARN string `json:"execution_arn" doc:"What the execution kind looks at."`
	StartedAt    string `json:"started_at" doc:"When, in RFC 3339."`
}

// StartExecution starts an execution and does not wait for it.
var StartExecution = steps.Define("start_execution", steps.Def[StartParams, StartResult]{
	Summary: "Starts an execution of a Step Functions state machine.",
	Doc:     "A start of which no answer came is sent again under the same name, which cannot start a second execution of a STANDARD state machine. It does not wait; `execution` watches what was started. An execution that still runs when the scenario is over is stopped.",
	Example: `act:
  - start_execution:
      state_machine: ${suite.app.StateMachineArn}
      input: {run: "${scenario.id}"}
    id: started
assert:
  - execution: {arn: "${started.execution_arn}"}
    expect: {output.run: "${scenario.id}"}
`,
	Check: checkStart,
	Do:    start,
	Needs: func(p StartParams) []steps.Permission {
		return []steps.Permission{
			{Action: "states:StartExecution", Resource: p.StateMachine},
			{Action: "states:DescribeExecution"},
			{Action: "states:StopExecution"},
		}
	},
	Reapers: []steps.Reaper{Reaper},
})

func start(ctx context.Context, env *steps.Env, p StartParams) (StartResult, error) {
	machine, err := machineOf(env.AWS, p.StateMachine)
	if err != nil {
		return StartResult{}, err
	}
	name := p.Name
	if name == "" {
		name = nameFor(env)
	}
	if err := checkName(name); err != nil {
		return StartResult{}, err
	}
	clock, err := steps.ClockOf(ctx, env.Run, env.AWS)
	if err != nil {
		return StartResult{}, err
	}
	var r StartResult
	record := steps.Resource{Type: executionType, ID: name, ARN: executionOf(machine, name)}
	err = env.Create(ctx, record, func(ctx context.Context) (steps.Resource, error) {
		s := &starting{place: env.AWS, clock: clock, arn: record.ARN, in: &sfn.StartExecutionInput{StateMachineArn: &machine, Name: &name, Input: p.Input.text()}}
		out, err := s.start(ctx)
		if err != nil {
			return record, err
		}
		record.ARN = aws.ToString(out.ExecutionArn)
		r = StartResult{ExecutionARN: record.ARN, StartedAt: stamp(out.StartDate)}
		return record, nil
	})
	switch {
	case awsclient.Is(err, "StateMachineDoesNotExist"):
		return r, noMachine(ctx, env.AWS, p.StateMachine)
	case awsclient.Is(err, "ExecutionAlreadyExists"):
		return r, fmt.Errorf("state machine %q has had an execution named %q already; its name must be new for 90 days", p.StateMachine, name)
	case err != nil:
		return r, fmt.Errorf("state machine %q: %w", p.StateMachine, err)
	}
	return r, nil
}

var (
	executionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	notInName     = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
)

// checkStart looks at names that are written out.
func checkStart(n *schema.Node, p *schema.Problems) {
	machine, _ := n.Get("state_machine")
	if !machine.Value.Open() {
		if err := checkMachine(machine.Value.Scalar); err != nil {
			p.Add(machine.Value.Pos, "%v", err)
		}
	}
	if name, given := n.Get("name"); given && !name.Value.Open() {
		if err := checkName(name.Value.Scalar); err != nil {
			p.Add(name.Value.Pos, "%v", err)
		}
	}
}

func checkName(name string) error {
	if !executionName.MatchString(name) {
		return fmt.Errorf("%q cannot be an execution's name; it may have 1 to 80 letters, digits, - and _", name)
	}
	return nil
}

// nameFor makes a name that no other step, case or attempt gives. Past 80
// characters its end is a checksum of the whole.
func nameFor(env *steps.Env) string {
	id := env.ScenarioID
	if id == "" {
		id = env.RunID
	}
	name := notInName.ReplaceAllString(id+"-"+env.Step, "-")
	if len(name) <= 80 {
		return name
	}
	sum := sha256.Sum256([]byte(id + "/" + env.Step))
	return name[:63] + "-" + hex.EncodeToString(sum[:8])
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
