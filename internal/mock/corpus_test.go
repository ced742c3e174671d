package mock

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// values is the file into which the values made from the corpus are written, a
// line each, for judges by others: internal/conformance/mock.
var values = flag.String("values", "", "write what the corpus makes into this file")

var now = time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.FixedZone("", 3600))

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d schemas, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".json")] = text
	}
	return all
}

// line is a value for the judges.
type line struct {
	Name         string          `json:"name"`
	Form         Form            `json:"form"`
	Part         string          `json:"part"` // JSON pointer of the schema in the document
	Seed         uint64          `json:"seed"`
	RequiredOnly bool            `json:"required_only"`
	Schema       json.RawMessage `json:"schema,omitempty"` // with the first value of a name
	Fits         bool            `json:"fits"`
	Value        any             `json:"value"`
}

// judged is the file of values for the judges; nil when none is asked for.
type judged struct{ *json.Encoder }

func (j *judged) write(t *testing.T, l line) {
	if j == nil {
		return
	}
	if err := j.Encode(l); err != nil {
		t.Fatal(err)
	}
}

func TestCorpus(t *testing.T) {
	const seeds = 50
	var out *judged
	if *values != "" {
		f, err := os.Create(*values)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		out = &judged{json.NewEncoder(f)}
	}
	if out != nil {
		randomValues(t, out)
	}
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			s, err := Read(text, Detected, "")
			if err != nil {
				t.Fatal(err)
			}
			other := asWritten(t, s, text)
			for seed := range uint64(seeds) {
				for _, only := range []bool{false, true} {
					o := Options{Rand: seeded(seed), Now: now, RequiredOnly: only}
					v, err := s.Make(o)
					if err != nil {
						t.Fatalf("seed %d, required only %v: %v", seed, only, err)
					}
					if other != nil {
						if err := other.Validate(v); err != nil {
							t.Fatalf("seed %d, required only %v: %s\n%v", seed, only, show(v), err)
						}
					}
					if seed < 5 {
						again, err := s.Make(Options{Rand: seeded(seed), Now: now, RequiredOnly: only})
						if err != nil || !reflect.DeepEqual(v, again) {
							t.Fatalf("seed %d: another value the second time: %s and %s, %v", seed, show(v), show(again), err)
						}
					}
					if out == nil {
						continue
					}
					l := line{Name: name, Form: s.form, Part: s.at, Seed: seed, RequiredOnly: only, Fits: true, Value: v}
					if seed == 0 && !only {
						l.Schema = text
					}
					out.write(t, l)
					l.Schema = nil
					for range 3 { // others, most of them wrong, so that the judges judge Check as well
						l.Value = spoil(o.Rand, clone(v))
						l.Fits = len(s.Check(l.Value)) == 0
						out.write(t, l)
					}
				}
			}
		})
	}
}

// spoil changes something somewhere in a value.
func spoil(r *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if len(names) == 0 || r.IntN(6) == 0 {
			v["unknown"] = "x"
			return v
		}
		name := names[r.IntN(len(names))]
		if r.IntN(4) == 0 {
			delete(v, name)
		} else {
			v[name] = spoil(r, v[name])
		}
		return v
	case []any:
		if len(v) > 0 && r.IntN(3) > 0 {
			i := r.IntN(len(v))
			v[i] = spoil(r, v[i])
			return v
		}
		return append(v, clone(any(v)))
	}
	other := []any{nil, json.Number("-7"), json.Number("0.5"), "", "x", true, []any{}, map[string]any{}, json.Number("123456789012")}
	return clone(other[r.IntN(len(other))])
}

// asWritten compiles an OpenAPI document as the draft that its schemas are
// nearest to, unchanged: another judge than Check's, which goes by the document
// that was normalised and by the OpenAPI library.
func asWritten(t *testing.T, s *Schema, text []byte) *jsonschema.Schema {
	if s.form != OpenAPI3 {
		return nil
	}
	doc, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseRegexpEngine(func(source string) (jsonschema.Regexp, error) { return readPattern(source), nil })
	c.DefaultDraft(jsonschema.Draft2020)
	if s.draft == openAPI30 {
		c.DefaultDraft(jsonschema.Draft4)
	}
	if err := c.AddResource(docURL, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(docURL + "#" + escapeFragment(s.at))
}

// A value shows what is optional, and required_only does not.
func TestRequiredOnly(t *testing.T) {
	all := corpus(t)
	s, err := Read(all["aws_ecs_task_state_change"], OpenAPI3, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, only := range []bool{false, true} {
		v, err := s.Make(Options{Rand: seeded(1), Now: now, RequiredOnly: only})
		if err != nil {
			t.Fatal(err)
		}
		detail := v.(map[string]any)["detail"].(map[string]any)
		if want := map[bool]int{false: 20, true: 6}[only]; len(detail) != want {
			t.Errorf("required only %v: %d properties, want %d: %v", only, len(detail), want, detail)
		}
		if _, ok := v.(map[string]any)["account"]; !ok {
			t.Errorf("required only %v: the envelope is not whole: %v", only, v)
		}
	}
}

func BenchmarkMake(b *testing.B) {
	all := corpus(b)
	for _, name := range []string{"aws_guardduty_finding", "oas_recursive_mutual", "combined_everything"} {
		b.Run(name, func(b *testing.B) {
			s, err := Read(all[name], Detected, "")
			if err != nil {
				b.Fatal(err)
			}
			seed := uint64(0)
			for b.Loop() {
				seed++
				if _, err := s.Make(Options{Rand: seeded(seed), Now: now}); err != nil {
					b.Fatal(fmt.Errorf("seed %d: %w", seed, err))
				}
			}
		})
	}
}
