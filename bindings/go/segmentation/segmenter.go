package segmentation

import (
	"fmt"
	"iter"

	"github.com/at-chat/chat/bindings/go/segmentation/internal/leopard"
	"golang.org/x/crypto/sha3"
)

// Segmenter cuts payloads. It may be used by several goroutines at once. Equal payloads and options give equal bytes, unless they
// are blinded.
type Segmenter struct {
	options   SegmenterOptions
	chunkSize int
}

// NewSegmenter checks the options. It fails with [ErrInvalidOption].
func NewSegmenter(options SegmenterOptions) (*Segmenter, error) {
	resolved, err := options.resolve()
	if err != nil {
		return nil, err
	}
	room := resolved.MaxMessageSize - Overhead
	return &Segmenter{options: resolved, chunkSize: room - room%alignment}, nil
}

// ChunkSize is how many bytes of payload a full segment has.
func (s *Segmenter) ChunkSize() int { return s.chunkSize }

// Segments are the messages of one payload.
type Segments struct {
	// Total is how many there are.
	Total int
	// SetID is how the receiver calls the set; empty for a payload that travels as it is.
	SetID string
	all   iter.Seq[[]byte]
}

// All makes the messages one at a time, in index order, data before parity. Each walk makes them anew.
func (s *Segments) All() iter.Seq[[]byte] { return s.all }

// Segment gives the messages to send for payload, each at most MaxMessageSize bytes. The payload must not change until the last one
// is taken; one that fits and needs no wrapping is the only message, the same slice. It fails with [ErrPayloadTooLarge] or
// [ErrTooManySegments].
func (s *Segmenter) Segment(payload []byte) (*Segments, error) {
	length := int64(len(payload))
	if length > s.options.MaxPayloadSize {
		message := fmt.Sprintf("payload: want at most %d bytes (MaxPayloadSize), got %d", s.options.MaxPayloadSize, length)
		return nil, &Error{Code: ErrPayloadTooLarge.Code, Message: message}
	}
	if s.options.Wrap == WrapWhenNeeded && len(payload) <= s.options.MaxMessageSize && !isSegment(payload) {
		return &Segments{Total: 1, all: func(yield func([]byte) bool) { yield(payload) }}, nil
	}
	var blinding []byte
	if s.options.Blind {
		blinding = s.options.Random(blindingBytes)
	}
	chunks := s.cut(payload, blinding)
	parityCount := parityCountFor(len(chunks), s.options.Parity)
	if err := s.checkCounts(len(chunks), parityCount); err != nil {
		return nil, err
	}
	head := segment{payloadLength: length + int64(len(blinding)), dataCount: len(chunks), parityCount: parityCount}
	hash := sha3.NewLegacyKeccak256()
	hash.Write(blinding)
	hash.Write(payload)
	hash.Sum(head.payloadHash[:0])
	if len(chunks) > 1 {
		head.chunkSize = s.chunkSize
	}
	all := func(yield func([]byte) bool) { s.make(head, chunks, yield) }
	return &Segments{Total: len(chunks) + parityCount, SetID: head.setID(), all: all}, nil
}

// cut gives chunks that share memory with payload, but for the first one of a blinded payload. There is at least one.
func (s *Segmenter) cut(payload, blinding []byte) [][]byte {
	var chunks [][]byte
	if len(blinding) > 0 {
		taken := min(s.chunkSize-len(blinding), len(payload))
		chunks = append(chunks, append(append([]byte{}, blinding...), payload[:taken]...))
		payload = payload[taken:]
	}
	for len(payload) > 0 || len(chunks) == 0 {
		taken := min(s.chunkSize, len(payload))
		chunks = append(chunks, payload[:taken:taken])
		payload = payload[taken:]
	}
	return chunks
}

func (s *Segmenter) checkCounts(dataCount, parityCount int) error {
	problem := ""
	switch {
	case dataCount+parityCount > s.options.MaxTotalSegments:
		problem = fmt.Sprintf("want at most %d (MaxTotalSegments)", s.options.MaxTotalSegments)
	case parityCount > 0 && !codeExists(dataCount, parityCount):
		problem = "no code for them"
	default:
		return nil
	}
	message := fmt.Sprintf("segments: %s, got %d of data and %d of parity; raise MaxMessageSize", problem, dataCount, parityCount)
	return &Error{Code: ErrTooManySegments.Code, Message: message}
}

func (s *Segmenter) make(head segment, chunks [][]byte, yield func([]byte) bool) {
	for index, chunk := range chunks {
		head.index = index
		message, place := head.encode(len(chunk))
		copy(place, chunk)
		if !yield(message) {
			return
		}
	}
	if head.parityCount == 0 {
		return
	}
	head.isParity = true
	messages, places := make([][]byte, head.parityCount), make([][]byte, head.parityCount)
	for index := range messages {
		head.index = index
		messages[index], places[index] = head.encode(s.chunkSize)
	}
	if err := leopard.Encode(chunks, places, s.chunkSize); err != nil {
		panic(err) // there is a code for the counts, and the sizes are ours
	}
	for _, message := range messages {
		if !yield(message) {
			return
		}
	}
}

func isSegment(payload []byte) bool {
	_, reason := parseSegment(payload)
	return reason == ""
}
