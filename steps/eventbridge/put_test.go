package eventbridge_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/steps/eventbridge"
)

func TestPutEvent(t *testing.T) {
	for name, yaml := range map[string]string{
		"parts":     `{bus: shop, source: shop, detail_type: order, detail: {n: 1, text: "<&>"}, resources: ["arn:a"], time: "2026-01-31T12:00:00Z"}`,
		"JSON text": `{bus: shop, source: shop, detail_type: order, detail: '{"n": 1, "text": "<&>"}', resources: ["arn:a"], time: "2026-01-31T12:00:00Z"}`,
		"bus's ARN": `{bus: "arn:aws:events:us-east-1:000000000000:event-bus/shop", source: shop, detail_type: order, detail: {n: 1, text: "<&>"}, resources: ["arn:a"], time: "2026-01-31T12:00:00Z"}`,
		"whole":     `{bus: shop, event: {version: "0", id: x, account: "1", region: r, source: shop, detail-type: order, detail: {n: 1, text: "<&>"}, resources: ["arn:a"], time: "2026-01-31T12:00:00Z"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				from := b.listen(`{event_bus: shop, all: true}`)
				put := b.do(eventbridge.PutEvent, yaml)
				synctest.Wait()
				rest := fmt.Sprintf(`, match: {id: %q, source: shop, detail-type: order, detail: {n: 1, text: "<&>"}, resources: ["arn:a"], time: "2026-01-31T12:00:00Z"}, count: 1`, put["event_id"])
				if seen, ok := b.received(from, rest).look(); !ok {
					t.Errorf("found %v, %+v", seen.Doc, seen.Explain())
				}
			})
		})
	}
}

func TestPutEventRefused(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{`{bus: shpo, source: a, detail_type: b, detail: {}}`, `there is no bus "shpo" in account 000000000000, region us-east-1; did you mean "shop"?; there are default, shop`},
		{`{bus: shop, source: aws.s3, detail_type: b, detail: {}}`, `bus "shop" refuses the event: NotAuthorizedForSourceException: Not authorized for the source.`},
	} {
		t.Run(c.want, func(t *testing.T) {
			inBubble(t, sandbox.Options{}, func(b *bench) {
				_, err := b.try(eventbridge.PutEvent, c.yaml)
				wantError(t, err, c.want)
			})
		})
	}
}

func TestPutEvents(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		from := b.listen(`{event_bus: shop, rule: orders}`)
		var entries []string
		for n := range 23 {
			if n%2 == 0 {
				entries = append(entries, fmt.Sprintf(`{source: shop, detail_type: order, detail: {n: %d}}`, n))
			} else {
				entries = append(entries, fmt.Sprintf(`{source: shop, detail-type: order, detail: {n: %d}}`, n))
			}
		}
		put := b.do(eventbridge.PutEvents, fmt.Sprintf(`{bus: shop, entries: [%s]}`, strings.Join(entries, ", ")))
		synctest.Wait()
		if ids := put["event_ids"].([]any); len(ids) != 23 {
			t.Errorf("%d ids", len(ids))
		}
		if seen, ok := b.received(from, ", count: 23").look(); !ok {
			t.Errorf("found %v", seen.Doc)
		}
	})
}

func TestPutEventsByTheirSize(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		big := fmt.Sprintf(`{source: shop, detail_type: order, detail: {text: %s}}`, strings.Repeat("x", 400_000))
		put := b.do(eventbridge.PutEvents, fmt.Sprintf(`{bus: shop, entries: [%s, %s, %s]}`, big, big, big))
		if ids := put["event_ids"].([]any); len(ids) != 3 {
			t.Errorf("%d ids", len(ids))
		}
	})
}

func TestPutEventsPartlyRefused(t *testing.T) {
	inBubble(t, sandbox.Options{}, func(b *bench) {
		good := `{source: shop, detail_type: order, detail: {}}`
		yaml := `{bus: shop, entries: [` + strings.Repeat(good+", ", 11) + `{source: aws.s3, detail_type: order, detail: {}}, ` + good + `]}`
		_, err := b.try(eventbridge.PutEvents, yaml)
		wantError(t, err, `bus "shop" refuses entries[11]: NotAuthorizedForSourceException: Not authorized for the source. (12 of 13 events were put)`)
	})
}
