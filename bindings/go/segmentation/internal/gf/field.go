// Package gf has the two finite fields of Leopard Reed-Solomon, for the search for forged segments. An element is written in a
// Cantor basis v of its field, so that bit i of the number stands for v[i].
package gf

import (
	"math/bits"
	"sync"
)

// MaxPlaces of the largest code.
const MaxPlaces = 65_536

// Field is one of them. Log[0] means nothing; Exp has twice as many entries, so that a sum of logarithms needs no reduction.
type Field struct {
	Bits     int
	Modulus  int
	Log, Exp []uint16
}

var cantor8 = []uint16{1, 214, 152, 146, 86, 200, 88, 230}
var cantor16 = []uint16{
	0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012,
	0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34, 0xff38, 0x991e,
}

// F8 is the field of codes of up to 256 places.
var F8 = sync.OnceValue(func() *Field { return makeField(8, 0x11d, cantor8) })

// F16 is that of larger codes.
var F16 = sync.OnceValue(func() *Field { return makeField(16, 0x1002d, cantor16) })

// NextPowerOfTwo is the least one that is not below count, which is 1 or more.
func NextPowerOfTwo(count int) int {
	if count <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(count-1))
}

// CodeLength is the number of places of a code: parity takes the first np2(parityCount), data follow, the rest stays zero.
func CodeLength(dataCount, parityCount int) int {
	return NextPowerOfTwo(NextPowerOfTwo(parityCount) + dataCount)
}

func makeField(width, polynomial int, basis []uint16) *Field {
	modulus := 1<<width - 1
	// Logarithms of the usual representation, by powers of x.
	powerOf := make([]uint16, modulus+1)
	for power, element := 0, 1; power < modulus; power++ {
		powerOf[element] = uint16(power)
		element <<= 1
		if element > modulus {
			element ^= polynomial
		}
	}
	f := &Field{Bits: width, Modulus: modulus, Log: make([]uint16, modulus+1), Exp: make([]uint16, 2*modulus+1)}
	usual := make([]uint16, modulus+1)
	for bit, vector := range basis {
		for low := range 1 << bit {
			usual[1<<bit+low] = usual[low] ^ vector
		}
	}
	for element := 1; element <= modulus; element++ {
		power := powerOf[usual[element]]
		f.Log[element] = power
		f.Exp[power] = uint16(element)
		f.Exp[int(power)+modulus] = uint16(element)
	}
	f.Exp[2*modulus] = f.Exp[0]
	return f
}

// Multiply two elements.
func (f *Field) Multiply(a, b uint16) uint16 {
	if a == 0 || b == 0 {
		return 0
	}
	return f.Exp[int(f.Log[a])+int(f.Log[b])]
}

// Inverse of an element that is not 0.
func (f *Field) Inverse(a uint16) uint16 { return f.Exp[f.Modulus-int(f.Log[a])] }

// LocatorLogs gives for each place x the logarithm of the product of x - z over the missing places z other than x. missing is a
// power of two long, and 1 for each missing place.
func (f *Field) LocatorLogs(missing []uint32) []uint32 {
	length := len(missing)
	// x - z is x XOR z here, so the sum of log(x XOR z) is a convolution that a Walsh-Hadamard transform makes a product.
	logs := make([]uint32, length)
	for index := range logs {
		logs[index] = uint32(f.Log[index])
	}
	sums := append([]uint32{}, missing...)
	f.walshHadamard(sums)
	f.walshHadamard(logs)
	// The transform is its own inverse but for a factor of length; 2^bits is 1 modulo 2^bits - 1.
	undo := uint64((f.Modulus + 1) / length)
	for index := range sums {
		sums[index] = uint32(uint64(sums[index]) * uint64(logs[index]) * undo % uint64(f.Modulus))
	}
	f.walshHadamard(sums)
	return sums
}

func (f *Field) walshHadamard(values []uint32) {
	modulus := uint32(f.Modulus)
	for half := 1; half < len(values); half *= 2 {
		for start := 0; start < len(values); start += 2 * half {
			for index := start; index < start+half; index++ {
				a, b := values[index], values[index+half]
				sum, difference := a+b, a-b
				if sum >= modulus {
					sum -= modulus
				}
				if a < b {
					difference += modulus
				}
				values[index], values[index+half] = sum, difference
			}
		}
	}
}
