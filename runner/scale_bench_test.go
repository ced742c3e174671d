package runner_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// announcer is an application that tells of what it was given two seconds later.
const announcer = `
Resources:
  Later:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: later
      RoleArn: arn:aws:iam::000000000000:role/later
      Definition:
        StartAt: Nap
        States:
          Nap: {Type: Wait, Seconds: 2, Next: Tell}
          Tell:
            Type: Task
            Resource: arn:aws:states:::events:putEvents
            Parameters: {Entries: [{Source: later, DetailType: told, "Detail.$": $}]}
            End: true
`

const waiting = `
scenario: %s
cases: {from: cases.csv}
arrange:
  - listen: {event_bus: default, pattern: {source: [later]}}
    id: told
act:
  - start_execution: {state_machine: later, input: {run: "${scenario.id}"}}
assert:
  - received: {from: told, match: {detail: {run: "${scenario.id}"}}, count: 1}
    within: %s
`

// BenchmarkWaitingScenarios runs scenarios that each wait for an event which
// the application sends two seconds after act, with default settings, all
// reports and the sandbox in the same process. It tells how long the run took
// compared to its longest case, and how much memory the process had at most.
func BenchmarkWaitingScenarios(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				rows := "name\n"
				for i := range n {
					rows += fmt.Sprintf("c%d\n", i)
				}
				dir := b.TempDir()
				for name, text := range map[string]string{"a.scenario.yaml": fmt.Sprintf(waiting, "Waits", "60s"), "cases.csv": rows} {
					if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
						b.Fatal(err)
					}
				}
				box, err := sandbox.New(b.Context(), sandbox.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := box.Deploy(b.Context(), "later", "later", []byte(announcer), nil); err != nil {
					b.Fatal(err)
				}
				s := stageOf(b, box, dir)
				begun, longest := map[string]time.Time{}, time.Duration(0)
				s.watch = func(e event.Event) {
					switch e.Type {
					case event.ScenarioStarted:
						begun[e.Case] = e.Time
					case event.ScenarioFinished:
						longest = max(longest, e.Time.Sub(begun[e.Case]))
					}
				}
				start := time.Now()
				r := s.run()
				took := time.Since(start)
				if r.code != runner.ExitPassed {
					b.Errorf("exit code %d\n%.3000s", r.code, r.text[max(0, len(r.text)-3000):])
				}
				b.ReportMetric(took.Seconds()/longest.Seconds(), "wall/longest")
				b.ReportMetric(longest.Seconds(), "longest-s")
				b.ReportMetric(peakMB(b), "peak-MB")
			}
		})
	}
}

var peak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMB is the most memory that the process had so far, where the system tells.
func peakMB(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	m := peak.FindSubmatch(text)
	if err != nil || m == nil {
		b.Log("this system does not tell how much memory a process had")
		return 0
	}
	kb, _ := strconv.ParseFloat(string(m[1]), 64) // digits
	return kb / 1024
}
