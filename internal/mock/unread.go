package mock

import (
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// unreadable is what is said of a pattern that nothing can be held against.
const unreadable = "cannot be checked here"

func (s *Schema) sayPattern(want, got string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pattern(want); p.why != "" {
		return fmt.Sprintf("the pattern %s %s: %s", show(want), unreadable, p.why)
	}
	return fmt.Sprintf("%s does not match the pattern %s", show(got), show(want))
}

// anything is a pattern that matches every text.
type anything struct{ source string }

func (a anything) String() string        { return a.source }
func (anything) MatchString(string) bool { return true }

// prepareLax compiles the schema once more, where patterns cannot be read: what
// fits only because they match nothing, as in not, does not surely fit.
func (s *Schema) prepareLax() (err error) {
	for _, source := range slices.Sorted(maps.Keys(s.patterns)) {
		if s.patterns[source].why != "" {
			s.unread = append(s.unread, source)
		}
	}
	if len(s.unread) == 0 {
		return nil
	}
	c := s.newCompiler(true)
	c.DefaultDraft(jsonschema.Draft2020)
	if err = c.AddResource(docURL, s.doc); err == nil {
		s.lax, err = c.Compile(docURL + "#" + escapeFragment(s.at))
	}
	return err
}

// unsure are the places where a value fits only because patterns that cannot be
// read match nothing.
func (s *Schema) unsure(value any) []Violation {
	var all []Violation
	for _, l := range leaves(s.lax.Validate(value)) {
		s.mu.Lock()
		source := s.unread[0]
		which := "the pattern " + show(source)
		if len(s.unread) > 1 {
			which = "a pattern, such as " + show(source) + ","
		}
		what := fmt.Sprintf("whether it fits %s: %s cannot be read: %s", unreadable, which, s.pattern(source).why)
		s.mu.Unlock()
		all = append(all, Violation{pathText(pathIn(value, l.InstanceLocation)), what})
	}
	return all
}
