package main

// junitSuiteFiles are a suite with a case for each way to end. What it says is
// as hard for XML as a user's own text can be.
var junitSuiteFiles = map[string]string{
	"rehearse.yaml": `suite: odd names
defaults: {within: 200ms}
arrange:
  - stack_outputs: {stack: image-metadata, outputs: [Bucket]}
    id: app
`,
	"odd names.scenario.yaml": `scenario: Passes & is "quoted" <here>
tags: [smoke, "a & b"]
act:
  - upload_object: {bucket: "${suite.app.Bucket}", key: "${scenario.id}.txt", text: hello}
    id: sent
assert:
  - object: {bucket: "${suite.app.Bucket}", key: "${sent.key}"}
    within: 20s
---
scenario: Fails
act:
  - upload_object: {bucket: "${suite.app.Bucket}", key: "${scenario.id}.txt", text: "]]> & <b> ünï ✓"}
    id: sent
assert:
  - object: {bucket: "${suite.app.Bucket}", key: "${sent.key}", content: text}
    expect: {content: "\u0007 a bell"}
---
scenario: Is an error
cases:
  - {name: "[1]"}
  - {name: "é"}
arrange:
  - object: {bucket: nosuch-bucket-of-this-suite, key: a}
assert:
  - check: 1 == 1
---
scenario: Is skipped
skip: not before <Friday> & "later"
assert:
  - check: 1 == 1
---
scenario: Is flaky
retries: 1
act:
  - object: {bucket: "${suite.app.Bucket}", key: tried}
    id: before
    expect: {exists: {is: boolean}}
  - upload_object: {bucket: "${suite.app.Bucket}", key: tried, text: once}
    keep: true
    when: before.exists == false
assert:
  - check: before.exists == true
---
scenario: Fails again
retries: 1
assert:
  - check: 1 == 2
---
scenario: Leaves its clean-up undone
assert:
  - check: 1 == 1
cleanup:
  - delete_object: {bucket: nosuch-bucket-of-this-suite, key: a}
`,
}

// junitCaseWanted is what a file must say of a case.
type junitCaseWanted struct {
	result, also string            // kind and type of its results
	says         []string          // in the message and the text of each
	properties   map[string]string // an empty value: what the stream says
}

var junitWanted = map[string]junitCaseWanted{
	`Passes & is "quoted" <here>`: {properties: map[string]string{
		"tags": "smoke,a & b", "sla.assert/0.limit_ms": "20000", "sla.assert/0.observed_ms": "",
	}},
	"Fails":                                {result: "failure check", says: []string{"]]> & <b> ünï ✓", "a bell"}},
	"Is an error [[1]]":                    {result: "error arrange", says: []string{"nosuch-bucket-of-this-suite"}},
	"Is an error [é]":                      {result: "error arrange", says: []string{"nosuch-bucket-of-this-suite"}},
	"Is skipped":                           {result: "skipped ", says: []string{`not before <Friday> & "later"`}},
	"Is flaky":                             {result: "flakyFailure check", says: []string{"before.exists"}},
	"Fails again":                          {result: "failure check", also: "rerunFailure check", says: []string{"1 == 2"}},
	"Leaves its clean-up undone":           {},
	"Leaves its clean-up undone (cleanup)": {result: "error cleanup", says: []string{"nosuch-bucket-of-this-suite"}},
}
