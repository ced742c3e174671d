package local

import (
	"context"
	"time"

	"github.com/rehearse-dev/rehearse/steps"
)

// WaitParams are the parameters of wait.
type WaitParams struct {
	Duration time.Duration `json:"duration" required:"true" doc:"How long, such as 500ms or 5s."`
}

// Wait lets time pass.
var Wait = steps.Define("wait", steps.Def[WaitParams, struct{}]{
	Summary: "Waits a fixed time.",
	Doc:     "A wait is rarely the right thing: steps with `within` go on as soon as what they wait for is there, and `throughout` watches that nothing happens.",
	Example: `act:
  - wait: 10ms
  - wait: {duration: 10ms}
assert:
  - check: ${1 + 1 == 2}
`,
	Do: func(ctx context.Context, _ *steps.Env, p WaitParams) (struct{}, error) {
		return struct{}{}, steps.Pause(ctx, p.Duration)
	},
	Shorthand: "duration", Idempotent: true, Unbounded: true, Pure: true,
})
