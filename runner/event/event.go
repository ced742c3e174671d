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
	V       int       `json:"v"`
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	TMS     int64     `json:"t_ms"` // since the run's start
	Type    Type      `json:"type"`
	Run     string    `json:"run"`
	Case    string    `json:"case,omitempty"`    // file#scenario[case]@repeat
	Attempt int       `json:"attempt,omitempty"` // from 1
	Step    string    `json:"step,omitempty"`    // phase/index, such as assert/0

	Body Body `json:"-"`
}

// Body is what an event tells beyond its header.
type Body interface{ body() }

// bodies makes an empty body for each type of event.
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
	Tool     string   `json:"tool"` // rehearse and its version
	CWD      string   `json:"cwd"`
	Suites   []string `json:"suites"`
	Env      string   `json:"env,omitempty"`
	Account  string   `json:"account,omitempty"`
	Region   string   `json:"region,omitempty"`
	Endpoint string   `json:"endpoint,omitempty"`
	Seed     int64    `json:"seed,omitempty"`
	Shard    string   `json:"shard,omitempty"`
	Parallel int      `json:"parallel"`
	CI       bool     `json:"ci,omitempty"`
	Cases    int      `json:"cases"` // how many are planned
}

// CasePlan is the body of case_planned.
type CasePlan struct {
	File     string     `json:"file"` // relative to the working folder
	Line     int        `json:"line"`
	Scenario string     `json:"scenario"`
	Name     string     `json:"name"` // as reports call it: Scenario, or Scenario [case]
	Tags     []string   `json:"tags,omitempty"`
	Locks    []string   `json:"locks,omitempty"`
	Skip     string     `json:"skip,omitempty"` // why it is skipped
	Steps    []StepPlan `json:"steps"`
}

// StepPlan is one step of a case.
type StepPlan struct {
	Step     string `json:"step"`
	Kind     string `json:"kind"`
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	File     string `json:"file,omitempty"` // where it is not the case's own
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	WithinMS int64  `json:"within_ms,omitempty"`
}

// ScenarioStart is the body of scenario_started.
type ScenarioStart struct {
	ScenarioID string `json:"scenario_id"`
	TraceID    string `json:"trace_id,omitempty"`
	QueuedMS   int64  `json:"queued_ms"`
	LockWaitMS int64  `json:"lock_wait_ms,omitempty"`
}

// PhaseFinish is the body of phase_finished.
type PhaseFinish struct {
	Phase   string `json:"phase"` // arrange, act, assert, diagnose, cleanup, take_back
	StartMS int64  `json:"start_ms"`
	MS      int64  `json:"ms"`
	Status  Status `json:"status"`
}

// StepStart is the body of step_started.
type StepStart struct {
	Phase     string   `json:"phase"`
	Account   string   `json:"account,omitempty"`
	Region    string   `json:"region,omitempty"`
	WaitedFor []string `json:"waited_for,omitempty"` // ids of steps

	Plan *StepPlan `json:"plan,omitempty"` // of a suite's own step, which no case_planned tells of
}

// Probe is the body of probe_attempt: the first look, every look that saw
// something else than the one before, and the last.
type Probe struct {
	N          int      `json:"n"`
	Outcome    string   `json:"outcome"` // miss, transient, pass
	Mismatches []string `json:"mismatches,omitempty"`
	Error      *Error   `json:"error,omitempty"`
	Collapsed  int      `json:"collapsed,omitempty"` // looks left out before this one, equal to the one before
}

// Error is what went wrong in a call.
type Error struct {
	Type    string `json:"type"`           // transient, final, internal, timeout
	Code    string `json:"code,omitempty"` // the service's own
	Message string `json:"message"`
}

// Check is one check and what it saw.
type Check struct {
	Path     string       `json:"path"`
	Op       string       `json:"op"`
	Expected any          `json:"expected,omitempty"`
	Found    any          `json:"found,omitempty"`
	Diff     []Difference `json:"diff,omitempty"`
	OK       bool         `json:"ok"`
	Missing  bool         `json:"missing,omitempty"` // nothing was found at the path, not even null
	Message  string       `json:"message,omitempty"` // of one that does not hold
	Line     int          `json:"line,omitempty"`    // where the check stands, 0 for a kind's own
	Col      int          `json:"col,omitempty"`
}

// Difference is one field in which two documents differ.
type Difference struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"` // changed, missing, extra, type
	Expected any    `json:"expected,omitempty"`
	Found    any    `json:"found,omitempty"`
	Message  string `json:"message,omitempty"` // the same in words, where plain values would not do
}

// Miss is something that arrived and did not match, the nearest first.
type Miss struct {
	Summary string       `json:"summary"`
	Diff    []Difference `json:"diff,omitempty"`
}

// SLA is a measured limit.
type SLA struct {
	LimitMS     int64  `json:"limit_ms,omitempty"`
	WarnMS      int64  `json:"warn_ms,omitempty"`
	ObservedMS  int64  `json:"observed_ms"` // -1: it never came
	NotBeforeMS int64  `json:"not_before_ms,omitempty"`
	Status      string `json:"status"` // met, warned, missed
}

// StepFinish is the body of step_finished.
type StepFinish struct {
	Status    Status   `json:"status"`
	Cause     Cause    `json:"cause,omitempty"`
	Summary   string   `json:"summary,omitempty"` // what is to be said of a failure, in one sentence
	MS        int64    `json:"ms"`
	Attempts  int      `json:"attempts,omitempty"`
	Checks    []Check  `json:"checks,omitempty"`
	Misses    []Miss   `json:"misses,omitempty"`
	Arrived   *int     `json:"arrived,omitempty"` // how many a listener got in all
	Matched   []string `json:"matched,omitempty"` // those that did match, in a line each
	Error     *Error   `json:"error,omitempty"`
	SLA       *SLA     `json:"sla,omitempty"`
	PacingMS  int64    `json:"pacing_ms,omitempty"`
	Result    any      `json:"result,omitempty"` // at most 64 KiB of JSON
	Truncated bool     `json:"truncated,omitempty"`
}

// ScenarioFinish is the body of scenario_finished.
type ScenarioFinish struct {
	Status     Status   `json:"status"`
	Cause      Cause    `json:"cause,omitempty"`
	Reason     string   `json:"reason,omitempty"` // why it was skipped, or an error that belongs to no step
	FailedStep string   `json:"failed_step,omitempty"`
	MS         int64    `json:"ms"`
	Final      bool     `json:"final"` // no further attempt follows
	Cleanup    *Cleanup `json:"cleanup,omitempty"`
}

// Cleanup tells how the clean-up of a case, or of the run, went.
type Cleanup struct {
	Status Status   `json:"status"`
	Left   []string `json:"left,omitempty"` // what could not be removed
}

// Resource is something that a run created.
type Resource struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	ARN     string `json:"arn,omitempty"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Owner   string `json:"owner,omitempty"` // the case, or "run"
}

// ResourceChange is the body of resource_created and resource_released.
type ResourceChange struct {
	Resource Resource `json:"resource"`
	Status   string   `json:"status"` // created, released, kept, left
	Error    string   `json:"error,omitempty"`
}

// Note is the body of message.
type Note struct {
	Level string `json:"level"` // info, warning, error
	Text  string `json:"text"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
}

// Counts are the cases of a run by how they ended.
type Counts struct {
	Total    int `json:"total"`
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	Errors   int `json:"errors"`
	Skipped  int `json:"skipped"`
	Flaky    int `json:"flaky,omitempty"`
	Warnings int `json:"sla_warnings,omitempty"`
}

// RunFinish is the body of run_finished.
type RunFinish struct {
	ExitCode int      `json:"exit_code"`
	Reason   string   `json:"reason,omitempty"`
	Counts   Counts   `json:"counts"`
	MS       int64    `json:"ms"`
	Left     []string `json:"left,omitempty"`
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
