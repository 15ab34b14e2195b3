package forged

import "github.com/at-chat/chat/bindings/go/segmentation/internal/gf"

const (
	// sumsPerSymbol that each symbol is part of.
	sumsPerSymbol = 3
	// In the 16-bit field, the low bytes of 32 symbols are followed by their high bytes.
	blockBytes   = 64
	blockSymbols = 32
)

// sketcher stands for a shard by random sums over its symbols. The sums are the same for every shard, so sketches satisfy the checks
// that shards satisfy, and one changed byte shows in three columns that nobody can foresee.
type sketcher struct {
	field     *gf.Field
	shardSize int
	columns   int
	// columnsOf each symbol of a shard; nil for a small shard, which is its own sketch.
	columnsOf []uint16
}

func newSketcher(c *checks, columns int, random *draw) *sketcher {
	symbols := c.shardSize
	if c.field.Bits == 16 {
		symbols /= 2
	}
	third := (columns + sumsPerSymbol - 1) / sumsPerSymbol
	s := &sketcher{field: c.field, shardSize: c.shardSize, columns: symbols}
	if symbols <= sumsPerSymbol*third {
		return s
	}
	s.columns = sumsPerSymbol * third
	s.columnsOf = make([]uint16, sumsPerSymbol*symbols)
	for index := range s.columnsOf {
		// Each in a third of its own, so that the three differ.
		s.columnsOf[index] = uint16(index%sumsPerSymbol*third + int(uint64(random.next())*uint64(third)>>32))
	}
	return s
}

// sketch takes shorter shards as if zeros followed.
func (s *sketcher) sketch(shard []byte) []uint16 {
	if len(shard) < s.shardSize {
		shard = append(make([]byte, 0, s.shardSize), shard...)[:s.shardSize]
	}
	sums := make([]uint16, s.columns)
	if s.field.Bits == 8 {
		for index, symbol := range shard[:s.shardSize] {
			s.add(sums, index, uint16(symbol))
		}
		return sums
	}
	index := 0
	for start := 0; start < s.shardSize; start += blockBytes {
		for low := start; low < start+blockSymbols; low++ {
			s.add(sums, index, uint16(shard[low])|uint16(shard[low+blockSymbols])<<8)
			index++
		}
	}
	return sums
}

func (s *sketcher) add(sums []uint16, index int, symbol uint16) {
	if s.columnsOf == nil {
		sums[index] = symbol
		return
	}
	for _, column := range s.columnsOf[sumsPerSymbol*index:][:sumsPerSymbol] {
		sums[column] ^= symbol
	}
}
