package forged

// binarySolution of a system of linear equations over GF(2): 1 for each unknown that is set in one solution, and unknowns that may be
// flipped together; all solutions come from the one by such flips, each in one way.
type binarySolution struct {
	particular []uint8
	flips      [][]int
}

// solveBits: of an equation, bit i belongs to unknown i, bit `unknowns` is the right side. False if there is no solution.
func solveBits(equations [][]uint32, unknowns int) (binarySolution, bool) {
	rows := append([][]uint32{}, equations...)
	hasBit := func(row []uint32, bit int) bool { return row[bit>>5]>>(bit&31)&1 == 1 }
	var pivots, free []int
	for unknown := range unknowns {
		rank, found := len(pivots), -1
		for index := rank; index < len(rows) && found < 0; index++ {
			if hasBit(rows[index], unknown) {
				found = index
			}
		}
		if found < 0 {
			free = append(free, unknown)
			continue
		}
		rows[rank], rows[found] = rows[found], rows[rank]
		pivots = append(pivots, unknown)
		for index, row := range rows {
			if index == rank || !hasBit(row, unknown) {
				continue
			}
			for word := unknown >> 5; word < len(row); word++ {
				row[word] ^= rows[rank][word]
			}
		}
	}
	for _, row := range rows[len(pivots):] {
		if hasBit(row, unknowns) {
			return binarySolution{}, false
		}
	}
	solution := binarySolution{particular: make([]uint8, unknowns)}
	for index, pivot := range pivots {
		if hasBit(rows[index], unknowns) {
			solution.particular[pivot] = 1
		}
	}
	for _, unknown := range free {
		flip := []int{unknown}
		for index, pivot := range pivots {
			if hasBit(rows[index], unknown) {
				flip = append(flip, pivot)
			}
		}
		solution.flips = append(solution.flips, flip)
	}
	return solution, true
}
