package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// echo is how soon the same signal again is the same request: one Ctrl-C
// reaches the whole process group, and programs such as make, npm and go run
// hand it on as well.
const echo = 250 * time.Millisecond

// signals turns SIGINT, SIGTERM, SIGHUP and SIGQUIT into a run's two ways to
// stop: the first one closes gentle, the same one again ends hard. Another one
// is the impatience of a CI system that sends SIGINT and then SIGTERM: the
// clean-up goes on. What nohup and its like ignore stays ignored. first and then
// say what is going on. SIGPIPE is ignored: whoever reads the output may leave, what was
// created must still be removed.
func signals(ctx context.Context, stderr io.Writer, first, then string) (gentle <-chan struct{}, hard context.Context, release func()) {
	stop := make(chan struct{})
	hard, end := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 8)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(caught, s)
		}
	}
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		at := map[os.Signal]time.Time{}
		for {
			select {
			case s := <-caught:
				began, again := at[s]
				switch {
				case again && time.Since(began) > echo:
					end(fmt.Errorf("stopped at once by a second signal (%s)", s))
				case again:
				case len(at) == 0:
					fmt.Fprintf(stderr, "%s: %s\n", s, first)
					close(stop)
					at[s] = time.Now()
				default:
					fmt.Fprintf(stderr, "%s: %s\n", s, then)
					at[s] = time.Now()
				}
			case <-done:
				return
			}
		}
	}()
	return stop, hard, func() {
		signal.Stop(caught)
		close(done)
		end(errors.New("the run is over"))
	}
}
