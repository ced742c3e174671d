package event

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// BadLine is a line at which a recording cannot be read on.
type BadLine struct {
	Line int    // from 1
	Why  string // and what to do about it
}

func (e BadLine) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Why) }

// CutOff says that the last line of a recording breaks off, as that of a
// writer does that was killed. Everything before it was read.
type CutOff struct{ Line int }

func (e CutOff) Error() string { return fmt.Sprintf("line %d, the last one, breaks off", e.Line) }

// Read hands the events of a recording to the sinks. Errors are those of Scan.
func Read(r io.Reader, sinks ...Sink) error {
	return Scan(r, func(_ int, _ []byte, e Event) error {
		for _, s := range sinks {
			s.Emit(e)
		}
		return nil
	})
}

// Scan hands on the events of recorded runs, one run after the other, each with
// the number of its line, from 1, and the line as it was written, its end
// included. What was handed on has no hole: each run begins with run_started,
// and no event is missing. A run without run_finished is one that died, and no
// error. The error is a BadLine, a CutOff, one of reading, or take's own.
func Scan(r io.Reader, take func(n int, line []byte, e Event) error) error {
	in := bufio.NewReader(r)
	var last Event
	for n := 1; ; n++ {
		b, err := in.ReadBytes('\n')
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if len(bytes.TrimSpace(b)) > 0 {
			e, why := parse(b)
			if why == "" {
				why = follows(last, e)
			} else if end && !json.Valid(b) {
				if last.Seq > 0 && last.Type != RunFinished {
					return CutOff{n}
				}
				why += "; as the last line it may break off, but then nothing is known of its run"
			}
			if why != "" {
				return BadLine{n, why}
			}
			if err := take(n, b, e); err != nil {
				return err
			}
			last = e
		}
		if end {
			return nil
		}
	}
}

const help = "; a recording is what `rehearse run --json FILE` writes"

// parse reads a line, or says why it is no event.
func parse(line []byte) (e Event, why string) {
	err := json.Unmarshal(line, &e)
	if err == nil && e.V >= 1 && e.V <= Version && e.Seq >= 1 && e.Type != "" && e.Run != "" {
		return e, ""
	}
	var head struct{ V int }
	switch {
	case !json.Valid(line):
		return e, fmt.Sprintf("it is no JSON (%v): %s%s", err, beginning(line), help)
	case json.Unmarshal(line, &head) == nil && head.V > Version:
		return e, fmt.Sprintf("it is of version %d of the stream, and this rehearse reads up to %d; use the rehearse that recorded it, or a later one", head.V, Version)
	case err != nil:
		return e, fmt.Sprintf("it is JSON, but no event of a run (%s): %s%s", mistyped(err), beginning(line), help)
	}
	return e, fmt.Sprintf("it is JSON, but no event of a run, which has v, seq, type and run: %s%s", beginning(line), help)
}

// mistyped says of an error of decoding which field it is about.
func mistyped(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Sprintf("%s is a %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}

// follows says why an event cannot come after another one, the zero Event at the beginning.
func follows(last, e Event) (why string) {
	const again = "; a recording with a hole proves nothing: record the run again, or give the whole file"
	switch {
	case e.Type == RunStarted && e.Seq == 1 && (last.Run != e.Run || last.Type == RunFinished):
		return "" // after one that ended, or died
	case last.Seq == 0 || last.Type == RunFinished && last.Run != e.Run:
		return fmt.Sprintf("run %s does not begin with run_started, but with event %d, %s: its beginning is missing%s", e.Run, e.Seq, e.Type, again)
	case last.Run != e.Run:
		return fmt.Sprintf("an event of run %s stands inside run %s: two runs wrote into one file; give each run a file of its own", e.Run, last.Run)
	case last.Type == RunFinished:
		return fmt.Sprintf("run %s goes on with %s after its run_finished; give the recording as it was written", e.Run, e.Type)
	case e.Seq > last.Seq+1:
		return fmt.Sprintf("%s missing between event %d and event %d of run %s%s", areMissing(e.Seq-last.Seq-1), last.Seq, e.Seq, e.Run, again)
	case e.Seq <= last.Seq:
		return fmt.Sprintf("event %d of run %s comes after event %d; give the recording as it was written, each run once", e.Seq, e.Run, last.Seq)
	}
	return ""
}

func areMissing(n int64) string {
	if n == 1 {
		return "1 event is"
	}
	return fmt.Sprintf("%d events are", n)
}

// beginning shows what a line begins with.
func beginning(line []byte) string {
	const most = 40
	text := []rune(strings.ToValidUTF8(string(bytes.TrimSpace(line)), "\uFFFD"))
	end := ""
	if len(text) > most {
		text, end = text[:most], "…"
	}
	for i, r := range text {
		if !unicode.IsPrint(r) {
			text[i] = '\uFFFD'
		}
	}
	return string(text) + end
}
