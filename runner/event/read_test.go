package event_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// lines writes events of a run, by their numbers and types.
func lines(run string, from int, types ...event.Type) string {
	var b strings.Builder
	for i, t := range types {
		fmt.Fprintf(&b, `{"v":1,"seq":%d,"time":"2026-03-14T09:26:53Z","t_ms":0,"type":%q,"run":%q}`+"\n", from+i, t, run)
	}
	return b.String()
}

func TestScan(t *testing.T) {
	const begun, note, ended = event.RunStarted, event.Message, event.RunFinished
	whole := lines("a", 1, begun, note, ended)
	for _, x := range []struct {
		name, text string
		events     int
		want       string // of the error; empty: none
	}{
		{"a whole run", whole, 3, ""},
		{"nothing", "", 0, ""},
		{"blank lines and the line ends of Windows", strings.ReplaceAll(whole, "\n", "\r\n\r\n"), 3, ""},
		{"no line end at the end", strings.TrimSuffix(whole, "\n"), 3, ""},
		{"a run that died", lines("a", 1, begun, note), 2, ""},
		{"a type of a later version", lines("a", 1, begun, "dreamt", ended), 3, ""},
		{"a field of a later version", strings.Replace(whole, `"t_ms":0`, `"t_ms":0,"mood":"good"`, 1), 3, ""},
		{"two runs in one file", whole + lines("b", 1, begun, ended), 5, ""},
		{"a run after one that died", lines("a", 1, begun) + lines("b", 1, begun, ended), 3, ""},
		{"cut off", lines("a", 1, begun, note) + `{"v":1,"se`, 2, "line 3, the last one, breaks off"},
		{"cut off in its first line", `{"v":1,"se`, 0, `line 1: it is no JSON (unexpected end of JSON input): {"v":1,"se; a recording is`},
		{"cut off after its end", whole + `{"v":1,"se`, 3, "line 4: it is no JSON"},
		{"broken within", lines("a", 1, begun) + "{\"v\":1,\n" + lines("a", 2, note), 1, "line 2: it is no JSON"},
		{"broken with a line end", lines("a", 1, begun) + "{\"v\":1,\n", 1, "line 2: it is no JSON"},
		{"XML", `<?xml version="1.0" encoding="UTF-8"?>` + "\n<testsuites>\n", 0, "line 1: it is no JSON ("},
		{"no text", "\x1f\x8b\x08\x00\xff\n", 0, "line 1: it is no JSON (invalid character '\\x1f' looking for beginning of value): ���"},
		{"another document", `{"scenario": "x"}` + "\n", 0, "line 1: it is JSON, but no event of a run, which has v, seq, type and run"},
		{"a list", `[{"v":1}]` + "\n", 0, "line 1: it is JSON, but no event of a run"},
		{"a field of another type", strings.Replace(whole, `"seq":2`, `"seq":"two"`, 1), 1, "line 2: it is JSON, but no event of a run (seq is a string)"},
		{"a later version", strings.Replace(whole, `"v":1`, `"v":2`, 1), 0, "line 1: it is of version 2 of the stream, and this rehearse reads up to 1"},
		{"a later version with other types", `{"v":2,"seq":{},"type":1}` + "\n", 0, "line 1: it is of version 2"},
		{"no beginning", lines("a", 7, note), 0, "line 1: run a does not begin with run_started, but with event 7, message"},
		{"another first event", lines("a", 1, note, begun), 0, "line 1: run a does not begin with run_started"},
		{"a hole of one", lines("a", 1, begun) + lines("a", 3, note), 1, "line 2: 1 event is missing between event 1 and event 3 of run a"},
		{"a hole of three", lines("a", 1, begun) + lines("a", 5, note), 1, "line 2: 3 events are missing between event 1 and event 5 of run a"},
		{"an event twice", lines("a", 1, begun, note) + lines("a", 2, note), 2, "line 3: event 2 of run a comes after event 2"},
		{"a run begins twice", lines("a", 1, begun) + lines("a", 1, begun), 1, "line 2: event 1 of run a comes after event 1"},
		{"on after the end", whole + lines("a", 4, note), 3, "line 4: run a goes on with message after its run_finished"},
		{"two writers", lines("a", 1, begun) + lines("b", 1, begun) + lines("a", 2, note), 2, "line 3: an event of run a stands inside run b"},
	} {
		t.Run(x.name, func(t *testing.T) {
			events, text := 0, ""
			err := event.Scan(strings.NewReader(x.text), func(_ int, line []byte, _ event.Event) error {
				events++
				text += string(line)
				return nil
			})
			if events != x.events {
				t.Errorf("%d events, want %d", events, x.events)
			}
			if x.want == "" && err != nil || x.want != "" && (err == nil || !strings.HasPrefix(err.Error(), x.want)) {
				t.Errorf("error %v, want %s", err, x.want)
			}
			var cut event.CutOff
			if errors.As(err, &cut) != (x.name == "cut off") {
				t.Errorf("cut off: %v", err)
			}
			if x.want == "" && strings.ReplaceAll(text, "\r", "") != strings.ReplaceAll(x.text, "\r\n\r\n", "\n") {
				t.Errorf("the lines are not as they were written: %q", text)
			}
		})
	}
}

func TestScanGivesTheErrorOfWhoTakes(t *testing.T) {
	stop := errors.New("enough")
	if err := event.Scan(strings.NewReader(lines("a", 1, event.RunStarted)), func(int, []byte, event.Event) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
