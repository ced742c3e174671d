package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxFile is how many bytes of a schema's file are read.
const maxFile = 4 << 20

// readFile reads the schema in a file, as JSON or YAML.
func readFile(path string) (document, error) {
	shown := filepath.Base(path)
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("it has more than %d MiB", maxFile>>20)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return document{}, fmt.Errorf("the schema in %s cannot be read: %w", shown, err)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml":
		if text, err = fromYAML(path, text); err != nil {
			return document{}, fmt.Errorf("the schema in %s cannot be read: %w", shown, err)
		}
	}
	return document{shown: "the schema in " + shown, text: text}, nil
}

// fromYAML gives the one document of a YAML file as JSON.
func fromYAML(path string, text []byte) ([]byte, error) {
	var p schema.Problems
	docs := schema.ReadDocuments(path, text, &p)
	for _, d := range docs {
		d.Walk(func(n *schema.Node) {
			if n.Open() {
				p.Add(n.Pos, "this file is data, so nothing in it is evaluated: write $${ to mean the text ${")
			}
		})
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("one schema belongs there, and the file holds %d documents", len(docs))
	}
	return json.Marshal(docs[0].Value())
}
