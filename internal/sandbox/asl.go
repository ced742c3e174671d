package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The Amazon States Language, as much as the example applications need, with JSONPath for its data.
// https://states-language.net/spec.html
// A definition is read in full before it is deployed: what the interpreter could not do is an error then.

type machine struct {
	Comment        string
	StartAt        string
	TimeoutSeconds int
	Version        string
	QueryLanguage  string
	States         map[string]*state

	name, arn, role, definition string
	traced                      bool // has tracing
	created                     time.Time
}

type state struct {
	Type, Comment, Next string
	QueryLanguage       string
	End                 bool

	InputPath, OutputPath, ResultPath optionalPath
	Parameters, ResultSelector        *payload
	Result                            json.RawMessage // Pass

	Resource       string // Task
	TimeoutSeconds int
	Retry          []*retrier
	Catch          []*catcher

	Choices []*choice // Choice
	Default string

	Seconds     *int // Wait
	SecondsPath optionalPath

	Error, Cause         string // Fail
	ErrorPath, CausePath optionalPath

	result any // Result, read
}

type retrier struct {
	ErrorEquals     []string
	Comment         string
	IntervalSeconds *int
	MaxAttempts     *int
	BackoffRate     *float64
	MaxDelaySeconds int
}

type catcher struct {
	ErrorEquals []string
	Comment     string
	Next        string
	ResultPath  optionalPath
}

// optionalPath is a path field: absent, null, or a reference path into the document or ($$) the context object.
type optionalPath struct {
	set, null bool
	context   bool
	path      refPath
}

func (o *optionalPath) UnmarshalJSON(b []byte) error {
	o.set = true
	if string(b) == "null" {
		o.null = true
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a path is a text or null, not %s", b)
	}
	if rest, ok := strings.CutPrefix(text, "$$"); ok {
		o.context, text = true, "$"+rest
	}
	var err error
	o.path, err = parseRefPath(text)
	return err
}

// parseMachine reads and checks a definition.
func parseMachine(definition []byte) (*machine, error) {
	m := &machine{}
	d := json.NewDecoder(bytes.NewReader(definition))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("the state machine's definition: %s (the sandbox may not know this part of the States Language)", strings.TrimPrefix(err.Error(), "json: "))
	}
	if m.QueryLanguage != "" && m.QueryLanguage != "JSONPath" {
		return nil, fmt.Errorf("the state machine's definition: the sandbox has no query language %s", m.QueryLanguage)
	}
	if m.States[m.StartAt] == nil {
		return nil, fmt.Errorf("the state machine's definition: StartAt names %q, which is no state", m.StartAt)
	}
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		if err := m.check(m.States[name]); err != nil {
			return nil, fmt.Errorf("the state machine's definition: state %q: %w", name, err)
		}
	}
	return m, nil
}

func (m *machine) check(s *state) error {
	if s == nil {
		return errors.New("is null")
	}
	if s.QueryLanguage != "" && s.QueryLanguage != "JSONPath" {
		return fmt.Errorf("the sandbox has no query language %s", s.QueryLanguage)
	}
	leads := s.Type != "Succeed" && s.Type != "Fail" && s.Type != "Choice"
	if leads && (s.Next == "") == !s.End {
		return errors.New("needs either Next or End")
	}
	targets := []string{s.Next, s.Default}
	for _, c := range s.Catch {
		targets = append(targets, c.Next)
	}
	for _, c := range s.Choices {
		if c.Next == "" {
			return errors.New("a choice without Next")
		}
		targets = append(targets, c.Next)
	}
	for _, next := range targets {
		if next != "" && m.States[next] == nil {
			return fmt.Errorf("leads to %q, which is no state", next)
		}
	}
	return s.checkType()
}

func (s *state) checkType() error {
	switch s.Type {
	case "Pass":
		if s.Result != nil {
			var err error
			s.result, err = parseJSON(s.Result)
			return err
		}
	case "Task":
		return checkResource(s.Resource)
	case "Choice":
		if len(s.Choices) == 0 {
			return errors.New("has no Choices")
		}
		for _, c := range s.Choices {
			if err := c.prepare(); err != nil {
				return err
			}
		}
	case "Wait":
		if (s.Seconds == nil) == !s.SecondsPath.set {
			return errors.New("the sandbox waits for Seconds or SecondsPath, one of them")
		}
	case "Succeed", "Fail":
	default:
		return fmt.Errorf("the sandbox has no states of type %q", s.Type)
	}
	return nil
}

// payload is a template of the States Language: fields whose names end in .$ are filled from document and context.
type payload struct{ root any }

// filler gives the value of one field ending in .$.
type filler func(doc, context any) (any, error)

func (p *payload) UnmarshalJSON(b []byte) error {
	tree, err := parseJSON(b)
	if err != nil {
		return err
	}
	p.root, err = prepare(tree)
	return err
}

// prepare replaces the texts of fields ending in .$ by their fillers.
func prepare(x any) (any, error) {
	switch v := x.(type) {
	case map[string]any:
		for k, inner := range v {
			if !strings.HasSuffix(k, ".$") {
				ready, err := prepare(inner)
				if err != nil {
					return nil, err
				}
				v[k] = ready
				continue
			}
			text, ok := inner.(string)
			if !ok {
				return nil, fmt.Errorf("%s: expected a path or an intrinsic function", k)
			}
			f, err := parseFiller(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			v[k] = f
		}
	case []any:
		for i := range v {
			ready, err := prepare(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = ready
		}
	}
	return x, nil
}

// fill gives the document that a template makes.
func (p *payload) fill(doc, context any) (any, error) { return fillTree(p.root, doc, context) }

func fillTree(x, doc, context any) (any, error) {
	switch v := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, inner := range v {
			var err error
			if f, ok := inner.(filler); ok {
				k = strings.TrimSuffix(k, ".$")
				out[k], err = f(doc, context)
			} else {
				out[k], err = fillTree(inner, doc, context)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = fillTree(v[i], doc, context); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return x, nil
}

// stateError is an error that a state machine can catch.
type stateError struct{ name, cause string }

func (e *stateError) Error() string { return e.name + ": " + e.cause }

func fails(name, format string, args ...any) *stateError {
	return &stateError{name: name, cause: fmt.Sprintf(format, args...)}
}

// named reports whether a list of error names means this error.
func (e *stateError) named(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		switch n {
		case "States.ALL":
			return e.name != "States.DataLimitExceeded" && e.name != "States.Runtime"
		case "States.TaskFailed":
			return e.name != "States.Timeout"
		}
		return n == e.name
	})
}
