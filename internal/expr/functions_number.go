package expr

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/strftime"
)

func callUUID(c *call) (any, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, c.failed(err)
	}
	return id.String(), nil
}

func callNow(*call) (any, error) {
	return time.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00"), nil
}

func callUnixMS(*call) (any, error) {
	return json.Number(strconv.FormatInt(time.Now().UnixMilli(), 10)), nil
}

func callDate(c *call) (any, error) {
	s, err := c.texts(len(c.args))
	if err != nil {
		return nil, err
	}
	if !strings.Contains(s[0], "%") {
		return nil, c.faultf(`%s is no strftime format, which has a %% before each letter: "%%Y-%%m-%%dT%%H:%%M:%%SZ"`, describe(s[0]))
	}
	format, err := strftime.New(s[0], strftime.WithMilliseconds('L'), strftime.WithUnixSeconds('s'))
	if err != nil {
		wrong := "it ends in a %, which is written %%"
		if m := unknownVerb.FindStringSubmatch(err.Error()); m != nil {
			wrong = m[1] + " has no meaning"
		}
		return nil, c.faultf("%s is no strftime format: %s", describe(s[0]), wrong)
	}
	at := time.Now().UTC()
	if len(s) > 1 {
		offset, err := time.ParseDuration(s[1])
		if err != nil {
			return nil, c.faultf(`the offset is a duration such as "-24h" or "1h30m", not %s%s`, describe(s[1]), inHours(s[1]))
		}
		at = at.Add(offset)
	}
	return format.FormatString(at), nil
}

// unknownVerb finds in an error of the library what it does not know.
var unknownVerb = regexp.MustCompile(`'(%.+)' was not found`)

var days = regexp.MustCompile(`^([+-]?)([0-9]{1,4}) ?(d|days?|w|weeks?)$`)

// inHours writes a number of days or weeks as a duration, as the end of a message.
func inHours(offset string) string {
	m := days.FindStringSubmatch(offset)
	if m == nil {
		return ""
	}
	n, _ := strconv.Atoi(m[2])
	if m[3][0] == 'w' {
		n *= 7
	}
	return fmt.Sprintf(`; write "%s%dh"`, m[1], 24*n)
}

func callRandomInt(c *call) (any, error) {
	a, err := c.integer(0)
	if err != nil {
		return nil, err
	}
	b, err := c.integer(1)
	if err != nil {
		return nil, err
	}
	if a > b {
		return nil, c.faultf("the first argument, %d, is above the second, %d", a, b)
	}
	draw, drawBelow := rand.Uint64, rand.Uint64N
	if c.frame.scope != nil && c.frame.scope.Rand != nil {
		draw, drawBelow = c.frame.scope.Rand.Uint64, c.frame.scope.Rand.Uint64N
	}
	// Unsigned, the difference fits and the sum wraps around to the right place.
	span := uint64(b) - uint64(a) + 1
	if span == 0 {
		return count(int(draw())), nil
	}
	return count(int(uint64(a) + drawBelow(span))), nil
}

const maxRange = 1_000_000

func callRange(c *call) (any, error) {
	n, err := c.integer(0)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > maxRange {
		return nil, c.faultf("n is %d; it goes from 0 to %d", n, maxRange)
	}
	if err := c.frame.spend(n); err != nil {
		return nil, err
	}
	list := make([]any, n)
	for i := range list {
		list[i] = count(i)
	}
	return list, nil
}

// numbers is the list of the first argument as exact numbers.
func (c *call) numbers() ([]*big.Rat, error) {
	list, err := c.list(0)
	if err != nil {
		return nil, err
	}
	all := make([]*big.Rat, len(list))
	for i, v := range list {
		var problem *fault
		if all[i], problem = rational(v); problem != nil {
			return nil, c.faultf("element [%d]: %s", i, problem.msg)
		}
	}
	return all, nil
}

func callSum(c *call) (any, error) {
	all, err := c.numbers()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, c.faultf("the list is empty; where that is right, write length(x) == 0 ? 0 : sum(x)")
	}
	return number(total(all)), nil
}

func total(all []*big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, r := range all {
		sum.Add(sum, r)
	}
	return sum
}

func callAvg(c *call) (any, error) {
	all, err := c.numbers()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, c.faultf("the list is empty")
	}
	return number(new(big.Rat).Quo(total(all), big.NewRat(int64(len(all)), 1))), nil
}

func callMin(c *call) (any, error) { return c.extreme(-1) }
func callMax(c *call) (any, error) { return c.extreme(+1) }

// extreme finds the value that compares as wanted with all others.
func (c *call) extreme(wanted int) (any, error) {
	list := c.args
	if len(list) == 1 {
		var err error
		if list, err = c.list(0); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, c.faultf("the list is empty")
	}
	best := list[0]
	for _, v := range list {
		order, err := Compare(v, best)
		if err != nil {
			return nil, c.failed(err)
		}
		if order == wanted {
			best = v
		}
	}
	return best, nil
}

// callPercentile takes the nearest rank: element number ⌈p/100 × n⌉ of the
// sorted list. It is always an element, so nothing is rounded.
func callPercentile(c *call) (any, error) {
	list, err := c.list(0)
	if err != nil {
		return nil, err
	}
	if _, ok := numberText(c.args[1]); !ok {
		return nil, c.wrong(1, "a number")
	}
	p, problem := rational(c.args[1])
	if problem != nil || p.Sign() <= 0 || p.Cmp(big.NewRat(100, 1)) > 0 {
		return nil, c.faultf("p is %v; it is above 0 and at most 100", c.args[1])
	}
	if p.Cmp(big.NewRat(1, 1)) < 0 {
		return nil, c.faultf("p is %v, less than one percent; the 95th percentile is percentile(list, 95)", c.args[1])
	}
	if len(list) == 0 {
		return nil, c.faultf("the list is empty")
	}
	for i, v := range list {
		if _, ok := numberText(v); !ok {
			return nil, c.faultf("element [%d] is %s, not a number", i, typeName(v))
		}
	}
	var failure error
	sorted := slices.SortedFunc(slices.Values(list), func(a, b any) int {
		order, err := Compare(a, b)
		if err != nil {
			failure = c.failed(err)
		}
		return order
	})
	if failure != nil {
		return nil, failure
	}
	rank := p.Mul(p, big.NewRat(int64(len(list)), 100))
	place := new(big.Int).Add(rank.Num(), new(big.Int).Sub(rank.Denom(), big.NewInt(1)))
	return sorted[place.Quo(place, rank.Denom()).Int64()-1], nil
}
