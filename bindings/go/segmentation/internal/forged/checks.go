package forged

import (
	"math"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/gf"
)

// checks are what true shards must satisfy.
//
// Every position has a place x in the field. With L the polynomial that is zero at the missing places, the sum of c(x) L(x) x^j over the
// places that are there is 0 for every codeword c and each j below the number of checks. A sum over wrong shards is their syndrome j;
// it depends on their errors alone. To leave out one more place z means to multiply L by x - z: syndrome j + 1 minus z times syndrome
// j, and one check less.
type checks struct {
	field     *gf.Field
	shardSize int
	// positions that are there.
	positions []int
	// places and weights, which are L(x), by position; a weight is 0 where nothing is there.
	places, weights []uint16
	// rows is how many checks are used, of those available.
	rows, available int
	effort          *Effort
}

const (
	// maxRows bounds what locate costs.
	maxRows = 256
	// syndromeShare of what may be done goes into the syndromes: a quarter.
	syndromeShare = 4
	// maxColumns keeps sketches of all alternatives within some megabytes.
	maxColumns = 2_048
	// spareColumns are random ones for full confidence, whatever a forger changed.
	spareColumns = 192
)

func checksOf(set *Set) *checks {
	c := &checks{shardSize: set.ShardSize, positions: set.Positions, effort: set.Effort, field: gf.F8()}
	if set.ParityCount > 0 {
		c.available = len(set.Positions) - set.DataCount
	}
	total := set.DataCount + set.ParityCount
	c.places, c.weights = make([]uint16, total), make([]uint16, total)
	if c.available > 0 {
		length := gf.CodeLength(set.DataCount, set.ParityCount)
		if length > 256 {
			c.field = gf.F16()
		}
		parityPlaces := gf.NextPowerOfTwo(set.ParityCount)
		for index := range set.ParityCount {
			c.places[set.DataCount+index] = uint16(index)
		}
		for index := range set.DataCount {
			c.places[index] = uint16(parityPlaces + index)
		}
		// What follows the data is there, and zero.
		missing := make([]uint32, length)
		for place := range parityPlaces + set.DataCount {
			missing[place] = 1
		}
		for _, position := range set.Positions {
			missing[c.places[position]] = 0
		}
		logs := c.field.LocatorLogs(missing)
		for _, position := range set.Positions {
			c.weights[position] = c.field.Exp[logs[c.places[position]]]
		}
	}
	c.rows = min(c.available, maxRows)
	for c.rows > 0 && int64(len(c.positions)*c.rows*(spareColumns+c.rows)) > c.effort.steps/syndromeShare {
		c.rows--
	}
	return c
}

// columnsFor is how many random columns hold what the checks and so many alternatives may change.
func (c *checks) columnsFor(alternatives int) int {
	if c.rows == 0 {
		return 0
	}
	rows, count := float64(c.rows), float64(alternatives)
	needed := max(rows, count/(rows*float64(c.field.Bits)))
	// For locateBeside, half of the shifts.
	steps := float64(c.effort.steps) / syndromeShare
	wanted := min(2*count/rows, steps/(float64(len(c.positions))*rows)-spareColumns)
	// By the threshold at which random sums of three determine what they are sums of, 1.23 would do.
	return min(spareColumns+int(math.Ceil(1.3*max(needed, wanted))), maxColumns)
}

// erase gives the checks that are left, and what they say, without the shards at lost: fewer than there are checks. Nil if that takes
// too long.
func (c *checks) erase(syndromes [][]uint16, lost []int) (*checks, [][]uint16) {
	columns := 0
	if len(syndromes) > 0 {
		columns = len(syndromes[0])
	}
	if !c.effort.spend(len(lost) * (len(syndromes)*columns + len(c.positions))) {
		return nil, nil
	}
	isLost := make(map[int]bool, len(lost))
	weights := append([]uint16{}, c.weights...)
	rows := syndromes
	for _, position := range lost {
		isLost[position] = true
		place := c.places[position]
		var left [][]uint16
		for index := 1; index < len(rows); index++ {
			row := append([]uint16{}, rows[index]...)
			addMultiple(c.field, row, rows[index-1], place, 0)
			left = append(left, row)
		}
		rows = left
		for _, other := range c.positions {
			weights[other] = c.field.Multiply(weights[other], c.places[other]^place)
		}
	}
	rest := *c
	rest.weights, rest.rows, rest.available = weights, len(rows), c.available-len(lost)
	rest.positions = nil
	for _, position := range c.positions {
		if !isLost[position] {
			rest.positions = append(rest.positions, position)
		}
	}
	return &rest, rows
}

func (c *checks) valueAt(polynomial []uint16, x uint16) uint16 {
	value := uint16(0)
	for power := len(polynomial) - 1; power >= 0; power-- {
		value = c.field.Multiply(value, x) ^ polynomial[power]
	}
	return value
}
