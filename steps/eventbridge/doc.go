// Package eventbridge holds the kinds of steps that put events on buses and
// listen to them, one file a kind. It must not know the runner; how a listener
// is made, shared and proven live is the business of internal/listen.
package eventbridge
