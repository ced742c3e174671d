package trace

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const id, parent = "1-581cf771-a006649127e371903a2de979", "53995c3f42cd8ad8"
	for _, c := range []struct{ name, text, trace, parent string }{
		{"an id", id, id, ""},
		{"a header", "Root=" + id + ";Parent=" + parent + ";Sampled=1", id, parent},
		{"a header with what AWS adds", "Root=" + id + "; Parent=" + parent + "; Sampled=1; Lineage=1:8be8f50d:0", id, parent},
		{"a header without parent", "Root=" + id + ";Sampled=1", id, ""},
		{"nothing", "", "", ""},
		{"letters that are not hexadecimal", "1-581cf771-a006649127e371903a2de97z", "", ""},
		{"W3C", "00-581cf771a006649127e371903a2de979-53995c3f42cd8ad8-01", "", ""},
		{"a short parent", "Root=" + id + ";Parent=53995c3f", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Parse(c.text)
			if (err != nil) != (c.trace == "") || h.Trace != c.trace || h.Parent != c.parent {
				t.Errorf("Parse(%q) = %+v, %v", c.text, h, err)
			}
		})
	}
}

func TestNewIsRead(t *testing.T) {
	at := time.Unix(0x581cf771, 0)
	h := New(at)
	if got, ok := Began(h.Trace); !ok || !got.Equal(at) {
		t.Errorf("Began(%q) = %v, %v, want %v", h.Trace, got, ok, at)
	}
	if got, ok := Began(h.String()); ok {
		t.Errorf("Began of a header gives %v", got)
	}
	if got, err := Parse(h.String()); err != nil || got != h {
		t.Errorf("Parse(%q) = %+v, %v, want %+v", h, got, err, h)
	}
}

func TestParseTellsTheFormOfXRay(t *testing.T) {
	for _, text := range []string{"581cf771a006649127e371903a2de979", "00-581cf771a006649127e371903a2de979-53995c3f42cd8ad8-01"} {
		_, err := Parse(text)
		if err == nil || !strings.HasSuffix(err.Error(), "the one of X-Ray is 1-581cf771-a006649127e371903a2de979") {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}
