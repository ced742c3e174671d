package expr

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

func callToJSON(c *call) (any, error) {
	s, err := compact(c.args[0])
	if err != nil {
		return nil, c.failed(err)
	}
	return s, nil
}

func callFromJSON(c *call) (any, error) {
	switch c.args[0].(type) {
	case map[string]any, []any:
		return nil, c.faultf("its argument is a %s already; leave from_json() out", typeName(c.args[0]))
	}
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	err = dec.Decode(&v)
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil, c.faultf("the text is empty, which is no JSON")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, c.faultf("the text is not JSON: it ends too early")
	case errors.As(err, &syntax):
		return nil, c.faultf("the text is not JSON: %s: %v", placeIn(s, int(syntax.Offset)-1), err)
	case err != nil:
		return nil, c.faultf("the text is not JSON: %v", err)
	}
	end := int(dec.InputOffset())
	if rest := strings.TrimLeft(s[end:], " \t\r\n"); rest != "" {
		return nil, c.faultf("the text is not JSON: %s: something follows the value", placeIn(s, len(s)-len(rest)))
	}
	return v, nil
}

// placeIn says where an offset in bytes is, for a person.
func placeIn(s string, offset int) string {
	before := s[:max(0, min(offset, len(s)))]
	line := strings.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("line %d, character %d", 1+strings.Count(before, "\n"), 1+utf8.RuneCountInString(before[line:]))
}

func callBase64(c *call) (any, error) {
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	if err := checkText(base64.StdEncoding.EncodedLen(len(s))); err != nil {
		return nil, c.failed(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

var oneAlphabet = strings.NewReplacer("-", "+", "_", "/")

func callFromBase64(c *call) (any, error) {
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(oneAlphabet.Replace(strings.TrimSpace(s)), "="))
	if err != nil {
		return nil, c.faultf("the text is not base64: %v", err)
	}
	return string(b), nil
}

func callSHA256(c *call) (any, error) {
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:]), nil
}

// readFile reads a path that is relative to the scope's folder.
func (c *call) readFile(name string) (content, at string, err error) {
	at = filepath.FromSlash(name)
	if !filepath.IsAbs(at) && c.frame.scope != nil {
		at = filepath.Join(c.frame.scope.Dir, at)
	}
	info, err := os.Stat(at)
	switch {
	case name == "":
		return "", "", c.faultf("the path is empty")
	case errors.Is(err, fs.ErrNotExist):
		return "", "", &fault{msg: fmt.Sprintf("%s(): there is no file %s%s", c.name, at, besides(at)), cause: err}
	case err != nil:
		return "", "", c.failed(err)
	case info.IsDir():
		return "", "", c.faultf("%s is a folder, not a file", at)
	case !info.Mode().IsRegular():
		return "", "", c.faultf("%s is not a file", at)
	}
	if err := checkText(int(min(info.Size(), maxText+1))); err != nil {
		return "", "", c.faultf("%s: %v", at, err)
	}
	b, err := os.ReadFile(at)
	if err != nil {
		return "", "", c.failed(err)
	}
	return string(b), at, nil
}

// besides says what is there instead of a file that is not, as the end of a
// message.
func besides(path string) string {
	folder := filepath.Dir(path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Sprintf(", nor the folder %s; a path is relative to the file that it stands in", folder)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := nearest.Name(filepath.Base(path), names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; a path is relative to the file that it stands in"
}

func callFile(c *call) (any, error) {
	name, err := c.text(0)
	if err != nil {
		return nil, err
	}
	content, _, err := c.readFile(name)
	if err != nil {
		return nil, err
	}
	return content, nil
}

func callRender(c *call) (any, error) {
	name, err := c.text(0)
	if err != nil {
		return nil, err
	}
	return c.frame.render(c, name)
}

// maxRender is how deep files may render files.
const maxRender = 10

// renderFile is render(). The functions reach it through the frame, since it
// needs the parser and the parser needs them.
func renderFile(c *call, name string) (any, error) {
	if c.frame.depth >= maxRender {
		return nil, c.faultf("%s: more than %d files render one another", name, maxRender)
	}
	content, at, err := c.readFile(name)
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(content) {
		return nil, c.faultf("%s is not UTF-8 text", at)
	}
	t, err := ParseTemplate(content)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		return nil, c.faultf("%s: %s: %s", at, placeIn(content, syntax.Offset), syntax.Msg)
	}
	inside := *c.frame
	scope := Scope{}
	if inside.scope != nil {
		scope = *inside.scope
	}
	scope.Dir = filepath.Dir(at)
	inside.scope, inside.root, inside.depth = &scope, scopeRoot{&scope}, inside.depth+1
	s, err := t.text(c.ctx, &inside)
	if err != nil {
		return nil, &fault{msg: fmt.Sprintf("%s(): %s: %v", c.name, at, err), cause: contextError(c.ctx, err)}
	}
	return s, nil
}

// contextError keeps err as a cause only where it is the context's: a missing
// name inside a rendered file must not look like one outside it.
func contextError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.New(err.Error())
}

func mapText(c *call, f func(string) string) (any, error) {
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	return f(s), nil
}

func callLower(c *call) (any, error) { return mapText(c, strings.ToLower) }
func callUpper(c *call) (any, error) { return mapText(c, strings.ToUpper) }
func callTrim(c *call) (any, error)  { return mapText(c, strings.TrimSpace) }

func callSplit(c *call) (any, error) {
	s, err := c.texts(2)
	if err != nil {
		return nil, err
	}
	if s[1] == "" {
		return nil, c.faultf("the separator is empty")
	}
	if err := c.frame.spend(1 + strings.Count(s[0], s[1])); err != nil {
		return nil, err
	}
	list := []any{}
	for part := range strings.SplitSeq(s[0], s[1]) {
		list = append(list, part)
	}
	return list, nil
}

func callJoin(c *call) (any, error) {
	list, err := c.list(0)
	if err != nil {
		return nil, err
	}
	separator, err := c.text(1)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, c.faultf("joins texts, but element [%d] is %s; text(x) makes text of a value", i, typeName(v))
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
		if err := checkText(b.Len()); err != nil {
			return nil, c.failed(err)
		}
	}
	return b.String(), nil
}

func callReplace(c *call) (any, error) {
	s, err := c.texts(3)
	if err != nil {
		return nil, err
	}
	if s[1] == "" {
		return nil, c.faultf("the text to replace is empty")
	}
	if err := checkText(len(s[0]) + strings.Count(s[0], s[1])*(len(s[2])-len(s[1]))); err != nil {
		return nil, c.failed(err)
	}
	return strings.ReplaceAll(s[0], s[1], s[2]), nil
}

func callLength(c *call) (any, error) {
	switch x := c.args[0].(type) {
	case string:
		return count(utf8.RuneCountInString(x)), nil
	case []any:
		return count(len(x)), nil
	case map[string]any:
		return count(len(x)), nil
	}
	return nil, c.wrong(0, "text, a list or a document")
}

func count(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func callKeys(c *call) (any, error) {
	doc, ok := c.args[0].(map[string]any)
	if !ok {
		return nil, c.wrong(0, "a document")
	}
	list := make([]any, 0, len(doc))
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		list = append(list, k)
	}
	return list, nil
}

func callText(c *call) (any, error) {
	s, err := textOf(c.args[0])
	if err != nil {
		return nil, c.failed(err)
	}
	return s, nil
}

func callNumber(c *call) (any, error) {
	if s, ok := numberText(c.args[0]); ok {
		return json.Number(s), nil
	}
	s, err := c.text(0)
	if err != nil {
		return nil, err
	}
	if !isNumberText(s) {
		hint := "12, -0.5 and 1e3 are numbers"
		if isNumberText(strings.TrimSpace(s)) {
			hint = "number(trim(s)) leaves the blanks out"
		}
		return nil, c.faultf("%s is not a number as JSON writes it; %s", describe(s), hint)
	}
	return json.Number(s), nil
}

// describe quotes a text that is short. A longer one is not cut but left out:
// half of a secret would not be recognised and masked.
func describe(s string) string {
	if len(s) > 60 || bytes.ContainsAny([]byte(s), "\n\r") {
		return fmt.Sprintf("a text of %d bytes", len(s))
	}
	return strconv.Quote(s)
}
