package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A server is a program that this one started and will stop.
type server struct {
	url   string
	stop  context.CancelFunc
	ended chan struct{} // closed when the program has ended
	err   error         // how it ended; to be read after ended
	log   string        // path of what it wrote
}

// Time that a server gets to answer for the first time, and to end.
const (
	startLimit = time.Minute
	stopLimit  = 10 * time.Second
)

// start runs a program that serves on a free loopback port and waits until it answers GET health
// with a status below 500. command gets the port and the URL. The server ends when ctx does.
func (b *bench) start(ctx context.Context, name, health string, command func(port, url string) *exec.Cmd) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{
		url:   "http://127.0.0.1:" + port,
		ended: make(chan struct{}),
		log:   filepath.Join(b.dir, name+".log"),
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	cmd := command(port, s.url)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	ctx, s.stop = context.WithCancel(ctx)
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	go func() {
		defer close(s.ended)
		select {
		case s.err = <-exited:
		case <-ctx.Done():
			s.err = end(cmd.Process, exited)
		}
		s.err = errors.Join(s.err, log.Close())
	}()
	if err := s.ready(ctx, health); err != nil {
		return nil, fmt.Errorf("%s did not start: %w (see %s)", name, errors.Join(err, s.close()), s.log)
	}
	return s, nil
}

// end asks a process to stop; it is an error when it must be killed, not how it ends otherwise.
func end(p *os.Process, exited <-chan error) error {
	if err := p.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, p.Kill(), <-exited)
	}
	select {
	case <-exited:
		return nil
	case <-time.After(stopLimit):
		return errors.Join(errors.New("killed: it did not stop when asked to"), p.Kill(), <-exited)
	}
}

// ready returns when the server answers.
func (s *server) ready(ctx context.Context, health string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+health, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			err = errors.Join(err, answer.Body.Close())
			if err == nil && answer.StatusCode < http.StatusInternalServerError {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-s.ended:
			return fmt.Errorf("it ended: %w", s.err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// close stops the server and returns when it has ended; an error says that it ended by itself
// before, or had to be killed.
func (s *server) close() error {
	s.stop()
	<-s.ended
	return s.err
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}
