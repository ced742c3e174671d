package sandbox

import "github.com/rehearse-dev/rehearse/assertions"

// patternCompiler turns the text of an EventBridge event pattern into a predicate over events (decoded JSON whose
// numbers are json.Number).
type patternCompiler func(pattern []byte) (func(event any) bool, error)

// compilePattern is the one place that says whose patterns the sandbox uses.
var compilePattern patternCompiler = func(pattern []byte) (func(any) bool, error) {
	p, err := assertions.ParseEventPattern(pattern)
	if err != nil {
		return nil, err
	}
	return p.Matches, nil
}
