package forged

import "math"

// locate finds positions where no candidate is true, from the syndromes alone: fewer than there are checks; false if there are others
// with the same syndromes, or that takes too long.
//
// The syndromes of t wrong shards satisfy one linear recurrence, the same in every column, whose polynomial is zero at their t places.
// With a polynomial of degree d at most, r checks give r - d shifts of the recurrence. With s the rank of the syndromes, which is that of
// the errors, these are at most (r + s - 1) / 2: r / 2 where one column holds all errors, r - 1 where none depends on the others.
// Source: Roth and Vontobel, "Coding for combined block-symbol error correction" (2014); for s = t Metzner and Kapturowski (1990).
func (c *checks) locate(syndromes [][]uint16) ([]int, bool) {
	// Of independent columns there are at most as many as rows.
	if !c.effort.spend(c.rows * c.rows * len(syndromes[0])) {
		return nil, false
	}
	independent := echelon{field: c.field}
	for _, syndrome := range syndromes {
		independent.insert(append([]uint16{}, syndrome...), len(syndrome))
	}
	rank := len(independent.pivots)
	if rank == 0 {
		return nil, true
	}
	degree := (c.rows + rank - 1) / 2
	if !c.effort.spend(degree * degree * (c.rows - degree) * rank) {
		return nil, false
	}
	// These columns tell as much as all.
	columns := make([][]uint16, len(syndromes))
	for index, syndrome := range syndromes {
		for _, pivot := range independent.pivots {
			columns[index] = append(columns[index], syndrome[pivot])
		}
	}
	shifts := make([][]uint16, degree+1)
	for order := range shifts {
		shifts[order] = concat(columns[order : order+c.rows-degree]...)
	}
	return c.zerosOf(shortestRecurrence(&echelon{field: c.field}, shifts))
}

// locateBeside is the same where every other position may have alternatives that would account for its part of the syndromes: an
// unknown multiple of each change is allowed for. Where alignment is possible it finds at most r / 2, also where many shards were
// changed in the same columns; else almost as many as there are checks, if nearly all changes are independent.
func (c *checks) locateBeside(m measurement, isAlignmentPossible bool, random *draw) ([]int, bool) {
	columns := len(m.syndromes[0])
	count := len(m.alternatives)
	if columns == 0 || count == 0 {
		return nil, false
	}
	// Each combination of shifts gives one equation for each column.
	combinationsFor := func(degree int) int { return int(math.Ceil(1.3 * float64(count+degree+1) / float64(columns))) }
	degree := c.rows / 2
	if !isAlignmentPossible {
		degree = c.rows - combinationsFor(c.rows)
	}
	shifts := c.rows - degree
	needed := combinationsFor(max(degree, 0))
	if degree < 1 || needed > shifts || !c.effort.spend((count+degree)*(count+degree)*needed*columns) {
		return nil, false
	}
	combinations := make([][]uint16, needed)
	for index := range combinations {
		combinations[index] = random.row(c.field, shifts)
	}
	explained := echelon{field: c.field}
	for _, other := range m.alternatives {
		// Room for the mark of shortestRecurrence.
		row := make([]uint16, needed*columns+degree+1)
		for index, combination := range combinations {
			factor := c.valueAt(combination, c.places[other.position])
			addMultiple(c.field, row[index*columns:][:columns], other.change, factor, 0)
		}
		explained.insert(row, len(row))
	}
	shifted := make([][]uint16, degree+1)
	for order := range shifted {
		shifted[order] = make([]uint16, needed*columns)
		for index, combination := range combinations {
			row := shifted[order][index*columns:][:columns]
			for shift, factor := range combination {
				addMultiple(c.field, row, m.syndromes[order+shift], factor, 0)
			}
		}
	}
	return c.zerosOf(shortestRecurrence(&explained, shifted))
}

// shortestRecurrence gives the coefficients, lowest first, of a sum of rows that is nothing but rows of the echelon: with the fewest rows.
func shortestRecurrence(e *echelon, rows [][]uint16) []uint16 {
	for order, row := range rows {
		// The mark tells which rows it took to bring this one to nothing.
		marked := append(append([]uint16{}, row...), make([]uint16, len(rows))...)
		marked[len(row)+order] = 1
		if !e.insert(marked, len(row)) {
			return marked[len(row) : len(row)+order+1]
		}
	}
	return nil
}

// zerosOf gives the positions where the polynomial is zero, if they are as many as its degree.
func (c *checks) zerosOf(polynomial []uint16) ([]int, bool) {
	if polynomial == nil {
		return nil, false
	}
	var zeros []int
	for _, position := range c.positions {
		if c.valueAt(polynomial, c.places[position]) == 0 {
			zeros = append(zeros, position)
		}
	}
	return zeros, len(zeros) == len(polynomial)-1
}
