// Package local holds the kinds of steps that call nothing outside the process:
// naming values, checking an expression, waiting. It must not know AWS.
package local
