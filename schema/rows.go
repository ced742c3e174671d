package schema

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Row is one row of a file of data: a value for each of its columns.
type Row struct {
	Pos    Pos
	Values map[string]any
}

// ReadRows reads the rows of a .csv, .json or .yaml file that is named at a
// place; its path counts from that place's file. Values of CSV are text, those
// of JSON and YAML what they are; none is an expression. A file without a row
// is a problem.
func ReadRows(name string, at Pos, p *Problems) []Row {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(at.File), filepath.FromSlash(name))
	}
	src, err := readData(path)
	if err != nil {
		p.Add(at, "%s: %s", name, reason(err))
		return nil
	}
	shown := filepath.ToSlash(path)
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !utf8.Valid(src) {
		p.Add(Pos{File: shown}, "this is not UTF-8 text; save it as UTF-8")
		return nil
	}
	before := p.Errors()
	var rows []Row
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		rows = csvRows(shown, src, p)
	case ".json":
		rows = jsonRows(shown, src, p)
	case ".yaml", ".yml":
		rows = yamlRows(shown, src, p)
	default:
		p.Add(at, "cases come from a .csv, .json or .yaml file, not from %q", filepath.Base(name))
		return nil
	}
	if len(rows) == 0 && p.Errors() == before {
		p.Add(Pos{File: shown}, "no row stands in this file, so nothing of the scenario would run")
	}
	return rows
}

// maxData bounds a file of data, in bytes.
const maxData = 32 << 20

func readData(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Size() > maxData:
		return nil, fmt.Errorf("it has %d MB; at most %d are read", info.Size()>>20, maxData>>20)
	}
	return os.ReadFile(path)
}

func csvRows(file string, src []byte, p *Problems) []Row {
	r := csv.NewReader(bytes.NewReader(src))
	var header []string
	var rows []Row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if len(record) == 0 {
			csvProblem(file, err, p)
			return rows
		}
		line, col := r.FieldPos(0)
		at := Pos{File: file, Line: line, Col: col}
		switch {
		case header == nil && err == nil:
			header = csvHeader(r, file, record, p)
		case errors.Is(err, csv.ErrFieldCount):
			p.Add(at, "this row has %s, the header has %d; a value with a comma in it needs quotes", CountOf(len(record), "value"), len(header))
		case err != nil:
			csvProblem(file, err, p)
			return rows
		default:
			row := Row{Pos: at, Values: make(map[string]any, len(header))}
			for i, name := range header {
				row.Values[name] = record[i]
			}
			rows = append(rows, row)
		}
	}
}

// csvHeader checks the names of the columns.
func csvHeader(r *csv.Reader, file string, record []string, p *Problems) []string {
	seen := map[string]bool{}
	header := make([]string, len(record))
	for i, name := range record {
		line, col := r.FieldPos(i)
		header[i] = strings.TrimSpace(name)
		switch at := (Pos{File: file, Line: line, Col: col}); {
		case header[i] == "":
			p.Add(at, "column %d has no name; the first line of the file names the columns", i+1)
		case seen[header[i]]:
			p.Add(at, "the column %q stands there twice", header[i])
		}
		seen[header[i]] = true
	}
	return header
}

func csvProblem(file string, err error, p *Problems) {
	var bad *csv.ParseError
	if !errors.As(err, &bad) {
		p.Add(Pos{File: file}, "cannot be read as CSV: %v", err)
		return
	}
	hint := ""
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		hint = `a " inside a value: put the whole value into quotes and write "" for each quote in it`
	case errors.Is(err, csv.ErrQuote):
		hint = `a quoted value does not end with a " before the next comma or line, or has a single " in it; write "" for a quote inside`
	default:
		hint = bad.Err.Error()
	}
	p.Add(Pos{File: file, Line: bad.Line, Col: bad.Column}, "cannot be read as CSV: %s", hint)
}

func jsonRows(file string, src []byte, p *Problems) []Row {
	var raw json.RawMessage
	var bad *json.SyntaxError
	if err := json.Unmarshal(src, &raw); errors.As(err, &bad) { // it knows the place, which the decoder below loses
		said := inWords(err)
		if bad.Offset >= int64(len(bytes.TrimSpace(src))) && strings.HasPrefix(said, "unexpected end") {
			said = "the file ends in the middle"
		}
		p.Add(offsetPos(file, src, bad.Offset-1), "cannot be read as JSON: %s", said)
		return nil
	}
	if key, at := twice(json.NewDecoder(bytes.NewReader(src))); key != "" {
		p.Add(offsetPos(file, src, at), "the key %q stands there twice; one would silently win", key)
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		p.Add(Pos{File: file}, "cannot be read as JSON: %s", inWords(err))
		return nil
	}
	if first != json.Delim('[') {
		p.Add(offsetPos(file, src, 0), "cases come from a list of mappings, [{…}, {…}]")
		return nil
	}
	var rows []Row
	for d.More() {
		at := offsetPos(file, src, nextValue(src, d.InputOffset()))
		var v any
		if err := d.Decode(&v); err != nil {
			p.Add(at, "cannot be read as JSON: %s", inWords(err))
			return nil
		}
		m, ok := v.(map[string]any)
		if !ok {
			p.Add(at, "each case is a mapping of names to values, {\"claim\": \"A1\"}")
			continue
		}
		rows = append(rows, Row{Pos: at, Values: m})
	}
	return rows
}

// twice finds a key that an object of valid JSON has twice, and where it ends.
func twice(d *json.Decoder) (key string, at int64) {
	t, err := d.Token()
	if err != nil || t != json.Delim('{') && t != json.Delim('[') {
		return "", 0
	}
	seen := map[string]bool{}
	for d.More() {
		if t == json.Delim('{') {
			k, _ := d.Token()
			name, _ := k.(string)
			if seen[name] {
				return name, d.InputOffset() - 1
			}
			seen[name] = true
		}
		if key, at = twice(d); key != "" {
			return key, at
		}
	}
	_, _ = d.Token() // the closing bracket of valid JSON
	return "", 0
}

// inWords says what is wrong with JSON text, for readers who know no parser.
func inWords(err error) string {
	said := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.EOF) {
		return "the file is empty"
	}
	for _, x := range []struct{ after, means string }{
		{"after object key:value pair", "a comma or a } is missing before this"},
		{"after object key", "a colon is missing before this"},
		{"after array element", "a comma or a ] is missing before this"},
		{"looking for beginning of object key string", "a key in double quotes is missing here; the last pair takes no comma behind it"},
		{"looking for beginning of value", "a value is missing here; text stands in double quotes"},
	} {
		if strings.HasSuffix(said, x.after) {
			return x.means
		}
	}
	return said
}

// nextValue skips to where the next element of a list begins.
func nextValue(src []byte, from int64) int64 {
	for from < int64(len(src)) && strings.ContainsRune(" \t\r\n,", rune(src[from])) {
		from++
	}
	return from
}

// offsetPos is the place of a byte.
func offsetPos(file string, src []byte, at int64) Pos {
	before := src[:max(0, min(at, int64(len(src))))]
	line := bytes.Count(before, []byte("\n")) + 1
	begin := bytes.LastIndexByte(before, '\n') + 1
	return Pos{File: file, Line: line, Col: utf8.RuneCount(before[begin:]) + 1}
}

func yamlRows(file string, src []byte, p *Problems) []Row {
	docs := ReadDocuments(file, src, p)
	if len(docs) != 1 || docs[0].Kind != List {
		if len(docs) > 0 {
			p.Add(docs[0].Pos, "cases come from one list of mappings")
		}
		return nil
	}
	var rows []Row
	for _, n := range docs[0].Items {
		n.Walk(func(x *Node) {
			if x.Open() {
				p.Add(x.Pos, "this file is data, so nothing in it is evaluated: write the expression into the scenario, or $${ to mean the text ${")
			}
		})
		if n.Kind != Map {
			p.Add(n.Pos, "each case is a mapping of names to values, found %s", describe(n))
			continue
		}
		rows = append(rows, Row{Pos: n.Pos, Values: n.Value().(map[string]any)})
	}
	return rows
}

// CountOf writes a number and its noun for a message: 1 row, 2 rows.
func CountOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
