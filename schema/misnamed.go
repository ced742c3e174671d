package schema

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// Files that nobody would read because of their names.

// lookedAt is how many bytes of a YAML file are looked at to see whether it is
// a scenario.
const lookedAt = 16 << 10

var (
	firstKey = regexp.MustCompile(`(?m)^scenario:[ \t]+[^\s{\[]`)
	phaseKey = regexp.MustCompile(`(?m)^(arrange|act|assert|cases):`)
)

// warnOfName warns of a file that was probably meant to be found.
func (d *discovery) warnOfName(at, name string) {
	ext := filepath.Ext(name)
	lower := strings.ToLower(ext)
	if lower != ".yaml" && lower != ".yml" || name == SuiteFile || IsStepsFile(name) {
		return
	}
	stem := strings.TrimSuffix(name, ext)
	if nearest.Slip(stem, "rehearse") || nearest.Slip(stem, ".rehearse") {
		d.warnOfSuiteName(at)
		return
	}
	before, part := "", stem
	if i := strings.LastIndexAny(stem, "._- "); i >= 0 {
		before, part = stem[:i+1], stem[i+1:]
	}
	named := nearest.Slip(part, "scenario") || nearest.Slip(part, "scenarios")
	if !(named && strings.HasSuffix(before, ".")) && !holdsScenario(at) {
		return
	}
	switch {
	case !named:
		stem += ".scenario.yaml"
	case before == "":
		stem = "NAME.scenario.yaml"
	default:
		stem = before[:len(before)-1] + ".scenario.yaml"
	}
	d.p.Warn(Pos{File: Shown(at)}, "this looks like a scenario file, but its name does not make it one, so it is not read; call it %s", stem)
}

func (d *discovery) warnOfSuiteName(at string) {
	if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() {
		d.p.Warn(Pos{File: Shown(at)}, "this looks like a suite's file, but such a file is named %s, so this one is not read", SuiteFile)
	}
}

// holdsScenario says whether a file has the keys of a scenario.
func holdsScenario(at string) bool {
	f, err := os.Open(at)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, lookedAt))
	return err == nil && firstKey.Match(head) && phaseKey.Match(head)
}
