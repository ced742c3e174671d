package expr

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

type lazyVars struct {
	fields map[string]func() (any, error)
	asked  []string
}

func (l *lazyVars) Field(name string) (any, bool, error) {
	f, ok := l.fields[name]
	if !ok {
		return nil, false, nil
	}
	l.asked = append(l.asked, name)
	v, err := f()
	return v, true, err
}

func (l *lazyVars) Fields() []string { return []string{"a", "b", "bad"} }

func TestLazyNames(t *testing.T) {
	vars := &lazyVars{fields: map[string]func() (any, error){
		"a":   func() (any, error) { return json.Number("1"), nil },
		"b":   func() (any, error) { return "b", nil },
		"bad": func() (any, error) { _, err := eval(t, "nothing_here", &Scope{}); return nil, err },
	}}
	s := &Scope{Names: map[string]any{"vars": vars}}
	t.Run("only what is asked for", func(t *testing.T) {
		got, err := eval(t, "vars.a + 1", s)
		if err != nil || !Equal(got, 2) {
			t.Fatal(got, err)
		}
		if !reflect.DeepEqual(vars.asked, []string{"a"}) {
			t.Errorf("asked for %v", vars.asked)
		}
	})
	t.Run("missing", func(t *testing.T) {
		if _, err := eval(t, "vars.bat", s); err == nil || !strings.Contains(err.Error(), `did you mean "bad"?`) {
			t.Error(err)
		}
	})
	t.Run("a failure is not a missing name", func(t *testing.T) {
		_, err := eval(t, "default(vars.bad, 1)", s)
		if err == nil || !strings.Contains(err.Error(), `vars.bad: ${nothing_here}: nothing is named "nothing_here"`) {
			t.Error(err)
		}
		if _, err := eval(t, "default(to_json(vars), 1)", s); err == nil {
			t.Error("default() hid it")
		}
	})
	t.Run("whole", func(t *testing.T) {
		delete(vars.fields, "bad")
		got, err := eval(t, "[vars, vars == {'a': 1, 'b': 'b'}, vars[*], $.vars, length(vars)]", s)
		if err != nil {
			t.Fatal(err)
		}
		doc := `{"a":1,"b":"b"}`
		if want := decode(t, `[`+doc+`,true,[1,"b"],`+doc+`,2]`); !Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("lookup goes first", func(t *testing.T) {
		s := &Scope{Names: map[string]any{"a": "names", "b": "names"}, Lookup: func(name string) (any, bool, error) {
			switch name {
			case "a":
				return "lookup", true, nil
			case "c":
				return nil, false, errors.New("broken")
			}
			return nil, false, nil
		}}
		if got, err := eval(t, "a + b", s); err != nil || got != "lookupnames" {
			t.Error(got, err)
		}
		if _, err := eval(t, "default(c, 1)", s); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Error(err)
		}
	})
}
