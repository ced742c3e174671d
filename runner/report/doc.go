// Package report turns the event stream of a run into what people and machines
// read: the plain console, JUnit XML and the recording itself, a JSON line an
// event. It reads the stream and nothing else, so that every report can be
// rebuilt later from a recorded run, byte for byte. It knows neither how a run
// is carried out nor what a kind of step does, and it never changes a verdict.
package report
