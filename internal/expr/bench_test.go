package expr

import (
	"context"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	for _, source := range []string{
		`vars.stack`,
		`suite.app.PluginSuccessEventRuleName`,
		`$.events[0]['detail-type'] == "plugin-complete" && vars.n + 1 > 3`,
		`$.order.body.items[?(@.n == vars.n)].sku`,
	} {
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(source); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	s := sample(b)
	for _, source := range []string{`vars.stack`, `vars.n + 1`, `$.order.body.items[?(@.n == vars.n)].sku`} {
		e, err := Parse(source)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Eval(context.Background(), s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPath(b *testing.B) {
	doc := decode(b, sampleResult)
	for _, source := range []string{`status`, `body.items[*].sku`, `body.items[?(@.n == 3)].sku`} {
		p, err := parsePath(source)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Get(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parsePath(`$.events[0].detail-type`); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTemplate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseTemplate(`${suite.app.Bucket}/${scenario.id}.mp4`); err != nil {
			b.Fatal(err)
		}
	}
}
