package forged

import (
	"encoding/binary"
	"math/bits"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/gf"
)

// draw gives many unpredictable numbers from few unpredictable bytes, by xoshiro128**. Not for keys: nobody sees these numbers.
type draw struct{ a, b, c, d uint32 }

// drawFrom 16 bytes.
func drawFrom(seed []byte) *draw {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(seed[at:]) }
	// It would stay at zero for ever.
	return &draw{word(0), word(4), word(8), word(12) | 1}
}

func (r *draw) next() uint32 {
	drawn := bits.RotateLeft32(r.b*5, 7) * 9
	shifted := r.b << 9
	r.c ^= r.a
	r.d ^= r.b
	r.b ^= r.c
	r.a ^= r.d
	r.c ^= shifted
	r.d = bits.RotateLeft32(r.d, 11)
	return drawn
}

func (r *draw) row(field *gf.Field, length int) []uint16 {
	row := make([]uint16, length)
	for index := range row {
		row[index] = uint16(r.next() >> (32 - field.Bits))
	}
	return row
}
