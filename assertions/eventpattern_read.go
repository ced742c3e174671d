package assertions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// readPatternText reads JSON text into nodes that all stand at one place. Keys
// keep their order and may come twice: in a pattern both count.
func readPatternText(text string, at schema.Pos) (*schema.Node, error) {
	_, err := schema.ParseJSON([]byte(text)) // bounds how deep it is, too
	if err == nil {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var n *schema.Node
		if n, err = readPatternNode(d, at); err == nil {
			return n, nil
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the text ends too early")
	}
	return nil, fmt.Errorf("an event pattern is a JSON document; this is none: %w", err)
}

// readPatternNode reads one value of text that is known to be valid.
func readPatternNode(d *json.Decoder, at schema.Pos) (*schema.Node, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return schema.NodeOf(t, at), nil
	}
	n := &schema.Node{Pos: at, Kind: schema.List, Computed: true}
	if delim == '{' {
		n.Kind = schema.Map
	}
	for d.More() {
		var key string
		if n.Kind == schema.Map {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			key, _ = k.(string) // nothing else comes here
		}
		v, err := readPatternNode(d, at)
		if err != nil {
			return nil, err
		}
		if n.Kind == schema.Map {
			n.Entries = append(n.Entries, schema.Entry{Key: key, KeyPos: at, Value: v})
		} else {
			n.Items = append(n.Items, v)
		}
	}
	_, err = d.Token()
	return n, err
}

// patternProblem is one thing that is wrong with a pattern.
type patternProblem struct {
	pos     schema.Pos
	message string // names the place in the pattern too
}

// patternProblems is everything that is wrong with a pattern.
type patternProblems []patternProblem

// mostPatternProblems bounds what is said of one pattern.
const mostPatternProblems = 20

// Error says everything in one line.
func (l patternProblems) Error() string {
	said := make([]string, len(l))
	for i, x := range l {
		said[i] = x.message
	}
	return strings.Join(said, "; ")
}

func (c *patternCompiler) add(at schema.Pos, format string, args ...any) {
	if len(c.problems) < mostPatternProblems {
		c.problems = append(c.problems, patternProblem{at, fmt.Sprintf(format, args...)})
	}
}

func (c *patternCompiler) warn(at schema.Pos, format string, args ...any) {
	c.warnings = append(c.warnings, patternProblem{at, fmt.Sprintf(format, args...)})
}
