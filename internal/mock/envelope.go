package mock

import (
	"fmt"
	"strings"
)

// isEnvelope says whether schemas describe an event of EventBridge.
func isEnvelope(flat []node) bool {
	found := 0
	for _, n := range flat {
		o := n.object()
		if o[eventSource] != nil || o[eventType] != nil {
			return true
		}
		properties, _ := o["properties"].(map[string]any)
		for _, name := range []string{"source", "detail-type", "detail"} {
			if _, ok := properties[name]; ok {
				found++
			}
		}
	}
	return found >= 3
}

// What the registry adds to the schema of an event.
const (
	eventSource = "x-amazon-events-source"
	eventType   = "x-amazon-events-detail-type"
)

// hints are what the fields of an event hold when nobody says otherwise, the
// best first. Source: EventBridge User Guide, event structure.
func (m *maker) hints(flat []node, name string) []any {
	var all []any
	for _, e := range examples(flat) {
		if o, ok := e.(map[string]any); ok && name != "id" && name != "time" {
			if v, ok := o[name]; ok {
				all = append(all, v)
			}
		}
	}
	nodes, _ := m.property(flat, name)
	in, _ := m.expand(nodes)
	switch name {
	case "version":
		all = append(all, "0")
	case "id":
		return []any{randomUUID(m.rand.IntN)}
	case "time":
		return []any{m.o.Now.Format("2006-01-02T15:04:05Z")}
	case "account":
		all = append(append(all, examples(in)...), fmt.Sprintf("%012d", 100_000_000_000+m.rand.Int64N(900_000_000_000)))
	case "region":
		all = append(append(all, examples(in)...), regions[m.rand.IntN(len(regions))])
	case "resources":
		all = append(append(all, examples(in)...), []any{})
	case "source":
		all = append(append(extension(flat, eventSource), all...), examples(in)...)
		all = append(all, "example.events")
	case "detail-type":
		all = append(append(extension(flat, eventType), all...), examples(in)...)
		all = append(all, m.typeName(flat))
	}
	return all
}

var regions = []string{"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2"}

func extension(flat []node, word string) []any {
	for _, n := range flat {
		if s, ok := n.object()[word].(string); ok && s != "" {
			return []any{s}
		}
	}
	return nil
}

// typeName is the name of the schema of an event's detail.
func (m *maker) typeName(flat []node) string {
	nodes, _ := m.property(flat, "detail")
	_, refs := m.expand(nodes)
	if len(refs) == 0 || refs[0] == "" { // none, or the event itself
		return "Example Event"
	}
	all := tokens(refs[0])
	return strings.TrimSpace(all[len(all)-1])
}
