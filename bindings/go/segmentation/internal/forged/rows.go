package forged

import "github.com/at-chat/chat/bindings/go/segmentation/internal/gf"

// addMultiple adds factor times source to target, which are of one length; source is 0 before start.
func addMultiple(field *gf.Field, target, source []uint16, factor uint16, start int) {
	if factor == 0 {
		return
	}
	// Two small tables are quicker than logarithms, which do not fit the first cache.
	var low, high [256]uint16
	for bit := range 8 {
		width := 1 << bit
		lowBit, highBit := field.Multiply(factor, uint16(width)), uint16(0)
		if field.Bits == 16 {
			highBit = field.Multiply(factor, uint16(width<<8))
		}
		for index := range width {
			low[width+index] = low[index] ^ lowBit
			high[width+index] = high[index] ^ highBit
		}
	}
	target = target[:len(source)]
	for index := start; index < len(source); index++ {
		symbol := source[index]
		target[index] ^= low[symbol&0xff] ^ high[symbol>>8]
	}
}

// echelon has rows that do not depend on each other. Each has 1 at its pivot, 0 before it, and 0 at the pivots of the rows before it.
type echelon struct {
	field  *gf.Field
	rows   [][]uint16
	pivots []int
}

// insert reduces row and keeps it, unless nothing of it is left. width is how many columns count; what follows them is only carried
// along.
func (e *echelon) insert(row []uint16, width int) bool {
	for index, basis := range e.rows {
		pivot := e.pivots[index]
		addMultiple(e.field, row, basis, row[pivot], pivot)
	}
	for pivot, symbol := range row[:width] {
		if symbol == 0 {
			continue
		}
		scaled := make([]uint16, len(row))
		addMultiple(e.field, scaled, row, e.field.Inverse(symbol), pivot)
		e.rows = append(e.rows, scaled)
		e.pivots = append(e.pivots, pivot)
		return true
	}
	return false
}

func concat(parts ...[]uint16) []uint16 {
	var whole []uint16
	for _, part := range parts {
		whole = append(whole, part...)
	}
	return whole
}
