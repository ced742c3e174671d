package main

import (
	"encoding/json"
	"regexp"
	"strings"
)

const (
	eventRuler = "Event Ruler 1.7.3"
	miniStack  = "MiniStack"
)

// knownDifferences are where a judge answers otherwise than the EventBridge User Guide or, where that
// is silent, than the other judge. A case of the table must show each, or it is no longer needed.
var knownDifferences = []struct {
	judge string
	why   string
	is    func(patternCase) bool
}{
	{
		eventRuler, "it refuses a range that leaves one number or none, at the ends of what numeric compares; the guide includes the ends",
		pattern(`"numeric":\["[<>]=?",-?5000000000\]`),
	},
	{
		eventRuler, "it cuts numbers after the sixth decimal place before it compares them; so much equal is not equal",
		pattern(`\.[0-9]{7}`),
	},
	{
		eventRuler, "it finds IPv6 addresses in 0.0.0.0/0 and other text in ::/0, because it compares digit by digit",
		pattern(`"(0\.0\.0\.0|::)/0"`),
	},
	{
		eventRuler, "it compares plain values that look like IPv6 addresses as addresses; the guide compares text character by character",
		pattern(`"::1"`),
	},
	{
		eventRuler, "it bounds no combinations of $or; EventBridge takes a thousand",
		func(c patternCase) bool { return strings.HasPrefix(c.Rule, "$or: no more than") },
	},
	{
		miniStack, "it compares numbers of any size; the guide, up to five billion",
		func(c patternCase) bool {
			large := regexp.MustCompile(`[69]000000000|5000000001|5000000000\.1|6e9`)
			return large.Match(c.Pattern) || large.Match(c.Event)
		},
	},
	{
		miniStack, "it reads a dot in a key of an event as a part of the name; Event Ruler as nesting, like one in a pattern",
		func(c patternCase) bool { return regexp.MustCompile(`"[^":]+\.[^":]+":`).Match(c.Event) },
	},
	{
		miniStack, "of an operator that stands there twice it sees the last only; Event Ruler refuses it",
		pattern(`"prefix":"\w","prefix":"\w"`),
	},
	{
		miniStack, "it asks each object of a list by itself whether a field is absent; Event Ruler those that the fields before have chosen, else all",
		func(c patternCase) bool {
			return strings.Contains(string(c.Pattern), `{"exists":false}`) && regexp.MustCompile(`\[[^\]]*\{`).Match(c.Event)
		},
	},
	{
		miniStack, "a value and fields asked of the same key match nothing there; Event Ruler looks for both, which a list can have",
		func(c patternCase) bool { return valueAndFields(c.Pattern) },
	},
}

// pattern is for differences that the text of a pattern shows.
func pattern(expression string) func(patternCase) bool {
	r := regexp.MustCompile(expression)
	return func(c patternCase) bool { return r.Match(c.Pattern) }
}

// valueAndFields says whether a pattern asks for a value and for fields of the same key.
func valueAndFields(pattern []byte) bool {
	var doc map[string]any
	if err := json.Unmarshal(pattern, &doc); err != nil {
		return false
	}
	values, fields := map[string]bool{}, map[string]bool{}
	var walk func(path string, o map[string]any)
	walk = func(path string, o map[string]any) {
		for key, v := range o {
			at := path + "." + key
			switch v := v.(type) {
			case map[string]any:
				walk(at, v)
			case []any:
				for _, alternative := range v {
					if a, ok := alternative.(map[string]any); ok && key == "$or" {
						walk(path, a)
					}
				}
				for i, c := range at {
					if c == '.' {
						fields[at[:i]] = true
					}
				}
				values[at] = values[at] || key != "$or"
			}
		}
	}
	walk("", doc)
	for path, is := range values {
		if is && fields[path] {
			return true
		}
	}
	return false
}

// knownDifference gives the index of the known difference that a case shows, -1 without one.
func knownDifference(judge string, c patternCase) int {
	for i, k := range knownDifferences {
		if k.judge == judge && k.is(c) {
			return i
		}
	}
	return -1
}
