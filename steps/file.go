package steps

import (
	"os"
	"path/filepath"

	"github.com/rehearse-dev/rehearse/schema"
)

// File is a path that a user's file names, relative to that file. A literal
// one must exist before anything runs.
type File string

// ReadNode resolves the path.
func (f *File) ReadNode(n *schema.Node, p *schema.Problems) {
	if n.Open() {
		return
	}
	if n.Kind != schema.Text || n.Scalar == "" {
		found := n.Kind.String()
		if n.Kind == schema.Text {
			found = "empty text"
		}
		p.Add(n.Pos, "expected the path of a file, found %s", found)
		return
	}
	path := n.Scalar
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(n.Pos.File), path)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		p.Add(n.Pos, "there is no file %q (looked at %s)%s", n.Scalar, filepath.ToSlash(path), schema.NearFile(path, nil))
	case info.IsDir():
		p.Add(n.Pos, "%q is a folder, not a file", n.Scalar)
	default:
		*f = File(path)
	}
}

func (File) String() string { return "the path of a file" }

// EditorSchema describes the parameter to editors.
func (File) EditorSchema() map[string]any { return map[string]any{"type": "string"} }
