package sandbox

import (
	"encoding/json"
	"strings"
)

// allows reports whether a resource policy lets a service do something on behalf of a source
// in an account: the one question about
// permissions that the sandbox asks, because on AWS a missing policy swallows events without a word.
// Conditions other than on aws:SourceArn and aws:SourceAccount make a statement not apply.
func allows(policy, action, service, source, account string) bool {
	var p struct {
		Statement statements `json:"Statement"`
	}
	if policy == "" || json.Unmarshal([]byte(policy), &p) != nil {
		return false
	}
	allowed := false
	for _, s := range p.Statement {
		if !s.does(action) || !s.principal(service) || !s.conditions(source, account) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed
}

type statement struct {
	Effect    string                      `json:"Effect"`
	Principal json.RawMessage             `json:"Principal"`
	Action    texts                       `json:"Action"`
	Condition map[string]map[string]texts `json:"Condition"`
}

// does reports whether the statement speaks of an action; their letter case does not count.
func (s statement) does(action string) bool {
	for _, a := range s.Action {
		if wildcard(strings.ToLower(a), strings.ToLower(action)) {
			return true
		}
	}
	return false
}

// principal reports whether the statement speaks of a service.
func (s statement) principal(service string) bool {
	var all string
	if json.Unmarshal(s.Principal, &all) == nil {
		return all == "*"
	}
	var by map[string]texts
	if json.Unmarshal(s.Principal, &by) != nil {
		return false
	}
	return by["Service"].has(service) || by["AWS"].has("*")
}

func (s statement) conditions(source, account string) bool {
	for operator, keys := range s.Condition {
		for key, want := range keys {
			switch {
			case strings.EqualFold(key, "aws:SourceAccount") && strings.HasPrefix(operator, "String"):
				if !want.has(account) {
					return false
				}
			case strings.EqualFold(key, "aws:SourceArn") && (strings.HasPrefix(operator, "Arn") || strings.HasPrefix(operator, "String")):
				if !want.has(source) {
					return false
				}
			default:
				return false
			}
		}
	}
	return true
}

// texts is one text or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

func (t texts) has(s string) bool {
	for _, pattern := range t {
		if wildcard(pattern, s) {
			return true
		}
	}
	return false
}

// statements is one statement or a list of them.
type statements []statement

func (l *statements) UnmarshalJSON(b []byte) error {
	var one statement
	if json.Unmarshal(b, &one) == nil {
		*l = statements{one}
		return nil
	}
	return json.Unmarshal(b, (*[]statement)(l))
}

// wildcard matches `*` (anything) and `?` (one character).
func wildcard(pattern, s string) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0: // let the last star take one more
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
