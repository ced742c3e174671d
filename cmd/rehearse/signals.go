package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// signals turns SIGINT, SIGTERM and SIGHUP into a run's two ways to stop: the
// first one closes gentle, the second one ends hard.
func signals(ctx context.Context, stderr io.Writer) (gentle <-chan struct{}, hard context.Context, release func()) {
	stop := make(chan struct{})
	hard, end := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-caught:
				if n == 0 {
					fmt.Fprintf(stderr, "%s: no new work, cleaning up; once more stops at once and lists what is left\n", s)
					close(stop)
				} else {
					end(errors.New("stopped at once by a second signal"))
				}
			case <-done:
				return
			}
		}
	}()
	return stop, hard, func() {
		signal.Stop(caught)
		close(done)
		end(nil)
	}
}
