package segmentation

import (
	"math"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/gf"
)

// parityCountFor is how many parity segments so many data segments get.
func parityCountFor(dataCount int, parity Parity) int {
	switch {
	case parity.none:
		return 0
	case parity.rate != 0:
		return int(math.Ceil(float64(dataCount) * parity.rate))
	default:
		// With m of n = k + m lost at most, any 7/8 of n suffice iff m >= floor(n / 8): the least such m.
		return (dataCount - 1) / 7
	}
}

// codeExists tells whether Leopard has a code of these counts.
func codeExists(dataCount, parityCount int) bool {
	if parityCount < 1 || parityCount > dataCount || dataCount > gf.MaxPlaces {
		return false
	}
	return gf.CodeLength(dataCount, parityCount) <= gf.MaxPlaces
}
