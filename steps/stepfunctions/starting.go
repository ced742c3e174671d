package stepfunctions

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/steps"
)

// startMargin is how much before the step an execution may seem to have begun
// and still be the step's own: not every service tells parts of a second.
const startMargin = 2 * time.Second

// starting is one start of an execution under a name.
type starting struct {
	place *awsclient.Place
	clock *steps.Clock
	in    *sfn.StartExecutionInput
	arn   string // what the execution will have
	began time.Time
}

// start starts the execution once. Under the same name a STANDARD machine
// starts nothing twice: while an execution runs with the same input it is the
// answer, and afterwards there is an error (Step Functions API Reference,
// StartExecution). An EXPRESS one would start another.
func (s *starting) start(ctx context.Context) (*sfn.StartExecutionOutput, error) {
	s.began = time.Now()
	out, err := s.place.Once().SFN().StartExecution(ctx, s.in)
	if err != nil && awsclient.Transient(err) && !awsclient.SurelyNotDone(err) && ctx.Err() == nil && s.standard(ctx) {
		return s.again(ctx, err)
	}
	if err == nil {
		s.clock.Saw(out.ResultMetadata, s.began)
		return out, s.ours(out.StartDate)
	}
	return out, err
}

// standard says whether the state machine surely is one.
func (s *starting) standard(ctx context.Context) bool {
	head, rest, _ := strings.Cut(*s.in.StateMachineArn, ":stateMachine:")
	name, _, _ := strings.Cut(rest, ":") // without a version or an alias
	m, err := s.place.SFN().DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(head + ":stateMachine:" + name)})
	return err == nil && m.Type == types.StateMachineTypeStandard
}

// again finds out what became of a start whose answer was lost.
func (s *starting) again(ctx context.Context, lost error) (*sfn.StartExecutionOutput, error) {
	called := time.Now()
	out, err := s.place.SFN().StartExecution(ctx, s.in)
	switch {
	case err == nil:
		s.clock.Saw(out.ResultMetadata, called)
		return out, s.ours(out.StartDate)
	case !awsclient.Is(err, "ExecutionAlreadyExists"):
		return nil, err
	}
	// It is over already, or another one had the name before.
	called = time.Now()
	there, err2 := s.place.SFN().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &s.arn})
	if err2 != nil {
		return nil, lost
	}
	s.clock.Saw(there.ResultMetadata, called)
	if aws.ToString(there.Input) != aws.ToString(s.in.Input) {
		return nil, err
	}
	return &sfn.StartExecutionOutput{ExecutionArn: there.ExecutionArn, StartDate: there.StartDate}, s.ours(there.StartDate)
}

// ours refuses an execution that ran before this step began: the same name and
// input give what somebody else started.
func (s *starting) ours(started *time.Time) error {
	if started == nil {
		return nil
	}
	at := s.clock.Ours(*started)
	if at.IsZero() || !at.Before(s.began.Add(-startMargin)) {
		return nil
	}
	// As the service says it of one that is over: nothing was started.
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusBadRequest}},
		Err:      &types.ExecutionAlreadyExists{Message: aws.String("it runs since " + stamp(started))},
	}
}
