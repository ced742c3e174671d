package event_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// promised are the types of events with the fields that others read. Fields may
// come on top; none may go or be called otherwise.
var promised = map[event.Type]string{
	"run_started":      "tool cwd suites env account region endpoint seed shard parallel ci",
	"case_planned":     "file line scenario name tags locks skip steps.step steps.kind steps.id steps.name steps.line steps.col steps.within_ms",
	"scenario_started": "scenario_id trace_id queued_ms lock_wait_ms",
	"phase_finished":   "phase start_ms ms status",
	"step_started":     "phase account region waited_for",
	"probe_attempt":    "n outcome mismatches error.type error.code error.message collapsed",
	"step_finished": "status cause ms attempts checks.path checks.op checks.expected checks.found checks.diff checks.ok misses " +
		"error.type error.code error.message sla.limit_ms sla.warn_ms sla.observed_ms sla.not_before_ms sla.status pacing_ms result truncated",
	"scenario_finished": "status cause failed_step ms final cleanup.status cleanup.left",
	"resource_created":  "resource.kind resource.id resource.arn resource.account resource.region resource.owner status error",
	"resource_released": "resource.kind resource.id resource.arn resource.account resource.region resource.owner status error",
	"message":           "level text file line",
	"run_finished":      "exit_code reason counts ms left",
}

// fields lists the names of a type's fields, those of parts after a dot.
func fields(t reflect.Type, prefix string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			names = append(append(names, prefix+name), fields(f.Type, prefix+name+".")...)
		}
	}
	return names
}

func TestNamesStay(t *testing.T) {
	types := event.Types()
	if len(types) != len(promised) {
		t.Errorf("there are %d types, want %d", len(types), len(promised))
	}
	header := fields(reflect.TypeFor[event.Event](), "")
	for _, name := range strings.Fields("v seq time t_ms type run case attempt step") {
		if !slices.Contains(header, name) {
			t.Errorf("every event must have %s; there are %v", name, header)
		}
	}
	for kind, names := range promised {
		t.Run(string(kind), func(t *testing.T) {
			body := event.New(kind)
			if body == nil || !slices.Contains(types, kind) {
				t.Fatal("there is no such type")
			}
			have := fields(reflect.TypeOf(body), "")
			for _, name := range strings.Fields(names) {
				if !slices.Contains(have, name) {
					t.Errorf("there is no field %s; there are %v", name, have)
				}
			}
			for _, name := range have {
				if slices.Contains(header, name) {
					t.Errorf("%s is also the name of a field that every event has", name)
				}
			}
		})
	}
	if event.New("dreamt") != nil {
		t.Error("there is a body for a type that is not known")
	}
}
