package logs

import (
	"time"

	"github.com/rehearse-dev/rehearse/schema"
)

// Moment is a point in time that a user wrote in RFC 3339.
type Moment time.Time

// ReadNode reads the time.
func (m *Moment) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	if n.Kind != schema.Text {
		p.Add(n.Pos, "expected a time such as 2026-01-31T12:00:00Z, found %s", n.Kind)
		return
	}
	t, err := time.Parse(time.RFC3339Nano, n.Scalar)
	if err != nil {
		p.Add(n.Pos, "%q is not a time such as 2026-01-31T12:00:00Z", n.Scalar)
		return
	}
	*m = Moment(t)
}

func (Moment) String() string { return "a time such as 2026-01-31T12:00:00Z" }

// EditorSchema describes the parameter to editors.
func (Moment) EditorSchema() map[string]any { return map[string]any{"type": "string"} }
