package sandbox

import "github.com/rehearse-dev/rehearse/assertions"

// compilePattern turns the text of an EventBridge event pattern into a predicate over events (decoded JSON whose
// numbers are json.Number). The sandbox has no matcher of its own: rules, event source mappings and scenarios read
// patterns in the same way, which AWS's engine judges.
func compilePattern(pattern []byte) (func(event any) bool, error) {
	p, err := assertions.ParseEventPattern(pattern)
	if err != nil {
		return nil, err
	}
	return p.Matches, nil
}
