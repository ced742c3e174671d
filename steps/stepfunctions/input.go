package stepfunctions

import (
	"bytes"
	"encoding/json"

	"github.com/rehearse-dev/rehearse/schema"
)

// Input is what an execution is started with: a document, or text that is JSON
// already and is sent as it stands.
type Input struct{ json *string }

// ReadNode turns the document into JSON.
func (in *Input) ReadNode(n *schema.Node, p *schema.Problems) {
	switch {
	case n.AnyOpen():
		return
	case n.Kind == schema.Text:
		if _, err := schema.ParseJSON([]byte(n.Scalar)); err != nil {
			p.Add(n.Pos, "the input is text that is not JSON; write a document such as {order: 17}, or for mere text both quotes: '\"hello\"'")
			return
		}
		in.json = &n.Scalar
		return
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(n.Value()); err != nil {
		p.Add(n.Pos, "the input cannot be written as JSON: %v", err)
		return
	}
	s := string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	in.json = &s
}

// text is the input as JSON; {} when none was given.
func (in Input) text() *string {
	if in.json == nil {
		empty := "{}"
		return &empty
	}
	return in.json
}

func (Input) String() string { return "any document" }

// EditorSchema says to editors that any document will do.
func (Input) EditorSchema() map[string]any { return map[string]any{} }
