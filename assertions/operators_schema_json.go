package assertions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxSchemaDepth is how many levels a schema's file may nest.
const maxSchemaDepth = 200

// nodeOfJSON reads a file of JSON into nodes that know their places; nil when
// it cannot be read, which is told at its place.
func nodeOfJSON(file string, src []byte, p *schema.Problems) *schema.Node {
	r := jsonNodes{file: file, src: src, d: json.NewDecoder(bytes.NewReader(src)), p: p, line: 1, col: 1}
	r.d.UseNumber()
	var whole any
	var bad *json.SyntaxError
	if err := json.Unmarshal(src, &whole); errors.As(err, &bad) { // a decoder of tokens knows no places
		if strings.HasPrefix(bad.Error(), "unexpected end") {
			p.Add(r.pos(bad.Offset), "cannot be read as JSON: the file ends in the middle")
		} else {
			p.Add(r.pos(bad.Offset-1), "cannot be read as JSON: %v", err)
		}
		return nil
	}
	before := p.Errors()
	n, err := r.value(0)
	if err != nil {
		p.Add(r.pos(r.d.InputOffset()), "cannot be read as JSON: %v", err)
	}
	if p.Errors() > before {
		return nil
	}
	return n
}

// jsonNodes is one pass over a file of JSON.
type jsonNodes struct {
	file      string
	src       []byte
	d         *json.Decoder
	p         *schema.Problems
	at        int64 // up to here lines and columns are counted
	line, col int
}

// pos is the place of a byte that is not before the last one asked for.
func (r *jsonNodes) pos(at int64) schema.Pos {
	at = max(r.at, min(at, int64(len(r.src))))
	passed := r.src[r.at:at]
	if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
		r.line += bytes.Count(passed, []byte("\n"))
		r.col, passed = 1, passed[i+1:]
	}
	r.col += utf8.RuneCount(passed)
	r.at = at
	return schema.Pos{File: r.file, Line: r.line, Col: r.col}
}

// token reads the next token and gives the place where it begins.
func (r *jsonNodes) token() (json.Token, schema.Pos, error) {
	from := r.d.InputOffset()
	for from < int64(len(r.src)) && strings.IndexByte(" \t\r\n,:", r.src[from]) >= 0 {
		from++
	}
	t, err := r.d.Token()
	if err != nil {
		return nil, schema.Pos{}, err
	}
	return t, r.pos(from), nil
}

func (r *jsonNodes) value(depth int) (*schema.Node, error) {
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("more than %d levels of nesting", maxSchemaDepth)
	}
	t, at, err := r.token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := &schema.Node{Pos: at, Kind: schema.List}
		if t == '{' {
			n.Kind = schema.Map
			err = r.fields(n, depth)
		} else {
			err = r.items(n, depth)
		}
		return n, err
	case nil:
		return &schema.Node{Pos: at, Kind: schema.Null, Scalar: "null"}, nil
	case bool:
		return &schema.Node{Pos: at, Kind: schema.Bool, Scalar: fmt.Sprint(t)}, nil
	case json.Number:
		return &schema.Node{Pos: at, Kind: schema.Number, Scalar: string(t)}, nil
	}
	return &schema.Node{Pos: at, Kind: schema.Text, Scalar: fmt.Sprint(t)}, nil
}

func (r *jsonNodes) items(n *schema.Node, depth int) error {
	for r.d.More() {
		x, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, x)
	}
	_, _, err := r.token()
	return err
}

func (r *jsonNodes) fields(n *schema.Node, depth int) error {
	first := map[string]int{}
	for r.d.More() {
		t, at, err := r.token()
		if err != nil {
			return err
		}
		e := schema.Entry{Key: fmt.Sprint(t), KeyPos: at}
		if e.Value, err = r.value(depth + 1); err != nil {
			return err
		}
		if line, ok := first[e.Key]; ok {
			r.p.Add(at, "key %q stands here twice (first in line %d); one would silently win", e.Key, line)
			continue
		}
		first[e.Key] = at.Line
		n.Entries = append(n.Entries, e)
	}
	_, _, err := r.token()
	return err
}
