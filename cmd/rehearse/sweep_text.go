package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/internal/awsclient"
	"github.com/rehearse-dev/rehearse/runner/ledger"
	"github.com/rehearse-dev/rehearse/schema"
)

// sweepWriter says to a person what a sweep does.
type sweepWriter struct {
	out   io.Writer
	wrote bool
}

func (w *sweepWriter) line(format string, args ...any) {
	fmt.Fprintf(w.out, format+"\n", args...)
	w.wrote = true
}

// group prints what became of a run's things.
func (w *sweepWriter) group(g ledger.Group) {
	if w.wrote {
		w.line("")
	}
	title, in := "Listeners", " in "
	if g.Run != "" {
		title, in = "Run "+g.Run, ", in "
		if !g.Began.IsZero() {
			title += fmt.Sprintf(", began %s (%s ago)", g.Began.Local().Format("2006-01-02 15:04:05 MST"), age(time.Since(g.Began)))
		}
	}
	if g.Where != "" {
		title += in + g.Where
	}
	w.line("%s", title)
	switch {
	case g.Ledger != "":
		w.line("  by its ledger %s", g.Ledger)
	case g.Run != "":
		w.line("  by name and tag")
	}
	if g.Alone != "" {
		w.line("  left alone: %s", g.Alone)
	}
	for i, t := range g.Things {
		w.thing(g, t)
		if t.Why != "" && (i+1 == len(g.Things) || g.Things[i+1].Why != t.Why) { // once for all that share it
			w.indented(t.Why)
		}
	}
	for _, p := range g.Problems {
		w.line("  problem: %s", p)
	}
	switch {
	case g.Ledger != "" && len(g.Problems) > 0:
		w.line("  the ledger stays; when nothing in it is needed any more, delete it")
	case g.Ledger != "" && len(g.Things) == 0 && g.Alone == "":
		w.line("  nothing was left of it")
	}
}

func (w *sweepWriter) thing(g ledger.Group, t ledger.Thing) {
	text := t.Resource.Type + " " + t.Resource.ID
	if bus := t.Resource.Data["bus"]; bus != "" {
		text += " on bus " + bus
	}
	if g.Where == "" && t.Resource.Place != "" {
		text += " in " + t.Resource.Place
	}
	switch {
	case t.Status == "kept":
		text += " (its step says keep: true)"
	case t.Maybe && t.Status == "removed":
		text += " (if it was ever created)"
	case t.Maybe && t.Status != "":
		text += " (perhaps never created)"
	}
	w.line("  %s", strings.TrimSpace(fmt.Sprintf("%-8s  %s", t.Status, text)))
}

func (w *sweepWriter) indented(text string) {
	for l := range strings.SplitSeq(text, "\n") {
		w.line("            %s", l)
	}
}

// unreached says which places were not searched.
func (w *sweepWriter) unreached(swept ledger.Swept, here *awsclient.Place, err error) {
	skipped := swept.Skipped
	if here == nil {
		skipped = append(skipped, ledger.Unreached{Where: "the account that the AWS settings of this shell name", Err: err})
	}
	for _, s := range skipped {
		if w.wrote {
			w.line("")
		}
		w.line("Not searched by name and tag: %s", s.Where)
		w.indented(awsclient.Explain(s.Err))
	}
}

// summary counts.
func (w *sweepWriter) summary(o *sweepOptions, swept ledger.Swept) {
	if w.wrote {
		w.line("")
	}
	parts := []string{}
	verb := "removed"
	if o.dryRun {
		verb = "would be removed (nothing was touched: --dry-run)"
	}
	if swept.Removed > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", swept.Removed, verb))
	}
	if swept.Left > 0 {
		parts = append(parts, fmt.Sprintf("%d left", swept.Left))
	}
	if swept.Problems > 0 {
		parts = append(parts, schema.CountOf(swept.Problems, "problem"))
	}
	if swept.Alone > 0 {
		parts = append(parts, fmt.Sprintf("%d left alone on purpose", swept.Alone))
	}
	if swept.Removed+swept.Left == 0 {
		parts = append([]string{"nothing was removed"}, parts...)
	}
	text := strings.Join(parts, ", ")
	w.line("%s%s", strings.ToUpper(text[:1]), text[1:])
}

// where says where was looked.
func (w *sweepWriter) where(folder string, swept ledger.Swept) {
	ledgers := "no ledger"
	if swept.Ledgers > 0 {
		ledgers = schema.CountOf(swept.Ledgers, "ledger")
	}
	if _, err := os.Stat(folder); err != nil {
		w.line("Looked at no ledger: there is no folder %s (REHEARSE_STATE_DIR names another one)", folder)
	} else {
		w.line("Looked at %s in %s", ledgers, folder)
	}
	for _, place := range swept.Looked {
		w.line("Looked for listeners in %s", place)
	}
}

// age says a duration as a person would.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
