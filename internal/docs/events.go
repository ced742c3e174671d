package docs

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// eventSummaries say what each type of event tells.
var eventSummaries = map[event.Type]string{
	event.RunStarted:       "The first event of a run.",
	event.CasePlanned:      "A case that the run has, before the first of them begins.",
	event.ScenarioStarted:  "An attempt of a case begins.",
	event.PhaseFinished:    "A phase of an attempt has ended.",
	event.StepStarted:      "A step begins.",
	event.ProbeAttempt:     "A step has looked, or acted: the first time, each time that it saw something else than the time before, and the last time.",
	event.StepFinished:     "A step has ended. One that does not come to run has only this, with the status `not_run`.",
	event.ScenarioFinished: "An attempt of a case has ended, or the case was skipped.",
	event.ResourceCreated:  "Something was created, which the run takes back unless it is to be kept.",
	event.ResourceReleased: "Something that the run created was taken back, is kept, or is left.",
	event.Message:          "Something else is to be said, such as a warning.",
	event.RunFinished:      "The last event of a run. A stream without it is of a run that died.",
}

// eventExample is the end of a step that met its SLA, as a line of the stream.
func eventExample() (string, error) {
	var b strings.Builder
	err := event.Write(&b, event.Event{
		V: event.Version, Seq: 17, Time: time.Date(2026, 3, 14, 9, 26, 56, 204e6, time.UTC), TMS: 3204, Type: event.StepFinished,
		Run: "k3f9", Case: "orders.scenario.yaml#An order is stored", Attempt: 1, Step: "assert/0",
		Body: &event.StepFinish{Status: event.Passed, MS: 3204, Attempts: 7, SLA: &event.SLA{LimitMS: 20_000, ObservedMS: 3180, Status: "met"}},
	})
	return strings.TrimSuffix(b.String(), "\n"), err
}

// eventType is a type of event with the table of its fields.
type eventType struct {
	Name           event.Type
	Summary, Table string
}

// eventHeader is the table of the fields that every event has.
func eventHeader() (string, error) { return eventTable(reflect.TypeFor[event.Event]()) }

func eventTypes() ([]eventType, error) {
	var all []eventType
	for _, name := range event.Types() {
		summary, ok := eventSummaries[name]
		if !ok {
			return nil, fmt.Errorf("nothing says what %s tells", name)
		}
		table, err := eventTable(reflect.TypeOf(event.New(name)).Elem())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, eventType{name, summary, table})
	}
	return all, nil
}

// eventTable lists fields with those inside them.
func eventTable(t reflect.Type) (string, error) {
	var b strings.Builder
	b.WriteString("| field | is | meaning |\n|---|---|---|\n")
	err := eventRows(&b, t, "")
	return strings.TrimSuffix(b.String(), "\n"), err
}

func eventRows(b *strings.Builder, t reflect.Type, prefix string) error {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		doc := f.Tag.Get("doc")
		switch {
		case name == "-":
			continue
		case name == "" || doc == "":
			return fmt.Errorf("the field %s of %s says no name or no meaning", f.Name, t)
		}
		word, inside := eventWord(name, f.Type)
		mark := " *"
		if strings.Contains(options, "omitempty") {
			mark = ""
		}
		fmt.Fprintf(b, "| `%s%s`%s | %s | %s |\n", prefix, name, mark, word, cell(doc))
		if inside == nil {
			continue
		}
		below := prefix + name + "."
		if f.Type.Kind() == reflect.Slice {
			below = prefix + name + "[*]."
		}
		if err := eventRows(b, inside, below); err != nil {
			return err
		}
	}
	return nil
}

// eventWord says what a field is, and of what its parts are.
func eventWord(name string, t reflect.Type) (word string, inside reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time (RFC 3339)", nil
	case name == "ms" || strings.HasSuffix(name, "_ms"):
		return "milliseconds", nil
	}
	switch t.Kind() {
	case reflect.String:
		return "text", nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Interface:
		return "any document", nil
	case reflect.Struct:
		return "mapping", t
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return "list of mappings", t.Elem()
		}
		return "list of texts", nil
	}
	return "whole number", nil
}
