package schema

import (
	"os"
	"strings"
	"testing"
)

// told reads documents and gives what is said of them: line:column: message.
func told(text string) []string {
	var p Problems
	ReadDocuments("f", []byte(text), &p)
	var said []string
	for _, x := range p.Sorted() {
		level := ""
		if x.Warning {
			level = "warning: "
		}
		said = append(said, strings.TrimPrefix(x.Pos.String(), "f:")+": "+level+x.Message)
	}
	return said
}

// slipped are texts with slips in them, and some that look like it, each with
// what is said of it.
var slipped = []struct{ text, want string }{
	// Expressions without quotes inside brackets.
	{"a: [${a}, b]", `1:5: an expression inside [ ] or { } needs quotes: write "${a}"`},
	{"a: {k: ${a}}", `1:8: an expression inside [ ] or { } needs quotes: write "${a}"`},
	{"a: {k: x-${a}-y, b: c, d: ${e}}", `1:8: an expression inside [ ] or { } needs quotes: write "x-${a}-y"
1:27: an expression inside [ ] or { } needs quotes: write "${e}"`},
	{"a: [\n  x,\n  ${a}\n]", `3:3: an expression inside [ ] or { } needs quotes: write "${a}"`},
	{"a: {k: ${lower(\"x\")}}", `1:8: an expression inside [ ] or { } needs quotes: write '${lower("x")}'`},
	{"a: {k: ${split(\"x\", 'y')}}", `1:8: an expression inside [ ] or { } needs quotes: write '${split("x", ''y'')}'`},
	{"a: {k: ${a, b: c}", `1:4: this { is never closed; is a } missing?
1:8: an expression inside [ ] or { } needs quotes: write "${a, b: c}"`},
	{"a: {${x}: 1}", `1:5: an expression inside [ ] or { } needs quotes: write "${x}"
1:5: a key is never expanded: write out what ${x} stands for`},
	{"a: {x: ä, y: ${y}, z: \"ö${1 +}\"}", `1:14: an expression inside [ ] or { } needs quotes: write "${y}"
1:25: the expression ends too early; expected a value`},

	// Signs that YAML reads otherwise.
	{"a: *", `1:4: text that begins with * needs quotes: write "*"`},
	{"a: [API, *_TOKEN, *]", `1:10: text that begins with * needs quotes: write "*_TOKEN"
1:19: text that begins with * needs quotes: write "*"`},
	{"a: *.json", `1:4: text that begins with * needs quotes: write "*.json"`},
	{"b: &fox [1]\na: *foo", `2:4: no anchor is called "foo"; did you mean "fox"? Or to mean the text write "*foo"`},
	{"b: &order [1]\na: *_TOKEN", `2:4: no anchor is called "_TOKEN"; there are order; to mean the text write "*_TOKEN"`},
	{"*x : 1", `1:1: text that begins with * needs quotes: write "*x"`},
	{"cron: */5 * * * *", `1:7: text that begins with * needs quotes: write "*/5 * * * *"`},
	{"a: & b", `1:4: text that begins with & needs quotes: write "& b"`},
	{"a: %d", `1:4: text that begins with % needs quotes: write "%d"`},
	{"a: {b: @x, c: `x`}", "1:8: text that begins with @ needs quotes: write \"@x\"\n1:15: text that begins with ` needs quotes: write \"`x`\""},
	{"%d: 1", `1:1: text that begins with % needs quotes: write "%d"`},
	{"a: > 5", `1:4: text that begins with > needs quotes: write "> 5"`},
	{"a: |x", `1:4: text that begins with | needs quotes: write "|x"`},
	{"a: >= 3", `1:4: text that begins with > needs quotes: write ">= 3"`},
	{"a: ? b", `1:4: text that begins with ? needs quotes: write "? b"`},
	{"a: , b", `1:4: text that begins with , needs quotes: write ", b"`},
	{"a: ]", `1:4: text that begins with ] needs quotes: write "]"`},
	{"a: [,]", `1:5: a value is missing before this ,`},
	{"a: - b", `1:4: a list begins on a line of its own, each element with "- "; in one line it is written [a, b]; text that begins with - needs quotes`},

	// Anchors, tags and directives.
	{"a: &foo bar", `1:4: warning: the anchor &foo is used nowhere; to mean the text write "&foo bar"`},
	{"x-stack: &stack video\na: 1", ``},
	{"a: &x bar\nb: *x", ``},
	{"a: &x [*x]", `1:8: alias *x contains itself`},
	{"a: !Ref x", `1:4: !Ref belongs to CloudFormation's templates and is not known here; an output of a stack is ${ID.NAME} of a stack_outputs step`},
	{"a: !Sub [a, b]", `1:4: !Sub belongs to CloudFormation's templates and is not known here; an output of a stack is ${ID.NAME} of a stack_outputs step`},
	{"a: !!binary aGk=", `1:4: tag !!binary is not known here; leave it out`},
	{"a: !foo!bar x", `1:4: tags, which begin with !, are not known here; leave it out, or put the text into quotes`},
	{"a: !foo {b: 1}", `1:4: tag !foo is not known here; leave it out, or put text that begins with ! into quotes`},
	{"!foo a: b", `1:1: tag !foo is not known here; leave it out`},
	{"%YAML 1.1\n---\na: no", `1:1: rehearse reads YAML 1.2, in which no, on and 012 are not what they were before; leave this line out`},
	{"# x\n%YAML 1.2\n---\na: 1", ``},
	{"%TAG ! tag:x\n---\na: 1", `1:1: the directive %TAG is not known here; leave this line out`},

	// Filter patterns and other text in brackets.
	{"filter: { $.level = \"ERROR\" && $.x = \"${a}\" }", `1:9: a filter pattern needs quotes: write '{ $.level = "ERROR" && $.x = "${a}" }'`},
	{"x: {filter: { $.level = \"ERROR\" && $.x = \"${a}\" }, b: 1}", `1:13: a filter pattern needs quotes: write '{ $.level = "ERROR" && $.x = "${a}" }'`},
	{"a: [a-z]+", `1:4: text that begins with [ needs quotes: write "[a-z]+"`},
	{"a: {x} y", `1:4: text that begins with { needs quotes: write "{x} y"`},
	{"expect: {items[0].sku: A1, $.e[0]['a-b']: x}", "1:10: inside [ ] and { } text with [ in it needs quotes: write \"items[0].sku\"\n1:28: inside [ ] and { } text with [ in it needs quotes: write \"$.e[0]['a-b']\""},
	{"a: [x[0], b]", `1:5: inside [ ] and { } text with [ in it needs quotes: write "x[0]"`},
	{"a: {b: c}}", `1:10: this } closes nothing: everything opened before it is closed already`},

	// Colons.
	{"key: a: b", `1:6: text with ": " in it needs quotes: write "a: b"`},
	{"a: b:", `1:4: text with ": " in it needs quotes: write "b:"`},
	{"a: 12:30: b", `1:4: text with ": " in it needs quotes: write "12:30: b"`},
	{"t: ${a ? b : c}", `1:4: an expression with ": " in it needs quotes: write "${a ? b : c}"`},
	{"a: {b: c: d}", `1:8: text with ": " in it needs quotes: write "c: d"`},
	{"key: a: b # c", `1:6: text with ": " in it needs quotes: write "a: b"`},
	{"k: 1\nkey:value\nb: 2", `2:5: a space is missing after "key:"`},
	{"key:value\nb: 2", `1:5: a space is missing after "key:"`},
	{"- put_event:{source: a}", `1:13: a space is missing after "put_event:"`},
	{"- put_event:{source: a, b: c}", `1:13: a space is missing after "put_event:"`},
	{"{a:1, b: 2}", `1:4: a space is missing after "a:"`},
	{"[a:b]", ``},
	{"\"a\":b", `1:5: a space is missing after the colon`},
	{"a b\nc: d", `1:1: is a colon missing after "a"? A key is written "key: value"`},
	{"act\n  - set: {}", `1:1: is a colon missing after "act"? A key is written "key: value"`},
	{"a:\n  - b\n  c", `3:3: is a colon missing after "c"? A key is written "key: value"`},
	{"{: x}", `1:1: this is not YAML: did not find expected node content`},

	// Comments that cut a text.
	{"t: ${a #b}", `1:4: the # in this line begins a comment, which cuts the expression; put the text into quotes`},
	{"t: a ${b #3}", `1:4: the # in this line begins a comment, which cuts the expression; put the text into quotes`},
	{"t: a #${b}", `1:4: the # in this line begins a comment, so the text ends before it; put the text into quotes, or a space after the #`},
	{"t: a # ${b}", ``},
	{"t: a #12", `1:4: warning: the # in this line begins a comment, so the text ends before it; put the text into quotes, or a space after the #`},
	{"within: 5s #ok", ``},
	{"a: [x, y #z]", `1:10: this # begins a comment, so the ] after it closes nothing; put text with " #" in it into quotes`},
	{"a: {x: y #z}", `1:10: this # begins a comment, so the } after it closes nothing; put text with " #" in it into quotes`},

	// Quotes.
	{"a: \"x\nb: 1\nc: 2", `1:4: the quote that begins here is never closed`},
	{"a: 'x", `1:4: the quote that begins here is never closed`},
	{"a: \"x\nb: \"y z\"\nc: 1", `1:4: this quote is closed only by the one in line 2, column 4; is its closing quote missing in this line?`},
	{"when: \"a\" == b", `1:9: the text ends at this quote, and more follows it; write '"a" == b'`},
	{"a: \"x\" == \"y\"", `1:6: the text ends at this quote, and more follows it; write '"x" == "y"'`},
	{"a: 'it's'", `1:7: the text ends at this quote, and more follows it; write "it's"`},
	{"a: \"${lower(\"y\")}\"", `1:13: the text ends at this quote, and more follows it; write '${lower("y")}'`},
	{"a: [\"x\"y]", `1:8: a comma is missing before this, or the ] that closes the [ of line 1, column 4`},
	{"a: \"fixtures\\data.csv\"", `1:13: in double quotes \ begins an escape, and \d is none; write \\d, or use single quotes`},
	{"a: \"\\u12\"", `1:7: in double quotes \x, \u and \U take 2, 4 and 8 hexadecimal digits; to mean a backslash write \\, or use single quotes`},
	{"a: \"\\bword\\b\"", `1:4: warning: an escape in double quotes makes the control character U+0008 of this text; to mean a backslash write \\, or use single quotes`},

	// Brackets that are not closed.
	{"a: [x\nb: 1", `1:4: this [ is still open in line 2; is a ] missing before it, or a comma?`},
	{"a: {x: 1\n- b: 2\n", `1:4: this { is still open in line 2; is a } missing before it, or a comma?`},
	{"a: [placed, detail: {}}", `1:23: this } stands where the [ of line 1, column 4 wants its ] first`},
	{"a: [b]]", `1:7: this ] closes nothing: everything opened before it is closed already`},
	{"a: {a: 1 b: 2}", `1:10: a comma is missing before "b", or quotes around the text`},
	{"a: [\"x\" \"y\"]", `1:9: a comma is missing before this, or the ] that closes the [ of line 1, column 4`},
	{"a: [x", `1:4: this [ is never closed; is a ] missing?`},
	{"a: [", `1:4: this [ is never closed; is a ] missing?`},
	{"a: {\n  b: 1\n", `1:4: this { is never closed; is a } missing?`},
	{"a: {x: [1, 2}", `1:13: this } stands where the [ of line 1, column 8 wants its ] first`},

	// Indentation.
	{"a:\n\tb: 1", `2:1: a tab indents this line, which YAML forbids; indent with spaces`},
	{"a:\n  b: 1\n\tc: 1\n\td: 2", `3:1: a tab indents this line, which YAML forbids; indent with spaces, here and in 1 more line`},
	{"a: [\n\tx\n]", ``},
	{"name: foo\n  within: 5s", `2:3: this line stands deeper than the key in line 1, column 1, so it is read as more of that key's text; begin it in column 1 to make it a key of its own`},
	{"- name: foo\n   within: 5s\n", `2:4: this line stands deeper than the key in line 1, column 3, so it is read as more of that key's text; begin it in column 3 to make it a key of its own`},
	{"name: foo\n  - a", `2:3: warning: this line is read as more of the text that begins in line 1, not as a list; put the list in the text's place, or the text into a block that begins with |`},
	{"- name: foo\n within: 5s\n", `2:2: this line is no part of the list that begins in line 1; begin it with "- " to make it an element, or in column 3 to make it a part of the element above`},
	{"- p:\n    a: 1\n   b: 2\n    c: 3", `3:4: this line begins in column 4, where no line above it does that it could belong to; begin it in column 5 like line 2, or in column 3 like line 1`},
	{" a: 1\nb: 2", `1:2: the first line is indented deeper than line 2, so the document ends before that one; begin both in column 1`},
	{"act:\n  - a: 1\n  b: 2", `3:3: this line is no part of the list that begins in line 2; begin it with "- " to make it an element, or in column 5 to make it a part of the element above`},
	{"act:\n  b: 2\n  - a: 1", `3:3: lines with and without "- " cannot stand below each other: begin every element of a list with "- ", and no other line`},
	{"act:\n  - a: 1\n - b: 2", `3:2: this "- " stands in column 2, the one of line 2 in column 3; put them below each other`},
	{"act:\n - a: 1\n  - b: 2", `3:3: this "- " stands in column 3, the one of line 2 in column 2; put them below each other`},
	{"a:\n  x: 1\n - y", `3:2: lines with and without "- " cannot stand below each other: begin every element of a list with "- ", and no other line`},
	{"- a\n-b\n", `2:2: a space is missing after the dash`},

	// Characters that are no text.
	{"a: \x00", `1:4: the control character U+0000 cannot stand in YAML; write it as an escape in double quotes, such as \x00, or delete it`},
	{"a: \x7f", `1:4: the control character U+007F cannot stand in YAML; write it as an escape in double quotes, such as \x00, or delete it`},
	{"a: b\u2028c", `1:5: an invisible U+2028 stands here, which ends a line for some YAML readers and not for others; write it as an escape in double quotes (\x85, \u2028, \u2029), or delete it`},
	{"a: b\ufeffc", `1:5: a byte order mark (U+FEFF) stands in the middle of the file; delete it`},
	{"\xff\xfea\x00", `f: this file is UTF-16; save it as UTF-8`},
	{"a: \xff", `1:4: this is not UTF-8 text; save the file as UTF-8`},
	{"a: 1\rb: 012\r\nc: 013", `2:4: 012 is not a number in JSON; quote it to mean the text: "012"
3:4: 013 is not a number in JSON; quote it to mean the text: "013"`},

	// Numbers.
	{"a: .5", `1:4: .5 is not a number in JSON; quote it to mean the text: ".5", or write the number as 0.5`},
	{"a: 1.", `1:4: 1. is not a number in JSON; quote it to mean the text: "1.", or write the number as 1`},
	{"a: +1e3", `1:4: +1e3 is not a number in JSON; quote it to mean the text: "+1e3", or write the number as 1e3`},
	{"a: 0x1F", `1:4: 0x1F is not a number in JSON; quote it to mean the text: "0x1F", or write the number as 31`},
	{"a: 012", `1:4: 012 is not a number in JSON; quote it to mean the text: "012"`},
	{"a: 1_000.5", `1:4: 1_000.5 is not a number in JSON; quote it to mean the text: "1_000.5", or write the number as 1000.5`},
	{"a: -.5", `1:4: -.5 is not a number in JSON; quote it to mean the text: "-.5", or write the number as -0.5`},
	{"a: 0b11", `1:4: 0b11 is not a number in JSON; quote it to mean the text: "0b11", or write the number as 3`},
	{"a: 0o17", `1:4: 0o17 is not a number in JSON; quote it to mean the text: "0o17", or write the number as 15`},
	{"a: .inf", `1:4: .inf is not a number in JSON; quote it to mean the text: ".inf"`},
	{"a: [00.5, 1e3, -0, 1E+5, 12:30]", `1:5: 00.5 is not a number in JSON; quote it to mean the text: "00.5"`},

	// Keys.
	{"a: 1\nb: 2\na: 3", `3:1: key "a" stands here twice (first in line 1); one would silently win`},
	{"a: {<<: 3}", `1:9: << takes a mapping, found a number`},
	{"a: &x {b: 1}\nc: {<<: *x, <<: *x}", `2:13: key "<<" stands here twice (first in line 2); merge several with <<: [*a, *b]`},
	{"? [a]\n: b", `1:3: a key must be text; put an expression into quotes`},
	{"a: {\"${x}\": 1}", `1:5: a key is never expanded: write out what ${x} stands for`},
	{"a: &x {b: 012}\nc: *x\nd: {<<: *x}", `1:11: 012 is not a number in JSON; quote it to mean the text: "012"`},
}

// Every slip has a message that says what to write, all of them come at once,
// and what YAML allows is left alone.
func TestSlips(t *testing.T) {
	for _, x := range slipped {
		t.Run(x.text, func(t *testing.T) {
			if got := strings.Join(told(x.text), "\n"); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}

// Mending one place again and again would make a line grow without end.
func TestAPlaceIsMendedOnce(t *testing.T) {
	src, err := os.ReadFile("../scenarios/image-metadata/measured.scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), "      bucket: ${", "  \" }'bucket: ${", 1)
	text = text[:strings.LastIndex(text, "\"")] + "    \n"
	if taken := allocated(func() { told(text) }); taken > 20<<20 {
		t.Errorf("took %d MB", taken>>20)
	}
}

func TestAKeyCanBeTooLong(t *testing.T) {
	key := strings.Repeat("k", maxKey+1)
	for _, text := range []string{key + ": 1", "a: 1\n" + key + ": 1", "{" + key + ": 1}"} {
		got := told(text)
		if len(got) != 1 || !strings.Contains(got[0], "more than 1024 characters") {
			t.Errorf("got %.200v", got)
		}
	}
}

// What stands in a scenario beside a slip is told in the same go, in its own place.
func TestReadingGoesOnAfterASlip(t *testing.T) {
	got := strings.Join(told(`scenario: Orders
act:
  - put_event: {source: ${vars.x}, detail: {id: ${scenario.id}, n: "${1 +}"}}
    id: o
    witin:5s
assert:
  - check: ${o.a == 1 ? true : false}
  - log_events: {log_group: g, filter: { $.level = "ERROR" && $.id = "${scenario.id}" }}
    within: 20s
tags: [*, smoke]
x-date: 012
x-more: [{b:1, c:${x}}, {d:"e"}]
`), "\n")
	want := `3:25: an expression inside [ ] or { } needs quotes: write "${vars.x}"
3:49: an expression inside [ ] or { } needs quotes: write "${scenario.id}"
3:69: the expression ends too early; expected a value
5:11: a space is missing after "witin:"
7:12: an expression with ": " in it needs quotes: write "${o.a == 1 ? true : false}"
8:40: a filter pattern needs quotes: write '{ $.level = "ERROR" && $.id = "${scenario.id}" }'
10:8: text that begins with * needs quotes: write "*"
11:9: 012 is not a number in JSON; quote it to mean the text: "012"
12:13: a space is missing after "b:"
12:18: a space is missing after "c:"
12:18: an expression inside [ ] or { } needs quotes: write "${x}"
12:28: a space is missing after "d:"`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
