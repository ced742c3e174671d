// Package event is the stream that a run leaves behind: every report, live or
// later, is built from it alone. It holds types only and imports nothing of
// the project.
//
// The stream is JSON, one event a line. Every event carries v, seq, time,
// t_ms, type and run and, where they apply, case, attempt and step. Versions
// only add fields.
package event

import "time"

// Version is the version of the stream's format.
const Version = 1

// Type names what an event tells.
type Type string

// The types of events.
const (
	RunStarted       Type = "run_started"
	CasePlanned      Type = "case_planned"
	ScenarioStarted  Type = "scenario_started"
	PhaseFinished    Type = "phase_finished"
	StepStarted      Type = "step_started"
	ProbeAttempt     Type = "probe_attempt"
	StepFinished     Type = "step_finished"
	ScenarioFinished Type = "scenario_finished"
	ResourceCreated  Type = "resource_created"
	ResourceReleased Type = "resource_released"
	Message          Type = "message"
	RunFinished      Type = "run_finished"
)

// Status is how a step, a phase or a case ended, the weaker first.
type Status string

// The statuses, in the order in which one outweighs the one before it.
const (
	Passed  Status = "passed"
	Skipped Status = "skipped"
	NotRun  Status = "not_run"
	Failed  Status = "failed" // something was looked at and was not as expected
	Errored Status = "error"  // something could not be carried out or looked at
)

var weight = map[Status]int{"": -1, Passed: 0, Skipped: 1, NotRun: 2, Failed: 3, Errored: 4}

// Worse gives the status that outweighs the other.
func Worse(a, b Status) Status {
	if weight[b] > weight[a] {
		return b
	}
	return a
}

// Cause says what kind of thing a failure or an error was; JUnit's type is one of them.
type Cause string

// The causes.
const (
	CauseCheck       Cause = "check"
	CauseSLA         Cause = "sla"
	CauseTimeout     Cause = "timeout"
	CauseArrange     Cause = "arrange"
	CauseInterrupted Cause = "interrupted"
	CauseCleanup     Cause = "cleanup"
	CauseStep        Cause = "step" // a step that could not be carried out
)

// Event is one line of the stream: a header, and a body whose fields stand
// beside the header's in the JSON.
type Event struct {
	V       int       `json:"v" doc:"The version of the format, 1."`
	Seq     int64     `json:"seq" doc:"The number of the event in its run, from 1, without a hole."`
	Time    time.Time `json:"time" doc:"When it happened, in UTC."`
	TMS     int64     `json:"t_ms" doc:"When it happened, since the start of the run."`
	Type    Type      `json:"type" doc:"What it tells: one of the types below."`
	Run     string    `json:"run" doc:"The id of the run."`
	Case    string    `json:"case,omitempty" doc:"The case: file#scenario, file#scenario[case] or, repeated, file#scenario[case]@2."`
	Attempt int       `json:"attempt,omitempty" doc:"The attempt of the case, from 1."`
	Step    string    `json:"step,omitempty" doc:"The step: its phase and its number there, from 0, such as assert/0. One that stands inside another follows it: assert/0/2."`

	Body Body `json:"-"`
}

// Body is what an event tells beyond its header.
type Body interface{ body() }

// Types gives every type of event, in the order in which a run has them.
func Types() []Type {
	return []Type{
		RunStarted, CasePlanned, ScenarioStarted, PhaseFinished, StepStarted, ProbeAttempt,
		StepFinished, ScenarioFinished, ResourceCreated, ResourceReleased, Message, RunFinished,
	}
}

// New gives an empty body for a type of event, nil for one that is not known.
func New(t Type) Body {
	if make, ok := bodies[t]; ok {
		return make()
	}
	return nil
}

var bodies = map[Type]func() Body{
	RunStarted:       func() Body { return &RunStart{} },
	CasePlanned:      func() Body { return &CasePlan{} },
	ScenarioStarted:  func() Body { return &ScenarioStart{} },
	PhaseFinished:    func() Body { return &PhaseFinish{} },
	StepStarted:      func() Body { return &StepStart{} },
	ProbeAttempt:     func() Body { return &Probe{} },
	StepFinished:     func() Body { return &StepFinish{} },
	ScenarioFinished: func() Body { return &ScenarioFinish{} },
	ResourceCreated:  func() Body { return &ResourceChange{} },
	ResourceReleased: func() Body { return &ResourceChange{} },
	Message:          func() Body { return &Note{} },
	RunFinished:      func() Body { return &RunFinish{} },
}

// RunStart is the body of run_started.
type RunStart struct {
	Tool      string   `json:"tool" doc:"rehearse and its version."`
	CWD       string   `json:"cwd" doc:"The working folder: paths of files are relative to it."`
	Suites    []string `json:"suites" doc:"The suites that take part."`
	Env       string   `json:"env,omitempty" doc:"The chosen environment."`
	Account   string   `json:"account,omitempty" doc:"The AWS account."`
	Region    string   `json:"region,omitempty" doc:"The AWS region."`
	Endpoint  string   `json:"endpoint,omitempty" doc:"Where AWS is served, when not by AWS."`
	Seed      int64    `json:"seed" doc:"What --seed takes to draw the same random values again."`
	Selection string   `json:"selection,omitempty" doc:"Of a shard: what all shards together select, as a number of cases and a checksum; those of one run have the same."`
	Shard     string   `json:"shard,omitempty" doc:"The part of the cases that this run has, such as 1/3."`
	Parallel  int      `json:"parallel" doc:"How many cases are in arrange, act or clean-up at once, at most."`
	CI        bool     `json:"ci,omitempty" doc:"Whether the run knows that it runs in CI."`
	Cases     int      `json:"cases" doc:"How many cases are planned."`
}

// CasePlan is the body of case_planned.
type CasePlan struct {
	File     string     `json:"file" doc:"The scenario file, relative to the working folder."`
	Line     int        `json:"line" doc:"Where the scenario begins in it, from 1."`
	Scenario string     `json:"scenario" doc:"The name of the scenario."`
	Name     string     `json:"name" doc:"What reports call the case: Scenario, Scenario [case] or, repeated, Scenario [case] (2/5)."`
	Tags     []string   `json:"tags,omitempty" doc:"Its tags."`
	Locks    []string   `json:"locks,omitempty" doc:"Its locks."`
	Skip     string     `json:"skip,omitempty" doc:"Why it is skipped."`
	Steps    []StepPlan `json:"steps" doc:"The steps of its phases. Those inside others are told of when they begin."`
}

// StepPlan is one step of a case.
type StepPlan struct {
	Step     string `json:"step" doc:"Its place, such as assert/0."`
	Kind     string `json:"kind" doc:"The kind of step."`
	ID       string `json:"id,omitempty" doc:"Its id."`
	Name     string `json:"name,omitempty" doc:"Its name."`
	File     string `json:"file,omitempty" doc:"The file in which it stands, where that is not the case's own."`
	Line     int    `json:"line" doc:"The line, from 1."`
	Col      int    `json:"col" doc:"The column, from 1."`
	WithinMS int64  `json:"within_ms,omitempty" doc:"What was written as within."`
}

// ScenarioStart is the body of scenario_started.
type ScenarioStart struct {
	ScenarioID string `json:"scenario_id" doc:"The scenario.id of this attempt."`
	TraceID    string `json:"trace_id,omitempty" doc:"The id of its X-Ray trace."`
	QueuedMS   int64  `json:"queued_ms" doc:"How long it waited for its turn to begin, after its locks."`
	LockWaitMS int64  `json:"lock_wait_ms,omitempty" doc:"How long it waited for its locks before that."`
}

// PhaseFinish is the body of phase_finished.
type PhaseFinish struct {
	Phase   string `json:"phase" doc:"arrange, act, assert, diagnose, cleanup or take_back."`
	StartMS int64  `json:"start_ms" doc:"When it began, since the start of the run."`
	MS      int64  `json:"ms" doc:"How long it took."`
	Status  Status `json:"status" doc:"How it ended."`
}

// StepStart is the body of step_started.
type StepStart struct {
	Phase     string   `json:"phase" doc:"The phase that it belongs to."`
	Account   string   `json:"account,omitempty" doc:"The AWS account in which it runs."`
	Region    string   `json:"region,omitempty" doc:"The AWS region in which it runs."`
	WaitedFor []string `json:"waited_for,omitempty" doc:"The ids of steps that it had to wait for."`

	Plan *StepPlan `json:"plan,omitempty" doc:"What the step is, where no case_planned tells of it: one inside another, or one of a suite."`
}

// Probe is the body of probe_attempt: the first look, every look that saw
// something else than the one before, and the last.
type Probe struct {
	N          int      `json:"n" doc:"The number of the look, from 1."`
	Outcome    string   `json:"outcome" doc:"miss (not as expected, or an error that stays), transient (an error that may pass) or pass."`
	Mismatches []string `json:"mismatches,omitempty" doc:"What was not as expected."`
	Error      *Error   `json:"error,omitempty" doc:"Why it could not look."`
	Collapsed  int      `json:"collapsed,omitempty" doc:"How many looks were left out before this one, because each saw the same as the one before."`
}

// Error is what went wrong in a call.
type Error struct {
	Type    string `json:"type" doc:"transient: it passes by itself; final: looking again cannot change it."`
	Code    string `json:"code,omitempty" doc:"The service's own code."`
	Message string `json:"message" doc:"What went wrong."`
}

// Check is one check and what it saw.
type Check struct {
	Path     string       `json:"path" doc:"The path in the result."`
	Op       string       `json:"op" doc:"The operator."`
	Expected any          `json:"expected,omitempty" doc:"What it expects."`
	Found    any          `json:"found,omitempty" doc:"What stood at the path."`
	Diff     []Difference `json:"diff,omitempty" doc:"The fields in which documents differ."`
	OK       bool         `json:"ok" doc:"Whether it holds."`
	Missing  bool         `json:"missing,omitempty" doc:"Nothing was found at the path, not even null."`
	Message  string       `json:"message,omitempty" doc:"Why it does not hold."`
	Line     int          `json:"line,omitempty" doc:"Where the check stands, from 1; not of a check that the kind itself makes."`
	Col      int          `json:"col,omitempty" doc:"The column, from 1."`
}

// Difference is one field in which two documents differ.
type Difference struct {
	Path     string `json:"path" doc:"The field."`
	Kind     string `json:"kind" doc:"changed, missing, extra or type."`
	Expected any    `json:"expected,omitempty" doc:"What it should be."`
	Found    any    `json:"found,omitempty" doc:"What it is."`
	Message  string `json:"message,omitempty" doc:"The same in words, where plain values would not do."`
}

// Miss is something that arrived and did not match, the nearest first.
type Miss struct {
	Summary string       `json:"summary" doc:"What arrived, in a line."`
	Diff    []Difference `json:"diff,omitempty" doc:"The fields in which it differs from what was waited for."`
}

// SLA is a measured limit.
type SLA struct {
	LimitMS     int64  `json:"limit_ms,omitempty" doc:"What was written as within."`
	WarnMS      int64  `json:"warn_ms,omitempty" doc:"What was written as warn_after."`
	ObservedMS  int64  `json:"observed_ms" doc:"When it came, since the step's clock began; -1: it never came."`
	NotBeforeMS int64  `json:"not_before_ms,omitempty" doc:"When it had not come yet: the last look before the one that saw it."`
	Status      string `json:"status" doc:"met, warned or missed."`
}

// StepFinish is the body of step_finished.
type StepFinish struct {
	Status    Status   `json:"status" doc:"How the step ended."`
	Cause     Cause    `json:"cause,omitempty" doc:"What kind of failure or error it is: check, sla, timeout, arrange, interrupted, cleanup or step."`
	Summary   string   `json:"summary,omitempty" doc:"What is to be said of it, in a sentence."`
	MS        int64    `json:"ms" doc:"How long it took."`
	Attempts  int      `json:"attempts,omitempty" doc:"How many times it looked or acted."`
	Checks    []Check  `json:"checks,omitempty" doc:"Its checks, as the last look left them."`
	Misses    []Miss   `json:"misses,omitempty" doc:"What arrived at a listener and did not match, the nearest first."`
	Arrived   *int     `json:"arrived,omitempty" doc:"How many events a listener got in all."`
	Matched   []string `json:"matched,omitempty" doc:"Those that did match, a line each."`
	Picture   []string `json:"picture,omitempty" doc:"What was seen, drawn as text, a line each: of a trace that failed its tree, with the differing places marked by ←."`
	Error     *Error   `json:"error,omitempty" doc:"What went wrong in a call."`
	SLA       *SLA     `json:"sla,omitempty" doc:"The limit that was written, and what was measured."`
	PacingMS  int64    `json:"pacing_ms,omitempty" doc:"How long it waited for rehearse's own pace of calls."`
	Result    any      `json:"result,omitempty" doc:"Its result. Of a longer one than 64 KiB of JSON the longest lists lose their last elements; where that is not enough it is cut and becomes text."`
	Truncated bool     `json:"truncated,omitempty" doc:"Whether the result was cut."`
}

// ScenarioFinish is the body of scenario_finished.
type ScenarioFinish struct {
	Status     Status   `json:"status" doc:"How the attempt ended."`
	Cause      Cause    `json:"cause,omitempty" doc:"What kind of failure or error it is, as in step_finished."`
	Reason     string   `json:"reason,omitempty" doc:"Why it was skipped, or an error that belongs to no step."`
	FailedStep string   `json:"failed_step,omitempty" doc:"The first step that did not pass."`
	MS         int64    `json:"ms" doc:"How long it took, clean-up included, waiting to begin not."`
	Final      bool     `json:"final" doc:"Whether no further attempt follows."`
	Cleanup    *Cleanup `json:"cleanup,omitempty" doc:"How the clean-up went."`
}

// Cleanup tells how the clean-up of a case went.
type Cleanup struct {
	Status Status   `json:"status" doc:"passed or error."`
	Left   []string `json:"left,omitempty" doc:"What could not be removed."`
}

// Resource is something that a run created.
type Resource struct {
	Kind    string `json:"kind" doc:"What it is, such as s3.object."`
	ID      string `json:"id" doc:"Its name."`
	ARN     string `json:"arn,omitempty" doc:"Its ARN."`
	Account string `json:"account,omitempty" doc:"The AWS account in which it is."`
	Region  string `json:"region,omitempty" doc:"The AWS region in which it is."`
	Owner   string `json:"owner,omitempty" doc:"The case that it belongs to, or run."`
}

// ResourceChange is the body of resource_created and resource_released.
type ResourceChange struct {
	Resource Resource `json:"resource" doc:"What was created or removed."`
	Status   string   `json:"status" doc:"created, released, kept or left."`
	Error    string   `json:"error,omitempty" doc:"Why it could not be removed."`
}

// Note is the body of message.
type Note struct {
	Level string `json:"level" doc:"info, warning or error."`
	Text  string `json:"text" doc:"What is said."`
	File  string `json:"file,omitempty" doc:"The file that it is about."`
	Line  int    `json:"line,omitempty" doc:"The line, from 1."`
}

// Counts are the cases of a run by how they ended.
type Counts struct {
	Total    int `json:"total" doc:"All cases."`
	Passed   int `json:"passed" doc:"Those that passed, flaky ones too."`
	Failed   int `json:"failed" doc:"Those that failed."`
	Errors   int `json:"errors" doc:"Those that ended in an error."`
	Skipped  int `json:"skipped" doc:"Those that were skipped."`
	Flaky    int `json:"flaky,omitempty" doc:"Those that passed after an attempt that did not."`
	Warnings int `json:"sla_warnings,omitempty" doc:"How many steps passed later than their warn_after."`
}

// RunFinish is the body of run_finished.
type RunFinish struct {
	ExitCode int      `json:"exit_code" doc:"The exit code."`
	Reason   string   `json:"reason,omitempty" doc:"Why, where the counts do not say it."`
	Counts   Counts   `json:"counts" doc:"The cases by how they ended."`
	MS       int64    `json:"ms" doc:"How long the run took."`
	Left     []string `json:"left,omitempty" doc:"What could not be removed."`
	Ledger   string   `json:"ledger,omitempty" doc:"The file by which rehearse sweep finds what is left."`
}

// Sink takes the events of a run, one after the other, in order.
type Sink interface {
	Emit(Event)
}

func (*RunStart) body()       {}
func (*CasePlan) body()       {}
func (*ScenarioStart) body()  {}
func (*PhaseFinish) body()    {}
func (*StepStart) body()      {}
func (*Probe) body()          {}
func (*StepFinish) body()     {}
func (*ScenarioFinish) body() {}
func (*ResourceChange) body() {}
func (*Note) body()           {}
func (*RunFinish) body()      {}
