// Package xray holds the kind of step that looks at traces: it gathers their
// segments from X-Ray, waits until a trace is whole, and judges its tree. What a
// trace is and how its tree is made is the business of internal/trace; who sends
// the header that makes a call part of a trace is no business of this package.
package xray
