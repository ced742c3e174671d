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

// signals turns SIGINT, SIGTERM and SIGHUP into a run's two ways to stop: the
// first one closes gentle, the same one again ends hard. Another one is the
// impatience of a CI system that sends SIGINT and then SIGTERM: the clean-up
// goes on. SIGPIPE is ignored: whoever reads the output may leave, what was
// created must still be removed.
func signals(ctx context.Context, stderr io.Writer) (gentle <-chan struct{}, hard context.Context, release func()) {
	stop := make(chan struct{})
	hard, end := context.WithCancelCause(ctx)
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		first := map[os.Signal]time.Time{}
		for {
			select {
			case s := <-caught:
				began, again := first[s]
				switch {
				case again && time.Since(began) > echo:
					end(fmt.Errorf("stopped at once by a second signal (%s)", s))
				case again:
				case len(first) == 0:
					fmt.Fprintf(stderr, "%s: no new work, cleaning up; once more stops at once and lists what is left\n", s)
					close(stop)
					first[s] = time.Now()
				default:
					fmt.Fprintf(stderr, "%s: still cleaning up; once more stops at once and lists what is left\n", s)
					first[s] = time.Now()
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
