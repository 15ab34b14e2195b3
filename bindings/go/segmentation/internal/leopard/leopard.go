// Package leopard makes parity that equals that of catid's Leopard bit for bit: by klauspost/reedsolomon over the field that the counts
// call for, which it would choose otherwise for some of them, and by hand where a code needs no field.
package leopard

import (
	"crypto/subtle"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/gf"
	"github.com/klauspost/reedsolomon"
)

// Encode writes parity shards. Data shards are of the size of the parity, or shorter and as if zeros followed.
func Encode(data, parity [][]byte, shardSize int) error {
	switch {
	case len(parity) == 0:
		return nil
	case len(data) == 1:
		for _, shard := range parity {
			clear(shard[copy(shard, data[0]):])
		}
		return nil
	case len(parity) == 1:
		clear(parity[0])
		for _, shard := range data {
			xor(parity[0], shard)
		}
		return nil
	}
	code, err := codeFor(len(data), len(parity))
	if err != nil {
		return err
	}
	return code.Encode(append(padded(data, shardSize), parity...))
}

// RecoverData makes the data shards that are nil, at full size, from the others and from at least as many parity shards.
func RecoverData(data, parity [][]byte, shardSize int) error {
	if len(data) == 1 {
		for _, shard := range parity {
			if shard != nil {
				data[0] = append([]byte{}, shard...)
				return nil
			}
		}
	}
	if len(parity) == 1 {
		sum := append([]byte{}, parity[0]...)
		lost := -1
		for index, shard := range data {
			if shard == nil {
				lost = index
			}
			xor(sum, shard)
		}
		data[lost] = sum
		return nil
	}
	code, err := codeFor(len(data), len(parity))
	if err != nil {
		return err
	}
	shards := append(padded(data, shardSize), parity...)
	if err := code.ReconstructData(shards); err != nil {
		return err
	}
	for index := range data {
		if data[index] == nil {
			data[index] = shards[index]
		}
	}
	return nil
}

func codeFor(dataCount, parityCount int) (reedsolomon.Encoder, error) {
	field := reedsolomon.WithLeopardGF(true)
	if gf.CodeLength(dataCount, parityCount) > 256 {
		field = reedsolomon.WithLeopardGF16(true)
	}
	return reedsolomon.New(dataCount, parityCount, field, reedsolomon.WithMaxGoroutines(1))
}

// padded gives shards of one size; only the short ones are copied.
func padded(shards [][]byte, size int) [][]byte {
	full := make([][]byte, len(shards), len(shards)*2)
	for index, shard := range shards {
		if shard != nil && len(shard) < size {
			shard = append(make([]byte, 0, size), shard...)[:size]
		}
		full[index] = shard
	}
	return full
}

func xor(sum, shard []byte) { subtle.XORBytes(sum[:len(shard)], sum[:len(shard)], shard) }
