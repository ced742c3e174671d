// Package listen gathers what an application sends: one harness (for
// EventBridge a rule and a queue) serves everybody in a run who listens to the
// same, proves itself live before anything is done, and says so when it dies.
//
// It knows the services that carry events and nothing of checks: what a user
// expects of the events that arrived is the business of the received kind.
package listen
