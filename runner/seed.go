package runner

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// seeds make generators that give the same numbers whenever the run's seed,
// the case, the attempt and the use are the same, in whatever order steps run.
// They are used by one goroutine at a time.
type seeds struct {
	seed  uint64
	owner string
	made  map[string]*rand.Rand
}

func (r *run) seeds(owner string, attempt int) *seeds {
	return &seeds{seed: uint64(r.Seed), owner: fmt.Sprintf("%s/%d", owner, attempt), made: map[string]*rand.Rand{}}
}

// of gives the generator of a use, such as a step's place; it goes on where it
// was left.
func (s *seeds) of(use string) *rand.Rand {
	if r, ok := s.made[use]; ok {
		return r
	}
	r := s.fresh(use)
	s.made[use] = r
	return r
}

// fresh gives the generator of a use at its beginning.
func (s *seeds) fresh(use string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.owner + "/" + use)) // never fails, by its documentation
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}
