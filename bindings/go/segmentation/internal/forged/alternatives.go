package forged

import (
	"iter"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/gf"
)

const (
	// spareEquations beyond the unknowns: the chance that one of 2^64 wrong choices satisfies them all.
	spareEquations = 64
	// narrowSpareColumns more than the equations need: a change is hidden from all of them once in 2^64 times or less.
	narrowSpareColumns = 8
)

// choicesOfAlternatives finds which alternatives are true where every position has a true candidate: the choices that satisfy all
// checks, those nearest to the first candidates first. Without checks these are all choices there are.
//
// Whether an alternative is taken is a bit, and syndromes are linear in these bits, so even one check with enough columns gives
// equations for all of them, over GF(2).
func (c *checks) choicesOfAlternatives(syndromes [][]uint16, others []alternative, random *draw) iter.Seq[[]alternative] {
	return func(yield func([]alternative) bool) {
		system, ok := c.equationsFor(syndromes, others, random)
		if !ok {
			return
		}
		solution, ok := solveBits(system, len(others))
		if !ok {
			return
		}
		positions := make([]int, len(others))
		for index, other := range others {
			positions[index] = other.position
		}
		for taken := range consistentChoices(positions, solution) {
			choice := make([]alternative, 0, len(taken))
			for _, index := range taken {
				choice = append(choice, others[index])
			}
			if !yield(choice) {
				return
			}
		}
	}
}

// equationsFor has rows of bits: one for each alternative, then the wanted sum. An equation is one random combination of checks seen
// through one random combination of columns.
func (c *checks) equationsFor(syndromes [][]uint16, others []alternative, random *draw) ([][]uint32, bool) {
	if c.rows == 0 {
		return nil, true
	}
	unknowns, bits := len(others), c.field.Bits
	// All bits of a symbol but one count: a combination may hide what is there, twice in 2^bits.
	symbols := (unknowns + spareEquations + bits - 2) / (bits - 1)
	// A few columns hold as many equations, and are quicker to combine.
	columns := (symbols+c.rows-1)/c.rows + narrowSpareColumns
	width := len(syndromes[0])
	combining := (c.rows+unknowns)*columns*(width+symbols) + symbols*unknowns*c.rows
	// Solving works on 32 unknowns at a time.
	solving := unknowns * symbols * bits * (unknowns>>5 + 1)
	if !c.effort.spend(combining + solving) {
		return nil, false
	}
	combinations := make([][]uint16, columns)
	for index := range combinations {
		combinations[index] = random.row(c.field, width)
	}
	narrow := func(row []uint16) []uint16 {
		narrowed := make([]uint16, columns)
		for index, combination := range combinations {
			narrowed[index] = innerProduct(c.field, row, combination)
		}
		return narrowed
	}
	sums, changes := make([][]uint16, len(syndromes)), make([][]uint16, unknowns)
	for index, syndrome := range syndromes {
		sums[index] = narrow(syndrome)
	}
	for index, other := range others {
		changes[index] = narrow(other.change)
	}
	var equations [][]uint32
	for range symbols {
		ofChecks, ofColumns := random.row(c.field, c.rows), random.row(c.field, columns)
		rows := make([][]uint32, bits)
		for bit := range rows {
			rows[bit] = make([]uint32, unknowns>>5+1)
		}
		write := func(index int, value uint16) {
			for bit, row := range rows {
				row[index>>5] |= uint32(value>>bit&1) << (index & 31)
			}
		}
		wanted := make([]uint16, len(sums))
		for index, sum := range sums {
			wanted[index] = innerProduct(c.field, sum, ofColumns)
		}
		write(unknowns, innerProduct(c.field, wanted, ofChecks))
		factor, last := uint16(0), -1
		for index, other := range others {
			if other.position != last {
				last = other.position
				factor = c.field.Multiply(c.weights[last], c.valueAt(ofChecks, c.places[last]))
			}
			write(index, c.field.Multiply(factor, innerProduct(c.field, changes[index], ofColumns)))
		}
		equations = append(equations, rows...)
	}
	return equations, true
}

func innerProduct(field *gf.Field, a, b []uint16) uint16 {
	sum := uint16(0)
	for index, left := range a {
		sum ^= field.Multiply(left, b[index])
	}
	return sum
}
