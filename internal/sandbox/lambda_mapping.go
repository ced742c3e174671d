package sandbox

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// mapping is an event source mapping: the records of a table's stream, filtered, go to a function in batches, in order.
// A batch whose function fails is tried again as often as the mapping says; AWS's own default, for ever, is never here.
type mapping struct {
	uuid, source string
	function     *function
	patterns     []string
	filters      []func(event any) bool
	batch        int
	retries      int
	modified     time.Time

	mu      sync.Mutex
	pending []map[string]any
	wake    chan struct{} // holds one token while there may be something to do
}

// connect starts a mapping.
func (l *lambdaService) connect(m *mapping) error {
	for _, p := range m.patterns {
		matches, err := compilePattern([]byte(p))
		if err != nil {
			return fmt.Errorf("filter pattern %s: %w", p, err)
		}
		m.filters = append(m.filters, matches)
	}
	m.uuid, m.modified, m.wake = newID(), l.home.now(), make(chan struct{}, 1)
	if err := l.home.dynamo.listen(m.source, m.push); err != nil {
		return err
	}
	l.mu.Lock()
	l.mappings = append(l.mappings, m)
	l.mu.Unlock()
	l.home.spawn(func(ctx context.Context) {
		for m.wait(ctx) {
			for batch := m.next(); len(batch) > 0; batch = m.next() {
				l.feed(ctx, m, batch)
			}
		}
	})
	return nil
}

func (m *mapping) push(record map[string]any) {
	m.mu.Lock()
	m.pending = append(m.pending, record)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mapping) wait(ctx context.Context) bool {
	select {
	case <-m.wake:
		return true
	case <-ctx.Done():
		return false
	}
}

// next takes the records of the next batch that the filters let through; none when nothing waits.
func (m *mapping) next() []any {
	m.mu.Lock()
	waiting := m.pending
	m.pending = nil
	m.mu.Unlock()
	var batch []any
	for i, record := range waiting {
		if len(batch) == m.batch {
			m.mu.Lock()
			m.pending = append(slices.Clone(waiting[i:]), m.pending...)
			m.mu.Unlock()
			break
		}
		decoded, err := parseJSON([]byte(compactJSON(record)))
		if err == nil && m.wants(decoded) {
			batch = append(batch, decoded)
		}
	}
	return batch
}

func (m *mapping) wants(record any) bool {
	return len(m.filters) == 0 || slices.ContainsFunc(m.filters, func(matches func(any) bool) bool { return matches(record) })
}

func (l *lambdaService) feed(ctx context.Context, m *mapping, batch []any) {
	delivery := l.home.options.Delivery
	times := 1
	if delivery.Twice {
		times = 2
	}
	if !pause(ctx, delivery.Delay) {
		return
	}
	event := []byte(compactJSON(map[string]any{"Records": batch}))
	for range times {
		l.try(ctx, m, event)
	}
}

func (l *lambdaService) try(ctx context.Context, m *mapping, event []byte) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		done := l.invoke(ctx, m.function, event, false)
		if done.err == nil {
			return
		}
		if attempt == m.retries {
			l.home.lose("records of "+m.source, m.function.name, done.err)
			return
		}
		if !pause(ctx, time.Second<<min(attempt, 6)) {
			return
		}
	}
}

func (m *mapping) document() types.EventSourceMappingConfiguration {
	d := types.EventSourceMappingConfiguration{
		UUID: aws.String(m.uuid), EventSourceArn: aws.String(m.source), FunctionArn: &m.function.arn,
		State: aws.String("Enabled"), BatchSize: aws.Int32(int32(m.batch)), LastModified: aws.Time(m.modified),
		StartingPosition: types.EventSourcePositionTrimHorizon,
	}
	if len(m.patterns) > 0 {
		d.FilterCriteria = &types.FilterCriteria{}
		for _, p := range m.patterns {
			d.FilterCriteria.Filters = append(d.FilterCriteria.Filters, types.Filter{Pattern: aws.String(p)})
		}
	}
	return d
}
