package runner_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rehearse-dev/rehearse/internal/sandbox"
	"github.com/rehearse-dev/rehearse/runner"
	"github.com/rehearse-dev/rehearse/runner/event"
)

// virtually runs a scenario in a bubble and says how long it took there.
func virtually(t *testing.T, scenario string, beside map[string]string, check func(t *testing.T, r result, took time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := performWith(t, sandbox.Options{}, scenario, func(s *stage) {
			for name, text := range beside {
				if err := os.WriteFile(filepath.Join(s.paths[0], name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
		r.clean(t)
		check(t, r, time.Since(start))
	})
}

// statuses says how the steps ended whose places begin so.
func statuses(r result, places string) map[string]event.Status {
	m := map[string]event.Status{}
	for place, f := range r.steps() {
		if strings.HasPrefix(place, places) {
			m[place] = f.Status
		}
	}
	return m
}

func TestForEachRunsInOrderInActAndTogetherInAssert(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - wait: 1s
    for_each: [a, b, c]
assert:
  - wait: 1s
    for_each: range(50)
  - check: each.value == each.index
    for_each: {items: "range(3)"}
`, nil, func(t *testing.T, r result, took time.Duration) {
		if r.code != runner.ExitPassed || took < 4*time.Second || took > 5*time.Second {
			t.Errorf("exit code %d after %s\n%s", r.code, took, r.text)
		}
	})
}

func TestForEachKeepsItsConcurrencyAndRate(t *testing.T) {
	for name, c := range map[string]struct {
		how  string
		took time.Duration
	}{
		"two at once":        {"{items: 'range(6)', concurrency: 2}", 30 * time.Second},
		"one every 2 s":      {"{items: 'range(6)', rate: 0.5}", 20 * time.Second},
		"rate and one a go":  {"{items: 'range(3)', rate: 100, concurrency: 1}", 30 * time.Second},
		"all at once, given": {"{items: 'range(6)', concurrency: 6}", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, "scenario: S\nact:\n  - wait: 10s\n    for_each: "+c.how+"\nassert:\n  - check: true\n", nil,
				func(t *testing.T, r result, took time.Duration) {
					if r.code != runner.ExitPassed || took.Round(time.Second) != c.took {
						t.Errorf("exit code %d after %s\n%s", r.code, took, r.text)
					}
				})
		})
	}
}

func TestForEachGivesTheListOfResults(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - set: {n: "${each.value * 10}"}
    for_each: [1, 2, 9007199254740993]
    when: each.value != 2
    id: tens
  - set: {n: 1}
    for_each: []
    id: none
assert:
  - check: tens[0].n == 10 && tens[1] == null && tens[2].n == 90071992547409930 && length(tens) == 3
  - check: length(none) == 0
`, nil, func(t *testing.T, r result, _ time.Duration) {
		if r.code != runner.ExitPassed {
			t.Error(r.text)
		}
	})
}

func TestForEachStopsInActAndGoesOnInAssert(t *testing.T) {
	virtually(t, `
scenario: S
assert:
  - check: each.value != 1
    for_each: [0, 1, 2]
`, nil, func(t *testing.T, r result, _ time.Duration) {
		got := statuses(r, "assert/")
		if r.code != runner.ExitFailed || got["assert/0/0"] != event.Passed || got["assert/0/1"] != event.Failed || got["assert/0/2"] != event.Passed || got["assert/0"] != event.Failed {
			t.Error(got, r.text)
		}
		wants(t, r.text, "assert step 1, turn 2: check", "each.value is 1")
	})
	virtually(t, `
scenario: S
act:
  - check: each.value != 1
    for_each: [0, 1, 2]
assert:
  - check: true
`, nil, func(t *testing.T, r result, _ time.Duration) {
		got := statuses(r, "act/")
		if _, ran := got["act/0/2"]; r.code != runner.ExitFailed || ran || got["act/0"] != event.Failed || statuses(r, "assert/")["assert/0"] != event.NotRun {
			t.Error(got, r.text)
		}
	})
}

func TestForEachRefusesWhatIsNoList(t *testing.T) {
	for name, c := range map[string]struct{ items, says string }{
		"nothing to check":    {"${from_json('[]')}", "for_each has an empty list, so nothing would be checked"},
		"a text":              {"${lower('A')}", `found the text "a"`},
		"a mapping":           {"${from_json('{}')}", "found a mapping"},
		"a bad concurrency":   {"{items: [1], concurrency: '${0 + 0}'}", "concurrency is how many turns run at once, at least 1, found 0"},
		"a missing field":     {"${vars.list.nope}", `"nope"`},
		"every turn is false": {"{items: [1, 2]}", "every step of assert was skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, "scenario: S\nvars: {list: {a: 1}}\nassert:\n  - check: true\n    when: each.value > 2\n    for_each: "+c.items+"\n", nil,
				func(t *testing.T, r result, _ time.Duration) {
					if slices.Contains([]event.Status{event.Passed}, r.finish(t).Status) {
						t.Error("passed:", r.text)
					}
					wants(t, r.text, c.says)
				})
		})
	}
}

func TestForEachThatRunsOutOfTimeIsAnError(t *testing.T) {
	virtually(t, `
scenario: S
timeout: 25s
act:
  - wait: 10s
    for_each: range(9)
assert:
  - check: true
`, nil, func(t *testing.T, r result, _ time.Duration) {
		if r.finish(t).Status != event.Errored {
			t.Error(r.text)
		}
		wants(t, r.text, "the scenario's timeout of 25s is used up")
	})
}

func TestParallelRunsTogetherAndWaitsForWhatItUses(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - parallel:
      - wait: 10s
      - wait: 10s
      - set: {n: 1}
        id: one
      - set: {n: "${one.n + 1}"}
        id: two
assert:
  - check: two.n == 2
`, nil, func(t *testing.T, r result, took time.Duration) {
		if r.code != runner.ExitPassed || took.Round(time.Second) != 10*time.Second {
			t.Errorf("exit code %d after %s\n%s", r.code, took, r.text)
		}
	})
}

func TestParallelFinishesAllAndTellsOfEach(t *testing.T) {
	virtually(t, `
scenario: S
assert:
  - set: {n: 1}
    id: base
  - parallel:
      - check: base.n == 2
        id: wrong
      - check: base.n == 1
      - check: wrong.value
      - check: base.n == 3
  - check: wrong.value
`, nil, func(t *testing.T, r result, _ time.Duration) {
		got := statuses(r, "assert/")
		if got["assert/1"] != event.Failed || got["assert/1/0"] != event.Failed || got["assert/1/1"] != event.Passed || got["assert/1/3"] != event.Failed || got["assert/2"] != event.NotRun {
			t.Error(got, r.text)
		}
		wants(t, r.text, "assert step 2, step 1: check", "assert step 2, step 4: check", "waits for wrong, which did not pass")
	})
}

func TestParallelForEachKeepsItsIDsInside(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - parallel:
      - set: {n: "${each.value}"}
        id: mine
      - check: mine.n == each.value
    for_each: {items: [1, 2, 3], concurrency: 3}
assert:
  - check: true
`, nil, func(t *testing.T, r result, _ time.Duration) {
		if r.code != runner.ExitPassed {
			t.Error(r.text)
		}
	})
}

const ordersFile = `
place:
  params: {sku: {required: true}, quantity: {default: "${vars.usual + 1}"}, note: {}}
  steps:
    - set: {sku: "${params.sku}", quantity: "${params.quantity}", note: "${default(params.note, 'none')}"}
      id: order
    - wait: 1s
  result: {order: "${order}", twice: "${order.quantity * 2}"}
  cleanup:
    - set: {forgotten: "${order.sku}"}
      name: forget
fails:
  params: {of: {required: true}}
  steps:
    - set: {n: "${params.of}"}
      id: given
    - check: given.n > 100
      name: is great
    - set: {never: 1}
  cleanup:
    - set: {n: "${given.n}"}
outer:
  params: {sku: {required: true}}
  steps:
    - use: {steps: "orders.steps.yaml#place", with: {sku: "${params.sku}"}}
      id: inner
  result: {sku: "${inner.order.sku}"}
`

func TestUseGivesItsResultAndCleansUp(t *testing.T) {
	virtually(t, `
scenario: S
vars: {usual: 4}
act:
  - use: {steps: "orders.steps.yaml#place", with: {sku: A1}}
    id: placed
    expect: {order.quantity: 5, twice: 10}
  - use: {steps: "orders.steps.yaml#outer", with: {sku: "${each.value}"}}
    for_each: [B1, B2]
    id: more
assert:
  - check: placed.order.sku == "A1" && placed.order.note == "none" && more[1].sku == "B2"
cleanup:
  - set: {a: 1}
`, map[string]string{"orders.steps.yaml": ordersFile}, func(t *testing.T, r result, _ time.Duration) {
		if r.code != runner.ExitPassed {
			t.Fatal(r.text)
		}
		var order []string
		for _, e := range r.events {
			if e.Type == event.StepFinished && strings.Contains(e.Step, "cleanup/") {
				order = append(order, e.Step)
			}
		}
		if want := []string{"cleanup/0", "act/1/1/0/cleanup/0", "act/1/0/0/cleanup/0", "act/0/cleanup/0"}; !slices.Equal(order, want) {
			t.Errorf("cleaned up in the order %v, want %v", order, want)
		}
	})
}

func TestAFailureInsideAUseNamesBothPlaces(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - use: {steps: "orders.steps.yaml#fails", with: {of: 7}}
    id: placed
assert:
  - check: placed.x == 1
`, map[string]string{"orders.steps.yaml": strings.Replace(ordersFile, "    - set: {never: 1}", "    - set: {never: 1}\n  result: {x: \"${given.n}\"}", 1)}, func(t *testing.T, r result, _ time.Duration) {
		got := r.steps()
		if got["act/0/1"].Status != event.Failed || got["act/0"].Status != event.Failed || got["act/0/2"] != nil || got["assert/0"].Status != event.NotRun {
			t.Error(r.text)
		}
		if f := got["act/0/cleanup/0"]; f == nil || f.Status != event.Passed {
			t.Error("the clean-up of what was used did not run")
		}
		wants(t, r.text, `act step 1, step 2: check "is great"`, "orders.steps.yaml:17:7, used at ", "a.scenario.yaml:4:5")
		wants(t, string(r.junit), "used at")
	})
}

func TestASkippedUseHasNoResultAndNoCleanUp(t *testing.T) {
	virtually(t, `
scenario: S
vars: {usual: 1}
act:
  - use: {steps: "orders.steps.yaml#place", with: {sku: A1}}
    id: placed
    when: 1 == 2
assert:
  - check: placed.twice == 2
`, map[string]string{"orders.steps.yaml": ordersFile}, func(t *testing.T, r result, _ time.Duration) {
		wants(t, r.text, "it uses the result of placed, and that step was skipped")
		if len(statuses(r, "act/0/")) > 0 {
			t.Error(r.text)
		}
	})
}

func TestAUseOfWhichAllIsSkippedChecksNothing(t *testing.T) {
	virtually(t, `
scenario: S
assert:
  - use: {steps: "x.steps.yaml#look"}
`, map[string]string{"x.steps.yaml": "look:\n  steps:\n    - check: true\n      when: 1 == 2\n"}, func(t *testing.T, r result, _ time.Duration) {
		if r.finish(t).Status != event.Skipped {
			t.Error(r.text)
		}
	})
}

func TestAttemptTimeoutBoundsAUse(t *testing.T) {
	virtually(t, `
scenario: S
act:
  - use: {steps: "x.steps.yaml#waits"}
    attempt_timeout: 5s
assert:
  - check: true
`, map[string]string{"x.steps.yaml": "waits:\n  steps:\n    - wait: 1m\n"}, func(t *testing.T, r result, took time.Duration) {
		if r.finish(t).Status != event.Errored || took > 10*time.Second {
			t.Error(took, r.text)
		}
		wants(t, r.text, "attempt_timeout of 5s")
	})
}

func TestSuitesUseStepsFiles(t *testing.T) {
	virtually(t, `
scenario: S
assert:
  - check: suite.made.name == "bus-7" && suite.second.b == 2
`, map[string]string{
		"rehearse.yaml": "vars: {n: 7}\narrange:\n  - use: {steps: \"x.steps.yaml#make\", with: {of: bus}}\n    id: made\n  - parallel:\n      - set: {b: 2}\n        id: second\n",
		"x.steps.yaml":  "make:\n  params: {of: {required: true}}\n  steps:\n    - set: {name: \"${params.of}-${vars.n}\"}\n      id: it\n  result: {name: \"${it.name}\"}\n  cleanup:\n    - set: {gone: \"${it.name}\"}\n",
	}, func(t *testing.T, r result, _ time.Duration) {
		if r.code != runner.ExitPassed {
			t.Fatal(r.text)
		}
		cleaned := false
		for place, f := range r.steps() {
			cleaned = cleaned || strings.Contains(place, "arrange/0/cleanup/0") && f.Status == event.Passed
		}
		if !cleaned {
			t.Error("the clean-up of what the suite used did not run", statuses(r, "suite"))
		}
	})
}

const optionalFile = `
opt:
  params: {on: {required: true}}
  steps:
    - set: {a: 1}
      id: s
      when: params.on
  result: {a: "${default(s.a, 7)}"}
`

func TestTheResultOfABlockThatSkippedAllItsStepsIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		scenario string
		status   event.Status
	}{
		"a wrong expectation fails": {"act:\n  - use: {steps: \"x.steps.yaml#opt\", with: {on: false}}\n    expect: {a: 99}\nassert:\n  - check: true\n", event.Failed},
		"a right one holds":         {"act:\n  - use: {steps: \"x.steps.yaml#opt\", with: {on: false}}\n    expect: {a: 7}\n    id: m\nassert:\n  - check: m.a == 7\n", event.Passed},
		"also in assert":            {"assert:\n  - set: {x: 1}\n  - use: {steps: \"x.steps.yaml#opt\", with: {on: false}}\n    expect: {a: 99}\n", event.Failed},
		"and at each turn":          {"act:\n  - use: {steps: \"x.steps.yaml#opt\", with: {on: \"${each.value}\"}}\n    expect: {a: 1}\n    for_each: [true, false]\nassert:\n  - check: true\n", event.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, "scenario: S\n"+c.scenario, map[string]string{"x.steps.yaml": optionalFile}, func(t *testing.T, r result, _ time.Duration) {
				if got := r.finish(t).Status; got != c.status {
					t.Errorf("%s, want %s\n%s", got, c.status, r.text)
				}
			})
		})
	}
}

func TestWhatChecksNothingDoesNotMakeUpForSkippedChecks(t *testing.T) {
	for name, assert := range map[string]string{
		"a wait":         "  - check: 1 == 2\n    when: 1 == 2\n  - wait: 1ms\n",
		"a set":          "  - check: 1 == 2\n    when: 1 == 2\n  - set: {a: 1}\n",
		"inside a use":   "  - use: {steps: \"x.steps.yaml#look\"}\n",
		"inside a turn":  "  - check: true\n    when: each.value == 3\n    for_each: [1, 2]\n  - wait: 1ms\n",
		"in a parallel":  "  - parallel:\n      - set: {a: 1}\n      - check: 1 == 2\n        when: 1 == 2\n",
		"beside a block": "  - use: {steps: \"x.steps.yaml#look\"}\n  - wait: 1ms\n",
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, "scenario: S\nassert:\n"+assert, map[string]string{"x.steps.yaml": "look:\n  steps:\n    - set: {a: 1}\n    - check: true\n      when: 1 == 2\n"}, func(t *testing.T, r result, _ time.Duration) {
				if got := r.finish(t).Status; got != event.Skipped {
					t.Errorf("%s, want skipped\n%s", got, r.text)
				}
				wants(t, r.text, "that checks something was skipped")
			})
		})
	}
}

func TestAFailedCleanUpOfABlockNamesBothPlaces(t *testing.T) {
	virtually(t, "scenario: S\nact:\n  - use: {steps: \"x.steps.yaml#make\"}\nassert:\n  - check: true\n",
		map[string]string{"x.steps.yaml": "make:\n  steps:\n    - set: {a: 1}\n  cleanup:\n    - check: 1 == 2\n"},
		func(t *testing.T, r result, _ time.Duration) {
			if r.code != runner.ExitLeft {
				t.Errorf("exit code %d\n%s", r.code, r.text)
			}
			wants(t, r.text, "act step 1, cleanup step 1: check", "x.steps.yaml:5:7, used at")
		})
}

func TestClocksOfAUseInAssert(t *testing.T) {
	virtually(t, "scenario: S\nassert:\n  - use: {steps: \"x.steps.yaml#look\"}\n",
		map[string]string{"x.steps.yaml": "look:\n  steps:\n    - wait: 10s\n    - check: unix_ms() > 0\n      within: 1s\n"},
		func(t *testing.T, r result, _ time.Duration) {
			if r.code != runner.ExitPassed {
				t.Error(r.text)
			}
		})
}
