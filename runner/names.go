package runner

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// NewID makes the id of a run: twelve lower-case letters and digits, the start
// time first, so that names sort by age.
func NewID() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never fails, by its documentation
	return strconv.FormatInt(time.Now().Unix(), 36) + hex.EncodeToString(b)[:6]
}

// names gives every attempt of a run a name of its own.
type names struct {
	run  string
	next atomic.Int64
}

func newNames(run string) *names { return &names{run: run} }

func (n *names) attempt() string { return fmt.Sprintf("%s-%d", n.run, n.next.Add(1)) }
