package report

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a report to path so that nobody ever sees half of it: into
// a temporary file beside it, which then takes its place. Missing folders are
// made. What is there and is no ordinary file, such as a pipe, is written to as
// it is. Errors name the path and the reason; the old file is then untouched.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := writeFile(path, write); err != nil {
		return fmt.Errorf("the report %s could not be written: %w", path, err)
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder; name a file")
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return fill(f, write)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	beside := fmt.Sprintf("%s.%s.tmp", path, rand.Text()[:8])
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err := fill(f, write); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	if err := os.Rename(beside, path); err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return nil
}

// fill writes and closes a file.
func fill(f *os.File, write func(io.Writer) error) error {
	b := bufio.NewWriter(f)
	err := write(b)
	if err == nil {
		err = b.Flush()
	}
	return errors.Join(err, f.Close())
}

// RemoveOld removes the report of an earlier run, so that none is ever taken
// for this one's. That there is none is no error; what is no ordinary file stays.
func RemoveOld(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.IsDir():
		return fmt.Errorf("the report %s could not be written: it is a folder; name a file", path)
	case err == nil && !info.Mode().IsRegular():
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("the old report %s could not be removed: %w", path, err)
	}
	return nil
}

// Writable says at the start of a run whether a report can be written at its
// end, by making its folder and a file in that. What is there and is no ordinary
// file is left to the end.
func Writable(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(filepath.Dir(path), ".rehearse-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("the report %s could not be written: %w", path, err)
	}
	return nil
}
