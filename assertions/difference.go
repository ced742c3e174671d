package assertions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

const (
	maxDifferences  = 50 // gathered
	saidDifferences = 10 // listed in a message
)

// Differences lists in which fields got differs from want, in a fixed order and
// at most 50 of them; nil when they are the same. Numbers compare exactly,
// nothing is converted. With partial, fields that want does not name are
// ignored at every depth; lists are compared element by element all the same.
func Differences(want, got any, partial bool) []Difference {
	d := differ{partial: partial, most: maxDifferences}
	d.value("", want, got)
	return d.found
}

type differ struct {
	partial bool
	most    int // how many are gathered
	found   []Difference
}

func (d *differ) full() bool { return len(d.found) >= d.most }

func (d *differ) add(path, kind string, want, got any) {
	if d.full() {
		return
	}
	switch {
	case path == "":
		path = "$"
	case path[0] == '[':
		path = "$" + path
	}
	d.found = append(d.found, Difference{Path: path, Expected: want, Found: got, Kind: kind})
}

func (d *differ) value(path string, want, got any) {
	if d.full() {
		return
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			d.mapping(path, w, g)
			return
		}
	case []any:
		if g, ok := got.([]any); ok {
			d.list(path, w, g)
			return
		}
	}
	switch {
	case kindName(want) != kindName(got):
		d.add(path, Type, want, got)
	case !expr.Equal(want, got):
		d.add(path, Changed, want, got)
	}
}

func (d *differ) mapping(path string, want, got map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[k]; ok {
			d.value(childPath(path, k), want[k], g)
		} else {
			d.add(childPath(path, k), Missing, want[k], nil)
		}
	}
	if d.partial {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			d.add(childPath(path, k), Extra, nil, got[k])
		}
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`) // as paths read names

func childPath(path, key string) string {
	switch {
	case !plainName.MatchString(key):
		return path + "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(key) + "']"
	case path == "":
		return key
	}
	return path + "." + key
}

// sayDifferences lists differing fields for a message.
func sayDifferences(l []Difference) string {
	said := make([]string, 0, saidDifferences+1)
	for _, d := range l[:min(len(l), saidDifferences)] {
		said = append(said, d.say())
	}
	if more := len(l) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %s%d more", atLeast(len(l)), more))
	}
	return strings.Join(said, "; ")
}

func sayCount(n int) string {
	if n == 1 {
		return "1 difference"
	}
	return fmt.Sprintf("%s%d differences", atLeast(n), n)
}

// atLeast is for a number of differences: no more are gathered.
func atLeast(n int) string {
	if n >= maxDifferences {
		return "at least "
	}
	return ""
}

func (d Difference) say() string {
	if d.Message != "" {
		return d.Message
	}
	switch d.Kind {
	case Missing:
		return fmt.Sprintf("%s is missing, expected %s", d.Path, showShort(d.Expected))
	case Extra:
		return fmt.Sprintf("%s was not expected, found %s", d.Path, showShort(d.Found))
	case Type:
		return fmt.Sprintf("%s: expected %s, found %s", d.Path, showTyped(d.Expected), showTyped(d.Found))
	}
	if _, ok := d.Expected.(string); ok {
		want, got := showPair(d.Expected, d.Found)
		return fmt.Sprintf("%s: expected %s, found %s%s", d.Path, want, got, sayWhereTextsPart(d.Expected, d.Found))
	}
	return fmt.Sprintf("%s: expected %s, found %s", d.Path, showShort(d.Expected), showShort(d.Found))
}
