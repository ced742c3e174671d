package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yaml4 "go.yaml.in/yaml/v4"
	"gopkg.in/yaml.v3"
)

// mendable is how many bytes are read again, in all, to find more than the
// first slip of a document; mendings is how many slips at most.
const (
	mendable = 8 << 20
	mendings = 100
)

// parse reads a document. Where it is not YAML, the slips that a few quotes
// would mend are told and mended, so that what is wrong behind them is told as
// well; the others are told and end it.
func (d *document) parse(src []byte, p *Problems) *yaml.Node {
	rounds := min(mendings, mendable/(len(src)+1))
	for {
		y, err := parseYAML(src)
		s := d.tightKey(y)
		if err != nil {
			s = d.explain(src, err)
		} else if s == nil || rounds == 0 {
			return y
		}
		if d.touches(part{s.line, s.col, s.col + 1}) {
			return nil // it was made by mending
		}
		p.Add(d.pos(s.line, s.col), "%s", s.message)
		if rounds--; s.mend == "" || rounds < 0 || d.touches(part{s.line, s.from, max(s.to, s.from+1)}) {
			return nil
		}
		d.replace(s.line, s.from, s.to, s.mend)
		src = []byte(strings.Join(d.lines, "\n"))
	}
}

// tightKey finds a key that YAML reads, but not as it was meant: its colon has
// no space after it, so that more than the key belongs to it.
func (d *document) tightKey(y *yaml.Node) *slip {
	if y == nil || y.Kind == yaml.ScalarNode || y.Kind == yaml.AliasNode {
		return nil
	}
	for i, x := range y.Content {
		if y.Kind == yaml.MappingNode && i%2 == 0 && i+1 < len(y.Content) {
			key := afterColon(x, y.Content[i+1], y.Style&yaml.FlowStyle != 0)
			if key != "" && strings.HasPrefix(string(d.line(x.Line)[x.Column-1:]), key) {
				at := x.Column + len(key) // letters, digits and signs of one byte each
				return &slip{line: x.Line, col: at, message: fmt.Sprintf("a space is missing after %q", key), mend: " ", from: at, to: at}
			}
		} else if s := d.tightKey(x); s != nil {
			return s
		}
	}
	return nil
}

// afterColon is what of a key stands before where a space is missing.
func afterColon(key, value *yaml.Node, flow bool) string {
	if key.Kind != yaml.ScalarNode || !isPlain(key) || strings.IndexByte(key.Value, ':') <= 0 {
		return ""
	}
	m := tightColon.FindStringSubmatch(key.Value)
	if m == nil {
		return ""
	}
	empty := value.Kind == yaml.ScalarNode && value.Tag == "!!null" && value.Value == ""
	if flow && empty || strings.ContainsAny(key.Value[len(m[1]):len(m[1])+1], "{[\"'") {
		return m[1]
	}
	return ""
}

var errMore = errors.New("did not find expected <document start>")

// parseYAML reads the one document that src holds, nil when it is empty.
func parseYAML(src []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	var y, more yaml.Node
	if err := decoder.Decode(&y); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	// Text behind the document is an error only to who asks for a second one.
	if err := decoder.Decode(&more); err == nil {
		return nil, errMore
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(y.Content) == 0 {
		return nil, nil
	}
	return y.Content[0], nil
}

// slip is a place where a document is not YAML.
type slip struct {
	line, col int // in the document as it is now, from 1
	message   string
	// mend, when set, is what the characters [from, to) of the line should be.
	mend     string
	from, to int
}

// fault is what a YAML parser says of a broken document.
type fault struct {
	text      string
	line, col int
	// sinceLine and sinceCol are where what could not be read began; 0 when unknown.
	sinceLine, sinceCol int
	since               string
	readable            bool // the other parser can read it
}

var lineOf = regexp.MustCompile(`^line (\d+): (.*)$`)

// faultOf reads the broken document a second time with a parser that knows
// where it broke.
func faultOf(src []byte, err error) fault {
	f := fault{text: strings.TrimPrefix(err.Error(), "yaml: "), line: 1, col: 1}
	if m := lineOf.FindStringSubmatch(f.text); m != nil {
		f.line, _ = strconv.Atoi(m[1])
		f.text = m[2]
	}
	var load *yaml4.LoadError
	if err := again(src); !errors.As(err, &load) {
		f.readable = errors.Is(err, io.EOF)
		return f
	}
	f.text = load.Message
	if load.Mark.Line > 0 {
		f.line, f.col = load.Mark.Line, max(load.Mark.Column, 1)
	}
	f.since, f.sinceLine, f.sinceCol = load.ContextMsg, load.ContextMark.Line, load.ContextMark.Column
	return f
}

// again reads with the other parser, which places an end of the file behind
// its last line.
func again(src []byte) error {
	decoder := yaml4.NewDecoder(io.MultiReader(bytes.NewReader(src), strings.NewReader("\n")))
	for {
		var y yaml4.Node
		if err := decoder.Decode(&y); err != nil {
			return err
		}
	}
}

// explain says in the words of somebody who writes scenarios what is wrong.
func (d *document) explain(src []byte, err error) *slip {
	f := faultOf(src, err)
	if f.line = max(f.line, 1); f.line > len(d.lines) {
		f.line, f.col = len(d.lines), len(src)+1
	}
	f.sinceLine = min(f.sinceLine, len(d.lines))
	f.col = min(f.col, len([]rune(d.lines[f.line-1]))+1)
	known := slips
	if f.readable {
		known = []func(*document, fault) (slip, bool){limits} // the column is not known
	}
	for _, k := range known {
		if s, ok := k(d, f); ok {
			return &s
		}
	}
	return &slip{line: f.line, col: f.col, message: "this is not YAML: " + f.text}
}

// line gives a line's characters; lines count from 1.
func (d *document) line(n int) []rune {
	if n < 1 || n > len(d.lines) {
		return nil
	}
	return []rune(d.lines[n-1])
}

// quoted makes a slip of text that needs quotes: the characters [from, to) of
// a line. why ends with "needs quotes".
func (d *document) quoted(line, from, to int, why string) slip {
	text := string(d.line(line)[from-1 : to-1])
	s := slip{line: line, col: from, message: why + "; put them around the whole text", mend: inQuotes(text), from: from, to: to}
	if len(s.mend) <= 80 {
		s.message = why + ": write " + s.mend
	}
	return s
}

// inQuotes writes text as a quoted YAML scalar.
func inQuotes(text string) string {
	if !strings.ContainsAny(text, `"\`) {
		return `"` + text + `"`
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// place words a place for a message about another one.
func (d *document) place(line, col int) string {
	p := d.pos(line, col)
	return fmt.Sprintf("line %d, column %d", p.Line, p.Col)
}
