package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/runner/report"
)

// rule is what Jenkins' xUnit plugin allows of an element.
type rule struct {
	required, optional string // attributes
	children           string // elements
	ordered            bool   // each child at most once, in this order
	text               bool
}

// jenkins are the rules of its schema junit-10, as far as they concern what a report can have.
var jenkins = map[string]rule{
	"testsuites":   {optional: "name time tests failures errors", children: "testsuite"},
	"testsuite":    {required: "name tests failures errors", optional: "group time skipped timestamp hostname id package file log url version", children: "testsuite properties testcase system-out system-err"},
	"testcase":     {required: "name", optional: "time classname group", children: "skipped error failure rerunFailure rerunError flakyFailure flakyError system-out system-err"},
	"properties":   {children: "property"},
	"property":     {required: "name value"},
	"failure":      {optional: "type message", text: true},
	"error":        {optional: "type message", text: true},
	"skipped":      {optional: "type message", text: true},
	"rerunFailure": rerunRule, "rerunError": rerunRule, "flakyFailure": rerunRule, "flakyError": rerunRule,
	"stackTrace": {text: true}, "system-out": {text: true}, "system-err": {text: true},
}

var rerunRule = rule{required: "type", optional: "message", children: "stackTrace system-out system-err", ordered: true, text: true}

// surefireTime is a time in seconds: commas may part the thousands, three decimals at most.
var surefireTime = regexp.MustCompile(`^[0-9,]*(\.[0-9]{0,3})?$`)

// againstJenkins lists where a file breaks the rules.
func againstJenkins(doc []byte) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	d := xml.NewDecoder(bytes.NewReader(doc))
	type open struct {
		name string
		last int // of the children, the latest's place
	}
	var path []open
	for {
		token, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				say("%v", err)
			}
			return wrong
		}
		switch t := token.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if len(path) == 0 {
				if name != "testsuites" && name != "testsuite" {
					say("the document is a %s", name)
				}
			} else {
				in := &path[len(path)-1]
				at := slices.Index(strings.Fields(jenkins[in.name].children), name)
				if at < 0 {
					say("%s stands in %s", name, in.name)
				} else if jenkins[in.name].ordered && at+1 <= in.last {
					say("%s stands in %s behind what it must precede", name, in.name)
				}
				in.last = at + 1
			}
			path = append(path, open{name: name})
			attributes(t, say)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && !jenkins[path[len(path)-1].name].text && len(bytes.TrimSpace(t)) > 0 {
				say("text stands in %s", path[len(path)-1].name)
			}
		}
	}
}

func attributes(t xml.StartElement, say func(string, ...any)) {
	name := t.Name.Local
	r, known := jenkins[name]
	if !known {
		say("there is no %s", name)
	}
	var have []string
	for _, a := range t.Attr {
		have = append(have, a.Name.Local)
		if !slices.Contains(strings.Fields(r.required+" "+r.optional), a.Name.Local) {
			say("%s has the attribute %s", name, a.Name.Local)
		}
		if a.Name.Local == "time" && strings.HasPrefix(name, "testsuite") && !surefireTime.MatchString(a.Value) {
			say("the time of %s is %s", name, a.Value)
		}
	}
	for _, a := range strings.Fields(r.required) {
		if !slices.Contains(have, a) {
			say("%s lacks the attribute %s", name, a)
		}
	}
}

func TestStrictIsWhatJenkinsAllows(t *testing.T) {
	for name, events := range situations {
		t.Run(name, func(t *testing.T) {
			j := report.NewJUnit()
			j.Strict = true
			for _, e := range events() {
				j.Emit(e)
			}
			if wrong := againstJenkins(xmlOf(t, j)); len(wrong) > 0 {
				t.Error(strings.Join(wrong, "\n"))
			}
		})
	}
	for _, x := range []struct{ doc, want string }{
		{string(junitOf(t, allPassed())), "properties stands in testcase, testcase has the attribute file, testcase has the attribute line"},
		{`<testsuites><testcase name="a"/></testsuites>`, "testcase stands in testsuites"},
		{`<testsuite name="a" tests="1" failures="0"/>`, "testsuite lacks the attribute errors"},
		{`<testsuites time="1.2345"/>`, "the time of testsuites is 1.2345"},
		{`<testsuites>a</testsuites>`, "text stands in testsuites"},
		{`<html/>`, "the document is a html, there is no html"},
		{`<testsuite name="a" tests="1" failures="0" errors="0"><testcase name="a"><rerunError type="x"><system-out/><stackTrace/></rerunError></testcase></testsuite>`, "stackTrace stands in rerunError behind what it must precede"},
	} {
		wrong := againstJenkins([]byte(x.doc))
		slices.Sort(wrong)
		if got := strings.Join(slices.Compact(wrong), ", "); got != x.want {
			t.Errorf("%s\nsaid: %s\nwant: %s", x.doc, got, x.want)
		}
	}
}
