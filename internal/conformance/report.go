package main

import (
	"fmt"
	"strings"
	"sync"
)

// A report prints one line for each check as it is made, and counts. Judges may use it from several
// goroutines.
type report struct {
	mu             sync.Mutex
	passed, failed int
	again          []string // what failed, for the end
}

// check prints what was checked: ✓ when err is nil, else ✗ with the error. Notes follow, indented.
func (r *report) check(what string, err error, notes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	mark := "✓"
	r.passed++
	if err != nil {
		mark = "✗"
		r.passed--
		r.failed++
		what += ": " + strings.ReplaceAll(err.Error(), "\n", "\n      ")
		r.again = append(r.again, beginning(what))
	}
	fmt.Printf("  %s %s\n", mark, what)
	for _, note := range notes {
		fmt.Println("      " + note)
	}
}

// summary repeats what failed, so that it stands at the end of a log too, and counts.
func (r *report) summary() {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Println()
	for _, what := range r.again {
		fmt.Println("  ✗ " + what)
	}
	fmt.Printf("%d passed, %d failed\n", r.passed, r.failed)
}

// anyFailed says whether a check failed.
func (r *report) anyFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed > 0
}

// beginning is as much of a text as is worth repeating.
func beginning(text string) string {
	const most = 4000 // bytes
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + " …"
}

// unless is an error with a text when a condition does not hold.
func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
