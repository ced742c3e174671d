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
	}
	fmt.Printf("  %s %s\n", mark, what)
	for _, note := range notes {
		fmt.Println("      " + note)
	}
}

func (r *report) summary() (passed, failed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.passed, r.failed
}

// unless is an error with a text when a condition does not hold.
func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
