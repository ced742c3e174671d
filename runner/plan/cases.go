package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// variation is what makes a case of its scenario: one of the list, or a row.
type variation struct {
	schema.Case
	row map[string]any // nil where the case comes from no file
}

// cases makes the cases of a scenario; they share its steps.
func (b *builder) cases(f *schema.Found, suite *Suite, s *schema.Scenario) []*Case {
	list := b.variations(s)
	layers := append(slices.Clone(suite.Vars.layers), s.Vars)
	names := b.varsOf(append(layers, commonVars(list))...)
	phases := b.phases(suite, s, names, list)
	b.knownEnvironments(suite, s)
	if len(list) == 0 {
		list = []variation{{Case: schema.Case{Pos: s.Node.Pos}}}
	}
	out := make([]*Case, 0, len(list))
	for _, v := range list {
		x := &Case{
			Suite: suite, File: f.File, Line: v.Pos.Line, Scenario: s.Scenario, Steps: phases, Row: v.row,
			Tags:    slices.Concat(s.Tags, v.Tags),
			Locks:   slices.Compact(slices.Sorted(slices.Values(s.Locks))),
			Retries: b.retries(suite, s),
			Vars:    b.varsOf(append(slices.Clone(layers), v.Vars)...),
			Timeout: duration(suite.Defaults.Timeout, s.Timeout, v.Timeout),
		}
		if b.options.Timeout > 0 {
			x.Timeout = b.options.Timeout
		}
		if v.row != nil {
			x.Line = s.Node.At("cases").Line // the row stands in another file
			x.at = v.Pos
		}
		b.nameCase(x, s, v)
		known := newScope(b, suite, x.Vars)
		known.suiteSteps, known.guess = suite.ids, s.Cases.From != nil && v.row == nil
		b.checkVars(x.Vars, known, v.row != nil)
		x.Skip = b.skip(x, s, v.Case)
		out = append(out, x)
	}
	return out
}

// retries is how often the cases of a scenario are run again: as the command
// line says, else the scenario or its suite; but repetitions are to show how
// often something fails.
func (b *builder) retries(suite *Suite, s *schema.Scenario) int {
	switch {
	case b.options.Retries != nil:
		return *b.options.Retries
	case b.options.Repeat > 1:
		return 0
	case s.Retries != nil:
		return *s.Retries
	}
	return suite.Defaults.Retries
}

// variations are the cases as written, or as the rows of their file give them.
func (b *builder) variations(s *schema.Scenario) []variation {
	from := s.Cases.From
	if from == nil {
		list := make([]variation, len(s.Cases.List))
		for i, c := range s.Cases.List {
			list[i] = variation{Case: c}
		}
		return list
	}
	rows := schema.ReadRows(from.From, from.Pos, b.p)
	list := make([]variation, 0, len(rows))
	for _, r := range rows {
		v := variation{row: r.Values, Case: schema.Case{
			Vars: map[string]*schema.Node{}, Tags: from.Tags, Skip: from.Skip, Timeout: from.Timeout, Pos: r.Pos,
		}}
		for name, value := range r.Values {
			v.Vars[name] = schema.NodeOf(value, r.Pos)
		}
		maps.Copy(v.Vars, from.Vars)
		list = append(list, v)
	}
	return list
}

// nameCase gives a case its names; one that comes from a row evaluates its own.
func (b *builder) nameCase(x *Case, s *schema.Scenario, v variation) {
	x.Name, x.ID, x.CaseName = s.Scenario, x.File+"#"+s.Scenario, v.Name
	if v.row != nil {
		x.CaseName = b.rowName(x, s.Cases.From, v)
	}
	if x.CaseName != "" {
		x.Name += " [" + x.CaseName + "]"
		x.ID += "[" + x.CaseName + "]"
	}
}

func (b *builder) rowName(x *Case, from *schema.CasesFrom, v variation) string {
	name, ok := v.row["name"]
	at := v.Pos
	if from.Name != nil {
		before := b.p.Errors()
		value := from.Name.Resolve(context.Background(), x.early(), b.p)
		if b.p.Errors() > before {
			return ""
		}
		name, ok, at = value.Value(), true, from.Name.Pos
	}
	if !ok {
		b.p.Add(from.Pos, "the cases need names: write name: \"${row.COLUMN}\", or call a column name; the columns are %s", schema.KnownNames(slices.Collect(maps.Keys(v.row))))
		return ""
	}
	text := ""
	switch n := name.(type) {
	case string:
		text = strings.TrimSpace(n)
	case json.Number:
		text = n.String()
	default:
		b.p.Add(at, "a case's name is text, found %s (%s)", schema.NodeOf(name, at).Kind, v.Pos)
		return ""
	}
	if text == "" {
		b.p.Add(at, "the case of %s has no name", v.Pos)
	}
	return text
}

// early is what expressions see that are evaluated before anything runs.
func (c *Case) early() *expr.Scope {
	names := map[string]any{"env": Environ(), "case": map[string]any{"name": c.CaseName}}
	if c.Row != nil {
		names["row"] = c.Row
	}
	scope := &expr.Scope{Names: names}
	names["vars"] = c.Vars.Lazy(func(string) *expr.Scope { return scope })
	return scope
}

// knownEnvironments refuses a name that would keep the scenario from ever running.
func (b *builder) knownEnvironments(suite *Suite, s *schema.Scenario) {
	known := slices.Collect(maps.Keys(suite.Environments))
	list, _ := s.Node.Get("environments")
	for i, name := range s.Environments {
		if !slices.Contains(known, name) && i < len(list.Value.Items) {
			b.p.Add(list.Value.Items[i].Pos, "the suite has no environment %q%s", name, insteadOf(name, known))
		}
	}
}

// uniqueNames refuses two cases of a file that reports could not tell apart:
// those of one name, and those whose names differ in a blank only.
func (b *builder) uniqueNames(cases []*Case, s *schema.Scenario, first map[string]schema.Pos) {
	for i, c := range cases {
		at := s.Name
		switch {
		case i < len(s.Cases.List):
			at = s.Cases.List[i].Pos
		case s.Cases.From != nil:
			at = c.at
		}
		if c.CaseName == "" && (len(s.Cases.List) > 0 || s.Cases.From != nil) {
			continue // that it has no name was told
		}
		key := strings.ReplaceAll(c.Name, " [", "[")
		if other, ok := first[key]; ok && c.Scenario != "" {
			b.p.Add(at, "%q stands in this file twice (first in line %d); reports could not tell them apart", c.Name, other.Line)
			continue
		}
		first[key] = at
	}
}

// commonVars are those that every case defines: only they may be used by the
// scenario's steps without another definition.
func commonVars(cases []variation) map[string]*schema.Node {
	if len(cases) == 0 {
		return nil
	}
	common := maps.Clone(cases[0].Vars)
	for _, c := range cases[1:] {
		maps.DeleteFunc(common, func(name string, _ *schema.Node) bool {
			_, ok := c.Vars[name]
			return !ok
		})
	}
	return common
}

// caseVars tells, for each var that some case defines, the first case without it.
func caseVars(cases []variation) map[string]string {
	without := map[string]string{}
	for _, c := range cases {
		for name := range c.Vars {
			without[name] = ""
		}
	}
	for name := range without {
		i := slices.IndexFunc(cases, func(c variation) bool { return c.Vars[name] == nil })
		switch {
		case i < 0:
			delete(without, name)
		case cases[i].Name != "":
			without[name] = cases[i].Name
		default:
			without[name] = cases[i].Pos.String()
		}
	}
	return without
}

// columns are the names that every row has.
func columns(cases []variation) []string {
	if len(cases) == 0 || cases[0].row == nil {
		return nil
	}
	common := slices.Sorted(maps.Keys(cases[0].row))
	for _, c := range cases[1:] {
		common = slices.DeleteFunc(common, func(name string) bool {
			_, ok := c.row[name]
			return !ok
		})
	}
	return common
}

// selected says whether the options choose a case.
func (b *builder) selected(c *Case) bool {
	has := func(tag string) bool { return slices.Contains(c.Tags, tag) }
	for _, any := range b.options.Tags {
		if !slices.ContainsFunc(any, has) {
			return false
		}
	}
	if slices.ContainsFunc(b.options.SkipTags, has) {
		return false
	}
	return b.options.Name == nil || b.options.Name.MatchString(c.Name)
}

// skip says why a case does not run.
func (b *builder) skip(c *Case, s *schema.Scenario, one schema.Case) string {
	if len(s.Environments) > 0 {
		switch {
		case b.options.Detached:
			return "runs only in the environments " + strings.Join(s.Environments, ", ") + ", and none is chosen here"
		case !slices.Contains(s.Environments, c.Suite.Env):
			return "runs only in the environments " + strings.Join(s.Environments, ", ")
		}
	}
	for _, n := range []*schema.Node{s.Skip, one.Skip} {
		if why := b.skipReason(n, c); why != "" {
			return why
		}
	}
	return ""
}

// noReason are texts that people write to say yes or no.
var noReason = map[string]bool{
	"no": true, "off": true, "n": true, "none": true, "never": true, "false": true, "0": true, "null": true,
	"yes": true, "on": true, "y": true, "true": true, "1": true,
}

func ofCase(c *Case) string {
	if c.CaseName == "" {
		return ""
	}
	return " (case " + c.CaseName + ")"
}

// skipReason evaluates skip: a non-empty text or number skips with that
// reason, true skips; false, null and empty do not.
func (b *builder) skipReason(n *schema.Node, c *Case) string {
	if n == nil {
		return ""
	}
	before := b.p.Errors()
	value := n.Resolve(context.Background(), c.early(), b.p).Value()
	if b.p.Errors() > before {
		return ""
	}
	if text := fmt.Sprint(value); noReason[strings.ToLower(text)] {
		if _, isBool := value.(bool); !isBool {
			b.p.Add(n.Pos, "%q would be the reason to skip, and is none%s; write true, false, or a reason that tells more, and nothing at all to run it", text, ofCase(c))
			return ""
		}
	}
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "skip is true"
		}
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b.p.Add(n.Pos, "skip takes a reason or an expression, found %s", n.Kind)
	return ""
}
