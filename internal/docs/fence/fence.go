// Package fence finds the files that a Markdown page shows in fenced blocks. It
// knows Markdown only, so that whoever checks the pages can use it.
package fence

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Block is a fenced block of a page.
type Block struct {
	Language string // the first word behind the fence, such as yaml
	File     string // the name of the file that it shows, "" for a part of one
	Text     string
}

var (
	block = regexp.MustCompile("(?ms)^```(\\w+)(?: +(\\S+))?\n(.*?)^```$")
	name  = regexp.MustCompile(`\A# (\S+\.(?:yaml|yml))\n`)
)

// Blocks lists the fenced blocks of a page that name their language. A block
// shows a file when a name follows the language, or when its first line is a
// comment with the name of a YAML file.
func Blocks(page string) []Block {
	var l []Block
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		b := Block{Language: m[1], File: m[2], Text: m[3]}
		if first := name.FindStringSubmatch(b.Text); first != nil && b.File == "" {
			b.File = first[1]
		}
		l = append(l, b)
	}
	return l
}

// WriteFiles writes the files that the Markdown pages below a folder show into
// another: those of checks.md into the folder checks, those of a README beside
// its page's folder, where a suite's file counts for all of them. It gives the
// paths of the files.
func WriteFiles(pages fs.FS, into string) ([]string, error) {
	var written []string
	err := fs.WalkDir(pages, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		page, err := fs.ReadFile(pages, path)
		if err != nil {
			return err
		}
		folder := strings.TrimSuffix(strings.TrimSuffix(path, ".md"), "README")
		for _, b := range Blocks(string(page)) {
			if b.File == "" {
				continue
			}
			file := filepath.Join(into, filepath.FromSlash(folder), filepath.FromSlash(b.File))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, []byte(b.Text), 0o600); err != nil {
				return err
			}
			written = append(written, file)
		}
		return nil
	})
	return written, err
}
