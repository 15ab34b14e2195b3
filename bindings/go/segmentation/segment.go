package segmentation

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Overhead is the most that one segment adds to its chunk: hash (34), length (6), index, both counts (4 each), parity mark (2)
// and the head of the chunk (5).
const Overhead = 59

// alignment is what erasure coding needs: every chunk but the last one of a payload has a multiple of this many bytes.
const alignment = 64

const hashBytes = 32

// segment is one that may be part of some payload. Nothing about it is authenticated.
type segment struct {
	payloadHash   [hashBytes]byte
	payloadLength int64
	// index is within data or within parity.
	index                  int
	dataCount, parityCount int
	isParity               bool
	// chunkSize is the length of every chunk of the set but the last one; 0 when there is only one, which may have any length.
	chunkSize int
	chunk     []byte
}

// setID names the set of a segment: all that its segments must agree on. Segments with the same hash that disagree on anything
// else are of different sets, so a forged header does not spoil the genuine ones.
func (s *segment) setID() string {
	hash := hex.EncodeToString(s.payloadHash[:])
	return fmt.Sprintf("%s-%d-%d-%d-%d", hash, s.payloadLength, s.dataCount, s.parityCount, s.chunkSize)
}

// ReadSetID gives what the id of a set tells of its payload: the Keccak-256, and the length in bytes.
func ReadSetID(setID string) (payloadHash [32]byte, payloadLength int64, err error) {
	parts := strings.Split(setID, "-")
	if len(parts) != 5 || len(parts[0]) != 2*hashBytes {
		return payloadHash, 0, invalid("setID: want one of this package, got another text")
	}
	if _, err := hex.Decode(payloadHash[:], []byte(parts[0])); err != nil {
		return payloadHash, 0, invalid("setID: want a hash, got another text")
	}
	payloadLength, err = strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return payloadHash, 0, invalid("setID: want a length, got another text")
	}
	return payloadHash, payloadLength, nil
}

// Fields of SegmentMessage in proto/chat/segmentation/v1.
const (
	fieldHash protowire.Number = 1 + iota
	fieldLength
	fieldIndex
	fieldDataCount
	fieldParityCount
	fieldIsParity
	fieldChunk
)

// encode writes the message with room for a chunk, which is returned as a part of it.
func (s *segment) encode(chunkLength int) (message, chunk []byte) {
	b := make([]byte, 0, Overhead+chunkLength)
	b = protowire.AppendTag(b, fieldHash, protowire.BytesType)
	b = protowire.AppendBytes(b, s.payloadHash[:])
	b = appendNumber(b, fieldLength, uint64(s.payloadLength))
	b = appendNumber(b, fieldIndex, uint64(s.index))
	b = appendNumber(b, fieldDataCount, uint64(s.dataCount))
	b = appendNumber(b, fieldParityCount, uint64(s.parityCount))
	if s.isParity {
		b = appendNumber(b, fieldIsParity, 1)
	}
	if chunkLength == 0 {
		return b, nil
	}
	b = protowire.AppendTag(b, fieldChunk, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(chunkLength))
	start := len(b)
	b = b[:start+chunkLength]
	return b, b[start:]
}

// appendNumber leaves 0 out, as proto3 has it.
func appendNumber(b []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

// parseSegment reads any bytes. The chunk shares memory with them. The reason is "" for a segment.
func parseSegment(message []byte) (s segment, reason Reason) {
	var hash []byte
	for rest := message; len(rest) > 0; {
		number, kind, length := protowire.ConsumeTag(rest)
		if length < 0 {
			return s, Undecodable
		}
		rest = rest[length:]
		// A field that is known is read as what it is, whatever its wire type says, as @chat/segmentation does: both must agree on
		// which bytes are a segment.
		switch {
		case number == fieldHash:
			hash, length = protowire.ConsumeBytes(rest)
		case number == fieldChunk:
			s.chunk, length = protowire.ConsumeBytes(rest)
		case number > fieldHash && number < fieldChunk:
			var value uint64
			value, length = protowire.ConsumeVarint(rest)
			s.setNumber(number, value)
		default:
			length = protowire.ConsumeFieldValue(number, kind, rest)
		}
		if length < 0 {
			return s, Undecodable
		}
		rest = rest[length:]
	}
	if len(hash) != hashBytes || s.dataCount < 1 {
		return s, Invalid
	}
	copy(s.payloadHash[:], hash)
	count := s.dataCount
	if s.isParity {
		count = s.parityCount
	}
	if s.index >= count || (s.isParity && !codeExists(s.dataCount, s.parityCount)) || !s.findChunkSize() {
		return s, Invalid
	}
	return s, ""
}

func (s *segment) setNumber(number protowire.Number, value uint64) {
	switch number {
	case fieldLength:
		s.payloadLength = int64(uint32(value))
	case fieldIndex:
		s.index = int(uint32(value))
	case fieldDataCount:
		s.dataCount = int(uint32(value))
	case fieldParityCount:
		s.parityCount = int(uint32(value))
	case fieldIsParity:
		s.isParity = value != 0
	}
}

// findChunkSize: every segment tells the chunk size of its set, a full one by its length, the last one by what is left. False if no
// chunk size gives payloadLength bytes in dataCount chunks of which this is one.
func (s *segment) findChunkSize() bool {
	length, others := int64(len(s.chunk)), int64(s.dataCount-1)
	// Parity is a whole number of 64-byte blocks, of which there is one even for an empty payload.
	if s.isParity && (length == 0 || length%alignment != 0) {
		return false
	}
	if others == 0 {
		return length == s.payloadLength || (s.isParity && length > s.payloadLength)
	}
	size := length
	if !s.isParity && s.index == s.dataCount-1 {
		if left := s.payloadLength - length; left%others != 0 || left < 0 {
			return false
		} else {
			size = left / others
		}
	}
	last := s.payloadLength - others*size
	s.chunkSize = int(size)
	return last > 0 && last <= size
}
