package eventbridge_test

import (
	"strings"
	"testing"

	"github.com/rehearse-dev/rehearse/steps"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

func TestWrongParameters(t *testing.T) {
	for _, c := range []struct {
		kind       steps.Kind
		yaml, want string
	}{
		{eventbridge.Listen, `{}`, `t.yaml:1:1: listen needs one of rule, pattern and all`},
		{eventbridge.Listen, `{rule: a, pattern: {source: [b]}}`, `t.yaml:1:11: listen takes only one of rule, pattern and all; rule stands there already`},
		{eventbridge.Listen, `{all: false}`, `t.yaml:1:7: false asks for nothing; leave the parameter out`},
		{eventbridge.Listen, `{all: yes}`, `t.yaml:1:7: expected true, found text`},
		{eventbridge.Listen, `{all: true, ready: canry}`, `t.yaml:1:20: "canry" is not one of canary, settle; did you mean "canary"?`},
		{eventbridge.Listen, `{pattern: [a]}`, `t.yaml:1:11: expected a JSON object, as a document or as text, found a list`},
		{eventbridge.Listen, `{pattern: "{"}`, `t.yaml:1:11: expected a JSON object, as a document or as text; this text is none`},
		{eventbridge.Listen, `{pattern: {source: shop}}`, `t.yaml:1:20: source: values stand in a list: write ["shop"]`},
		{eventbridge.Listen, `{topic: t}`, `t.yaml:1:2: "topic" belongs to the format, but this version of rehearse cannot honour it yet`},
		{eventbridge.Listen, `{all: true, target: t}`, `t.yaml:1:13: "target" belongs to the format, but this version of rehearse cannot honour it yet`},
		{eventbridge.Listen, `{event_buss: b, all: true}`, `t.yaml:1:2: unknown parameter "event_buss"; did you mean "event_bus"?`},
		{eventbridge.Received, `{}`, `t.yaml:1:1: parameter "from" is missing: The id of a listen step, or suite.ID.`},
		{eventbridge.Received, `{from: l, count: 1, none: true}`, `t.yaml:1:21: received takes only one of count, at_least, at_most and none; count stands there already`},
		{eventbridge.Received, `{from: l, none: false}`, `t.yaml:1:17: false asks for nothing; leave the parameter out`},
		{eventbridge.Received, `{from: l, count: -1}`, `t.yaml:1:18: -1: there cannot be fewer than 0`},
		{eventbridge.Received, `{from: l, count: "1"}`, `t.yaml:1:18: expected a whole number, found "1"`},
		{eventbridge.Received, `{from: l, at_least: 0}`, `t.yaml:1:21: 0 or more is always so; ask for at least 1, or for none`},
		{eventbridge.Received, `{from: l, in_order: []}`, `t.yaml:1:21: in_order is empty: name the events that must come`},
		{eventbridge.Received, `{from: l, in_order: {source: a}}`, `t.yaml:1:21: in_order takes a list of partial documents, found a mapping`},
		{eventbridge.Received, `{from: l, in_order: [order-placed]}`, `t.yaml:1:22: in_order[0] takes a document with the fields that the event must have, found text`},
		{eventbridge.Received, `{from: l, in_order: [{detail-type: a}, {}]}`, `t.yaml:1:40: nothing is matched: the document is empty; name a field that must be there`},
		{eventbridge.Received, `{from: l, in_order: [{detail_type: a}]}`, `t.yaml:1:23: an event has no "detail_type"; did you mean "detail-type"?`},
		{eventbridge.Received, `{from: l, in_order: [{source: [a]}]}`, `t.yaml:1:31: source of an event is text and never a list; match compares whole values`},
		{eventbridge.Received, `{from: l, in_order: [{detail: {n: {gt: 1}}}]}`, `t.yaml:1:36: match compares with documents and knows no operators; use where: {detail.n: {gt: …}}`},
		{eventbridge.Received, `{from: l, in_order: [{source: a}], none: true}`, `t.yaml:1:11: in_order asks for events and none for no event; leave one of them out`},
		{eventbridge.Received, `{from: l, in_order: [{source: a}, {source: b}], count: 1}`, `t.yaml:1:56: in_order names 2 events, more than count: 1 allows`},
		{eventbridge.Received, `{from: l, in_order: [{source: a}, {source: b}], at_most: 1}`, `t.yaml:1:58: in_order names 2 events, more than at_most: 1 allows`},
		{eventbridge.Received, `{from: l, pattern: {}}`, `t.yaml:1:20: an event pattern needs at least one field`},
		{eventbridge.Received, `{from: l, pattern: [a]}`, `t.yaml:1:20: an event pattern is a JSON object, found a list`},
		{eventbridge.Received, `{from: l, pattern: {source: shop}}`, `t.yaml:1:29: source: values stand in a list: write ["shop"]`},
		{eventbridge.Received, `{from: l, pattern: '{"source": "shop"}'}`, `t.yaml:1:20: source: values stand in a list: write ["shop"]`},
		{eventbridge.Received, `{from: l, pattern: {detail: {n: [{numric: [">", 5]}]}}}`, `t.yaml:1:35: detail.n: unknown operator "numric"; did you mean "numeric"?`},
		{eventbridge.Received, `{from: l, pattern: {detail_type: [a], detail: {run: ["${scenario.id}"]}}}`, `t.yaml:1:21: an event has no "detail_type"; did you mean "detail-type"?`},
		{eventbridge.Received, `{from: l, pattern: {$or: [{sorce: [a]}, {detail: {n: [1]}}]}}`, `t.yaml:1:28: an event has no "sorce"; did you mean "source"?`},
		{eventbridge.Received, `{from: l, pattern: {source: {name: [a]}}}`, `t.yaml:1:21: source of an event is text and has no fields inside it`},
		{eventbridge.PutEvent, `{source: a, detail_type: b}`, `t.yaml:1:1: put_event lacks detail`},
		{eventbridge.PutEvent, `{source: a, detail_type: b, detail: [1]}`, `t.yaml:1:37: expected a JSON object, as a document or as text, found a list`},
		{eventbridge.PutEvent, `{source: a, detail_type: b, detail: hello}`, `t.yaml:1:37: expected a JSON object, as a document or as text; this text is none`},
		{eventbridge.PutEvent, `{source: a, detail_type: b, detail: {}, time: today}`, `t.yaml:1:47: expected a time such as 2026-01-31T12:00:00Z, found "today"`},
		{eventbridge.PutEvent, `{source: a, event: {source: a, detail-type: b, detail: {}}, detail_type: c, detail: {}}`, `t.yaml:1:13: put_event takes source, detail_type and detail, or event, not both; found source, detail_type, detail and event`},
		{eventbridge.PutEvent, `{event: {source: a, detail_type: b, detail: {}}}`, `t.yaml:1:21: unknown key "detail_type"; did you mean "detail-type"?`},
		{eventbridge.PutEvents, `{}`, `t.yaml:1:1: parameter "entries" is missing`},
		{eventbridge.PutEvents, `{entries: []}`, `t.yaml:1:11: entries is empty: nothing would be put`},
		{eventbridge.PutEvents, `{entries: {source: a}}`, `t.yaml:1:11: expected a list of events, found a mapping`},
		{eventbridge.PutEvents, `{entries: [{source: a, detail: {}}]}`, `t.yaml:1:12: key "detail_type" is missing: The event's detail-type.`},
		{eventbridge.PutEvents, `{entries: [{source: a, detail-type: b}]}`, `t.yaml:1:12: key "detail" is missing: The event's detail.`},
	} {
		t.Run(c.kind.Name+" "+c.yaml, func(t *testing.T) {
			_, err := bind(c.kind, c.yaml)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("expected %q, found %v", c.want, err)
			}
		})
	}
}

func TestHolesAreLeftOpen(t *testing.T) {
	for _, c := range []struct {
		kind steps.Kind
		yaml string
	}{
		{eventbridge.Listen, `{pattern: {source: ["${vars.s}"]}}`},
		{eventbridge.Listen, `{pattern: "${file('p.json')}"}`},
		{eventbridge.Received, `{from: l, count: "${vars.n}", match: "${vars.m}"}`},
		{eventbridge.Received, `{from: l, pattern: "${vars.p}", in_order: "${vars.l}", at_most: "${vars.n}"}`},
		{eventbridge.Received, `{from: l, pattern: {source: ["${vars.s}"], detail: {n: "${vars.l}"}}, in_order: ["${vars.m}", {detail: {run: "${scenario.id}"}}]}`},
		{eventbridge.PutEvent, `{event: "${made.event}"}`},
		{eventbridge.PutEvent, `{source: a, detail_type: b, detail: {run: "${scenario.id}"}, time: "${now()}"}`},
		{eventbridge.PutEvents, `{entries: "${vars.l}"}`},
		{eventbridge.PutEvents, `{entries: ["${vars.e}", {source: "${vars.s}", detail_type: b, detail: "{\"a\": ${vars.n}}"}]}`},
	} {
		t.Run(c.kind.Name+" "+c.yaml, func(t *testing.T) {
			if _, err := bind(c.kind, c.yaml); err != nil {
				t.Error(err)
			}
		})
	}
}
