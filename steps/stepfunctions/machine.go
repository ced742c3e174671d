// Package stepfunctions holds the kinds of steps that start and watch
// executions of state machines. It must not know what a machine's states call.
package stepfunctions

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

var machineARN = regexp.MustCompile(`^arn:[^:]+:states:[^:]+:[^:]*:stateMachine:[^:]+(:[^:]+)?$`)

// machineOf gives a state machine's ARN; ref is a name or already an ARN, of a
// version or an alias too.
func machineOf(place *awsclient.Place, ref string) (string, error) {
	if err := checkMachine(ref); err != nil {
		return "", err
	}
	if strings.HasPrefix(ref, "arn:") {
		return ref, nil
	}
	return fmt.Sprintf("arn:%s:states:%s:%s:stateMachine:%s", partition(place.Region), place.Region, place.Account, ref), nil
}

// checkMachine refuses what cannot be a state machine's name or ARN.
func checkMachine(ref string) error {
	switch {
	case strings.HasPrefix(ref, "arn:") && !machineARN.MatchString(ref):
		return fmt.Errorf("%q is not the ARN of a state machine; one looks like arn:aws:states:eu-west-1:111122223333:stateMachine:NAME", ref)
	case !strings.HasPrefix(ref, "arn:") && (ref == "" || strings.ContainsAny(ref, ": /")):
		return fmt.Errorf("%q is neither the name nor the ARN of a state machine", ref)
	}
	return nil
}

// partition is the part of AWS that a region belongs to, as ARNs name it.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b"
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso"
	}
	return "aws"
}

// executionOf is the ARN that an execution of a STANDARD machine gets for its name.
func executionOf(machine, name string) string {
	head, rest, _ := strings.Cut(machine, ":stateMachine:")
	rest, _, _ = strings.Cut(rest, ":") // without a version or an alias
	return head + ":execution:" + rest + ":" + name
}

// noMachine says that a state machine does not exist, and which do.
func noMachine(ctx context.Context, place *awsclient.Place, ref string) error {
	var names []string
	pages := sfn.NewListStateMachinesPaginator(place.SFN(), &sfn.ListStateMachinesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return steps.Finalf("there is no state machine %q in account %s, region %s (those that exist cannot be listed: %s)", ref, place.Account, place.Region, awsclient.Explain(err))
		}
		for _, m := range page.StateMachines {
			names = append(names, aws.ToString(m.Name))
		}
	}
	short := ref[strings.LastIndex(ref, ":")+1:]
	return steps.Finalf("there is no state machine %q in account %s, region %s; there are: %s%s", ref, place.Account, place.Region,
		schema.KnownNames(names), schema.DidYouMean(short, names))
}

// Reaper stops executions that still run.
var Reaper = steps.Reaper{Type: executionType, Remove: stop}

const executionType = "states.execution"

// stop ends an execution that may still run. One that was just started may be
// "not found" to a reader, so only an answer that says it is over spares the call.
func stop(ctx context.Context, place *awsclient.Place, r steps.Resource) error {
	if strings.Contains(r.ARN, ":express:") {
		return nil // AWS cannot stop an Express execution; it ends within five minutes
	}
	client := place.SFN()
	out, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &r.ARN})
	switch {
	case err == nil && over(out.Status):
		return nil
	case err != nil && !awsclient.Is(err, "ExecutionDoesNotExist"):
		return fmt.Errorf("execution %s cannot be looked at: %w", r.ARN, err)
	}
	_, err = client.StopExecution(ctx, &sfn.StopExecutionInput{
		ExecutionArn: &r.ARN, Error: aws.String("rehearse.Stopped"), Cause: aws.String("The scenario that started this execution is over."),
	})
	if err == nil || awsclient.Is(err, "ExecutionDoesNotExist", "StateMachineTypeNotSupported", "StateMachineDoesNotExist") {
		return nil
	}
	return fmt.Errorf("execution %s cannot be stopped: %w", r.ARN, err)
}
