package runner_test

import (
	"bytes"
	"io/fs"
	"maps"
	"path"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
	"github.com/rehearse-dev/rehearse/runner/report"
	"github.com/rehearse-dev/rehearse/scenarios"
)

// TestSuitesPass runs every suite in scenarios against the healthy systems.
func TestSuitesPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStage(t, sandbox.Options{Templates: scenarios.Templates}, "../scenarios").run()
		if r.code != runner.ExitPassed || len(r.ends()) < 10 {
			t.Errorf("exit code %d with %d cases\n%s", r.code, len(r.ends()), r.text)
		}
		r.clean(t)
	})
}

// TestFaultsAreNoticed breaks each system in each of its ways: some case must
// fail, none may be an error of ours, and nothing may be left. What a template
// calls harmless must be passed over.
func TestFaultsAreNoticed(t *testing.T) {
	for _, system := range systems(t, scenarios.Templates) {
		template, err := fs.ReadFile(scenarios.Templates, path.Join(system, "template.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		faults, err := sandbox.Faults(template)
		if err != nil {
			t.Fatal(err)
		}
		harmless, err := sandbox.HarmlessFaults(template)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range slices.DeleteFunc(faults, func(f string) bool { return f == "none" }) {
			t.Run(system+"/"+fault, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newStage(t, sandbox.Options{Templates: scenarios.Templates, Faults: map[string]string{system: fault}}, "../scenarios/"+system).run()
					ends := slices.Collect(maps.Values(r.ends()))
					if slices.Contains(harmless, fault) {
						if r.code != runner.ExitPassed {
							t.Errorf("exit code %d\n%s", r.code, r.text)
						}
					} else if r.code != runner.ExitFailed || !slices.Contains(ends, event.Failed) || slices.Contains(ends, event.Errored) {
						t.Errorf("exit code %d\n%s", r.code, r.text)
					}
					r.clean(t)
				})
			})
		}
	}
}

// TestSilentPluginIsExplained holds the message that a silent application gets.
func TestSilentPluginIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newStage(t, sandbox.Options{Templates: scenarios.Templates, Faults: map[string]string{"video-plugins": "silent"}}, "../scenarios/video-plugins").run()
		wants(
			t, r.text, "no event matched within 20s", "nothing arrived", "completion.scenario.yaml:28:5",
			"count: expected equals 1, found 0", "exactly one completion, within the SLA",
		)
	})
}

// TestJUnitIsRebuiltFromTheStream builds the report again from the recorded
// events alone, of a run in which much goes wrong.
func TestJUnitIsRebuiltFromTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := map[string]string{"video-plugins": "late", "image-metadata": "denied", "audit-log": "written-twice"}
		r := newStage(t, sandbox.Options{Templates: scenarios.Templates, Faults: faults}, "../scenarios").run()
		again := report.NewJUnit()
		if err := event.Read(bytes.NewReader(r.json), again); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := again.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), r.junit) || len(r.junit) < 10_000 {
			t.Errorf("the rebuilt report differs:\n%s\nfrom the live one:\n%s", b.Bytes(), r.junit)
		}
	})
}
