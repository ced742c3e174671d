package expr

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestBounds(t *testing.T) {
	tests := []struct{ source, want string }{
		{`range(1000001)`, "it goes from 0 to 1000000"},
		{`[range(1000000), range(1000000), range(1)]`, "values are visited"},
		{`range(2000)[?(length(range(1000000)) > 0)]`, "values are visited"},
		{`replace(join(split(text(range(1000000)), ","), "a"), "a", "` + strings.Repeat("b", 1000) + `")`, "longer than 64 MiB"},
		{`$..*..*..*..*..*..*..*..*`, "values are visited"},
	}
	deep := any("x")
	for range 60 {
		deep = map[string]any{"a": deep, "b": []any{"y"}}
	}
	s := &Scope{Names: map[string]any{"deep": deep}}
	for _, tt := range tests {
		t.Run(shorten(tt.source), func(t *testing.T) {
			_, err := eval(t, tt.source, s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Error(err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		e, err := Parse("[1][?(true)]")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestLongExpressions(t *testing.T) {
	s := sample(t)
	tests := []struct {
		name, source string
		want         any
	}{
		{"chain", strings.Repeat("vars.n+", 9000) + "0", 27000},
		{"prefixes", strings.Repeat("!", 60000) + "vars.yes", true},
		{"conditions", strings.Repeat("vars.no?1:", 6000) + "2", 2},
		{"segments", "default(vars" + strings.Repeat(".a", 30000) + ", 3)", 3},
		{"brackets", strings.Repeat("[", 64) + strings.Repeat("]", 64) + " == 1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err != nil || !Equal(got, tt.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestSharedByGoroutines(t *testing.T) {
	tpl, err := ParseTemplate(`${$.order.body.items[?(@.n == vars.n)].sku} ${vars.stack =~ "^v"}`)
	if err != nil {
		t.Fatal(err)
	}
	s := sample(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if got, err := tpl.Eval(context.Background(), s); err != nil || got != `["A1"] true` {
					t.Error(got, err)
				}
			}
		})
	}
	group.Wait()
}
