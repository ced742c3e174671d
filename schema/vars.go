package schema

import "path/filepath"

// ReadVars reads a YAML or JSON file of vars: a mapping of names to values,
// which may hold expressions.
func ReadVars(file string, p *Problems) map[string]*Node {
	at := Pos{File: filepath.ToSlash(file)}
	src, err := readFile(file)
	if err != nil {
		p.Add(at, "%s", reason(err))
		return nil
	}
	docs := ReadDocuments(at.File, src, p)
	if len(docs) != 1 || docs[0].Kind != Map {
		if len(docs) > 0 {
			at = docs[len(docs)-1].Pos
		}
		p.Add(at, "a file of vars is one mapping of names to values")
		return nil
	}
	vars := map[string]*Node{}
	for _, e := range docs[0].Entries {
		vars[e.Key] = e.Value
	}
	return vars
}
