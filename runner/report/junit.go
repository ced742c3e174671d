package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// JUnit gathers a run and writes it as JUnit XML, in the form that the plugins
// of GitLab, GitHub and Jenkins read best. It implements event.Sink.
type JUnit struct {
	// Strict leaves out what Jenkins' junit-10.xsd does not know: the
	// properties, file and line of a case and the number of skipped ones of the run.
	Strict bool

	model *Model
}

// NewJUnit gives an empty report.
func NewJUnit() *JUnit { return &JUnit{model: NewModel()} }

// Emit takes an event.
func (j *JUnit) Emit(e event.Event) {
	j.model.Emit(e)
	if f, ok := e.Body.(*event.ScenarioFinish); ok && f.Final {
		if c := j.model.byKey[e.Case]; c != nil && !failedEver(c) {
			if _, failed := c.cleanupOf(); failed == nil {
				c.forget()
			}
		}
	}
}

// The library's types know neither files, lines and properties of a case nor
// reruns, and leave out counts of 0: these embed them and say the rest.
type (
	testsuites struct {
		junit.Testsuites
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Suites   []testsuite `xml:"testsuite"`
	}
	testsuite struct {
		junit.Testsuite
		Skipped   int        `xml:"skipped,attr"`
		Testcases []testcase `xml:"testcase"`
	}
	testcase struct {
		Properties *properties `xml:"properties"` // before the library's elements, as readers expect
		junit.Testcase
		File          string  `xml:"file,attr,omitempty"`
		Line          int     `xml:"line,attr,omitempty"`
		FlakyFailures []rerun `xml:"flakyFailure"`
		FlakyErrors   []rerun `xml:"flakyError"`
		RerunFailures []rerun `xml:"rerunFailure"`
		RerunErrors   []rerun `xml:"rerunError"`
	}
	properties struct {
		List []junit.Property `xml:"property"`
	}
	rerun struct {
		Message   string        `xml:"message,attr"`
		Type      string        `xml:"type,attr"`
		Text      *junit.Output `xml:"stackTrace"`
		SystemOut *junit.Output `xml:"system-out"`
	}
)

// WriteTo writes the report of the stream as it is now, which is taken as
// ended: a case that has not ended is an error.
func (j *JUnit) WriteTo(w io.Writer) (int64, error) {
	to := &counter{w: w}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return to.n, err
	}
	enc := xml.NewEncoder(to)
	enc.Indent("", "  ")
	if err := enc.Encode(j.build()); err != nil {
		return to.n, err
	}
	_, err := io.WriteString(to, "\n")
	return to.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (j *JUnit) build() *testsuites {
	m := j.model
	all := &testsuites{}
	all.Name = oneLine(strings.TrimSpace("rehearse " + m.ids()))
	all.Time = seconds(m.ms())
	byFile := map[string][]*Case{}
	var files []string
	for _, c := range m.Cases {
		if byFile[c.Plan.File] == nil {
			files = append(files, c.Plan.File)
		}
		byFile[c.Plan.File] = append(byFile[c.Plan.File], c)
	}
	for _, f := range files {
		all.add(j.suite(f, byFile[f]))
	}
	if own := j.ownSuite(); own.Tests > 0 {
		all.add(own)
	}
	if j.Strict {
		all.Skipped = 0
	}
	return all
}

func (t *testsuites) add(s testsuite) {
	s.ID = len(t.Suites)
	t.Suites = append(t.Suites, s)
	t.Tests += s.Tests
	t.Failures += s.Failures
	t.Errors += s.Errors
	t.Skipped += s.Skipped
}

func (s *testsuite) add(c testcase) {
	s.Testcases = append(s.Testcases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

// suite is a scenario file: its time is the clock's, from the first of its
// cases that began to the last that ended.
func (j *JUnit) suite(file string, cases []*Case) testsuite {
	var s testsuite
	s.Name = clean(file)
	begin, end, at := int64(-1), int64(0), j.model.began()
	for _, c := range cases {
		offset := j.model.offset(c.Run)
		for _, a := range c.Attempts {
			if a.Start == nil {
				continue
			}
			if begin < 0 || offset+a.StartMS < begin {
				begin, at = offset+a.StartMS, a.StartedAt
			}
			last := a.EndMS
			if a.Finish == nil {
				last = c.Run.LastMS
			}
			end = max(end, offset+last)
		}
		s.add(j.testcase(c))
		if a, failed := c.cleanupOf(); failed != nil {
			s.add(j.cleanupCase(c, a, failed))
		}
	}
	s.Time = seconds(end - max(begin, 0))
	s.Timestamp = at.Format("2006-01-02T15:04:05Z")
	return s
}

func (j *JUnit) testcase(c *Case) testcase {
	v := c.Verdict()
	t := j.head(c, c.Plan.Name)
	t.Time = seconds(c.ms())
	t.Properties = j.properties(c)
	last := &Attempt{}
	if n := len(c.Attempts); n > 0 {
		last = c.Attempts[n-1]
		for _, a := range c.Attempts[:n-1] {
			t.again(c, a, v.Status)
		}
	}
	switch v.Status {
	case event.Passed:
		return t
	case event.Skipped:
		t.Skipped = result("", v.Reason, "")
		return t
	}
	p := &page{}
	describe(p, c, last, v.Reason, full)
	r := result(junitType(last, v.Cause), short(c, last, v.Reason), outdented(p))
	if v.Status == event.Failed {
		t.Failure = r
	} else {
		t.Error = r
	}
	if len(c.Attempts) > 0 {
		t.SystemOut = output(stepLog(c, last))
	}
	return t
}

// result and output are the only ways by which text gets into the file's elements.
func result(kind, message, text string) *junit.Result {
	return &junit.Result{Message: visible(message), Type: kind, Data: visible(text)}
}

func output(text string) *junit.Output { return &junit.Output{Data: visible(text)} }

// again adds an attempt that was not the last: the verdict and its text are
// the last attempt's.
func (t *testcase) again(c *Case, a *Attempt, verdict event.Status) {
	if a.Finish == nil || !bad(a.Finish.Status) {
		return
	}
	p := &page{}
	describe(p, c, a, a.Finish.Reason, full)
	r := rerun{
		Message:   visible(short(c, a, a.Finish.Reason)),
		Type:      junitType(a, cause(a, event.CauseStep)),
		Text:      output(outdented(p)),
		SystemOut: output(stepLog(c, a)),
	}
	failed := a.Finish.Status == event.Failed
	switch {
	case verdict == event.Passed && failed:
		t.FlakyFailures = append(t.FlakyFailures, r)
	case verdict == event.Passed:
		t.FlakyErrors = append(t.FlakyErrors, r)
	case failed:
		t.RerunFailures = append(t.RerunFailures, r)
	default:
		t.RerunErrors = append(t.RerunErrors, r)
	}
}

// cleanupCase is a clean-up that failed. Its time is part of the case's already.
func (j *JUnit) cleanupCase(c *Case, a *Attempt, failed *cleanup) testcase {
	t := j.head(c, c.Plan.Name+" (cleanup)")
	t.Time = seconds(0)
	p := &page{}
	describeCleanup(p, c, failed, full)
	t.Error = result(string(event.CauseCleanup), shortCleanup(c, failed), outdented(p))
	t.SystemOut = output(stepLog(c, a))
	return t
}

func (j *JUnit) head(c *Case, name string) testcase {
	var t testcase
	t.Name = oneLine(name)
	t.Classname = classname(c.Plan.File)
	if !j.Strict {
		t.File, t.Line = clean(c.Plan.File), c.Plan.Line
	}
	return t
}

func (j *JUnit) properties(c *Case) *properties {
	var list []junit.Property
	add := func(name, value string) {
		if value != "" {
			list = append(list, junit.Property{Name: oneLine(name), Value: oneLine(value)})
		}
	}
	add("tags", strings.Join(c.Plan.Tags, ","))
	if n := len(c.Attempts); n > 0 {
		last := c.Attempts[n-1]
		if last.Start != nil {
			add("trace_id", last.Start.TraceID)
		}
		for _, s := range last.steps() {
			if s.Finish == nil || s.Finish.SLA == nil {
				continue
			}
			sla, name := s.Finish.SLA, "sla."+s.Plan.Step
			if sla.ObservedMS >= 0 { // else it never came
				add(name+".observed_ms", fmt.Sprint(sla.ObservedMS))
			}
			if sla.LimitMS > 0 {
				add(name+".limit_ms", fmt.Sprint(sla.LimitMS))
			}
		}
	}
	if len(list) == 0 || j.Strict {
		return nil
	}
	return &properties{list}
}

// junitType is one of the six types that readers know. A step that could not
// be carried out or looked at, for no better reason, is an error of type
// check: what was to be checked could not be.
func junitType(a *Attempt, c event.Cause) string {
	switch c {
	case event.CauseCheck, event.CauseSLA, event.CauseTimeout, event.CauseArrange, event.CauseInterrupted, event.CauseCleanup:
		return string(c)
	}
	for _, s := range a.broken() {
		if s.Phase() == "arrange" {
			return string(event.CauseArrange)
		}
	}
	return string(event.CauseCheck)
}

// classname is the path, dotted, without its ending; dots inside a part become _.
func classname(file string) string {
	file = clean(file)
	for _, ending := range []string{".scenario.yaml", ".scenario.yml", path.Ext(file)} {
		if base, ok := strings.CutSuffix(file, ending); ok && path.Base(file) != ending {
			file = base
			break
		}
	}
	file = strings.ReplaceAll(strings.TrimPrefix(file, "/"), ".", "_")
	return oneLine(strings.ReplaceAll(file, "/", "."))
}

func clean(file string) string {
	if file == "" {
		return ""
	}
	return oneLine(path.Clean(file))
}

// outdented is a page's text without the indentation that a case's line above would need.
func outdented(p *page) string {
	for i := range p.lines {
		p.lines[i].depth = max(0, p.lines[i].depth-2)
	}
	return "\n" + p.String()
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}

var (
	_ event.Sink  = (*JUnit)(nil)
	_ event.Sink  = (*JSON)(nil)
	_ io.WriterTo = (*JUnit)(nil)
)
