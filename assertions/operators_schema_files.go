package assertions

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxSchema is how many bytes of a schema's file are read.
const maxSchema = 4 << 20

// schemasRead keeps what was read, by the absolute path of a file, or of the file
// and the text of a schema in it: many checks use one schema, and each check is
// read anew at every attempt of its step.
var schemasRead = struct {
	sync.Mutex
	by map[string]*schemaRead
}{by: map[string]*schemaRead{}}

// schemaRead is what was made of a schema, and of the files it refers to.
type schemaRead struct {
	shown    string // the path under which problems name its file
	stamps   []stamp
	schema   *jsonSchema // nil when something is wrong
	problems schema.Problems
}

// stamp is what a file was when it was read; without info it was not there.
type stamp struct {
	path string
	info fs.FileInfo
}

// current says whether no file has changed since.
func (f *schemaRead) current() bool {
	for _, s := range f.stamps {
		info, err := os.Stat(s.path)
		switch {
		case err != nil || s.info == nil:
			if err == nil || s.info != nil {
				return false
			}
		case !os.SameFile(info, s.info) || info.Size() != s.info.Size() || !info.ModTime().Equal(s.info.ModTime()):
			return false
		}
	}
	return true
}

// schemaOfFile reads the schema in the file that a node names.
func schemaOfFile(n *schema.Node, p *schema.Problems) *jsonSchema {
	shown := n.Scalar
	if !filepath.IsAbs(shown) {
		shown = filepath.Join(filepath.Dir(n.Pos.File), filepath.FromSlash(shown))
	}
	if strings.HasPrefix(n.Scalar, "http://") || strings.HasPrefix(n.Scalar, "https://") {
		p.Add(n.Pos, "nothing is read from the network: save the schema in a file beside this one and write its name")
		return nil
	}
	path, err := filepath.Abs(shown)
	if err != nil {
		p.Add(n.Pos, "%q is not the path of a file: %v", n.Scalar, err)
		return nil
	}
	if why := notReadable(path); why != "" {
		hint := schema.NearFile(path, nil)
		if strings.Contains(n.Scalar, "#") {
			hint = fmt.Sprintf("; to use a part of a file write schema: {$ref: %q}", n.Scalar)
		}
		p.Add(n.Pos, "schema: %s (looked at %s)%s", why, filepath.ToSlash(shown), hint)
		return nil
	}
	schemasRead.Lock()
	defer schemasRead.Unlock()
	f := schemasRead.by[path]
	if f == nil || f.shown != shown || !f.current() {
		f = readSchemaFile(path, shown, n.Scalar)
		schemasRead.by[path] = f
	}
	p.Merge(&f.problems)
	return f.schema
}

func readSchemaFile(path, shown, named string) *schemaRead {
	f := &schemaRead{shown: shown}
	b := newSchemaBuild(shown, &f.problems)
	b.named = named
	if n := b.read(path); n != nil {
		f.schema = b.build(n, fileURL(path))
	}
	f.stamps = b.stamps
	return f
}

// notReadable says why a file cannot be read as a schema; "" when it can be tried.
func notReadable(path string) string {
	info, err := os.Stat(path)
	name := filepath.Base(path)
	switch {
	case err != nil:
		return fmt.Sprintf("there is no file %q", name)
	case info.IsDir():
		return fmt.Sprintf("%q is a folder, not a file", name)
	case !info.Mode().IsRegular():
		return fmt.Sprintf("%q is not a regular file", name)
	case info.Size() > maxSchema:
		return fmt.Sprintf("%q has more than %d MiB, which is the most that is read of a schema", name, maxSchema>>20)
	}
	return ""
}

// read reads a file into nodes; nil when it cannot be, which is told at its place.
func (b *schemaBuild) read(path string) *schema.Node {
	shown := b.shown(path)
	info, err := os.Stat(path)
	b.stamps = append(b.stamps, stamp{path, info})
	whole := schema.Pos{File: shown}
	if err != nil {
		b.p.Add(whole, "cannot be read: %v", err)
		return nil
	}
	src, err := readBounded(path)
	if err != nil {
		b.p.Add(whole, "cannot be read: %v", err)
		return nil
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".json", ext != ".yaml" && ext != ".yml" && bytes.HasPrefix(bytes.TrimSpace(src), []byte("{")):
		return nodeOfJSON(shown, src, b.p)
	}
	before := b.p.Errors()
	docs := schema.ReadDocuments(shown, src, b.p)
	switch {
	case b.p.Errors() > before:
		return nil
	case len(docs) != 1:
		b.p.Add(whole, "one JSON Schema belongs here, as JSON or YAML; the file holds %d documents", len(docs))
		return nil
	}
	docs[0].Walk(func(x *schema.Node) {
		if x.Open() {
			b.p.Add(x.Pos, "this file is data, so nothing in it is evaluated: write $${ to mean the text ${, or put the schema into the check itself")
		}
	})
	if b.p.Errors() > before {
		return nil
	}
	return docs[0]
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSchema+1))
	if err == nil && len(src) > maxSchema {
		err = fmt.Errorf("it has more than %d MiB", maxSchema>>20)
	}
	return src, err
}

// shown is how messages name a file: as the user's own paths do, from the
// working folder where those are.
func (b *schemaBuild) shown(path string) string {
	if !filepath.IsAbs(b.file) {
		if wd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(wd, path); err == nil {
				path = rel
			}
		}
	}
	return filepath.ToSlash(path)
}

// fileURL is the URL of an absolute path.
func fileURL(path string) *url.URL {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive of Windows
	}
	return &url.URL{Scheme: "file", Path: path}
}

// pathOf is the path of a file URL; "" for others.
func pathOf(u *url.URL) string {
	if u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return ""
	}
	path := u.Path
	if len(path) > 2 && path[2] == ':' {
		path = path[1:]
	}
	return filepath.FromSlash(path)
}
