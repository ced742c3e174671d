package report_test

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
)

// large is a run of n cases, one in a hundred of which fails, each with documents of some size.
func large(n int) []event.Event {
	s := newStream()
	var keys []string
	for i := range n {
		keys = append(keys, s.plan(fmt.Sprintf("scenarios/part%d.scenario.yaml", i/50), fmt.Sprintf("Order %d is delivered", i)))
	}
	for i, k := range keys {
		s.begin(k, 1)
		s.setUp()
		s.emit("assert/0", &event.Probe{N: 1, Outcome: "miss", Mismatches: []string{"no event has arrived"}})
		arrived := met(3180)
		arrived.Result = document()
		arrived.Checks = []event.Check{{Path: "count", Op: "equals", Expected: json.Number("1"), Found: json.Number("1"), OK: true}}
		s.step("assert/0", 3200, arrived)
		if i%100 == 99 {
			s.step("assert/1", 30_020, failedCheck())
			s.finish(event.ScenarioFinish{Status: event.Failed, FailedStep: "assert/1", MS: 34_220, Final: true})
			continue
		}
		s.step("assert/1", 50, event.StepFinish{Status: event.Passed, Attempts: 1, Result: document()})
		s.finish(event.ScenarioFinish{Status: event.Passed, MS: 4250, Final: true})
	}
	return s.end(1, "")
}

// document is the kind of result that a listener gives: some 2 KB.
func document() any {
	var events []any
	for i := range 5 {
		events = append(events, map[string]any{
			"id": fmt.Sprintf("0c1d2e3f-%04d", i), "source": "video.plugin", "detail-type": "plugin-complete", "time": "2026-03-14T09:26:53Z",
			"account": "111122223333", "region": "eu-west-1", "resources": []any{},
			"detail": map[string]any{"run": "k3f9-1", "title": "a title of ordinary length", "height": json.Number("178"), "ok": true, "list": []any{json.Number("1"), nil, "two"}},
		})
	}
	return map[string]any{"events": events, "count": json.Number("5"), "latency_ms": json.Number("3180")}
}

// BenchmarkReports takes a run of 10,000 cases through the console and JUnit.
func BenchmarkReports(b *testing.B) {
	events := large(10_000)
	b.ReportAllocs()
	for b.Loop() {
		c, j := report.NewConsole(io.Discard, report.ConsoleOptions{}), report.NewJUnit()
		before := heap()
		for _, e := range events {
			c.Emit(e)
			j.Emit(e)
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB-kept")
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
		if _, err := j.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(c)
	}
	b.ReportMetric(float64(len(events)), "events")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
