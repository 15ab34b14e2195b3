package segmentation

import (
	"crypto/rand"
	"time"
)

// Wrap says which payloads travel in segments.
type Wrap int

const (
	// WrapWhenNeeded sends a payload that fits one message as it is, unless it could be taken for a segment.
	WrapWhenNeeded Wrap = iota
	// WrapAlways is plain LIP-243.
	WrapAlways
)

// Options are those that both sides must agree on, and limits. Zero values stand for the defaults.
type Options struct {
	// MaxMessageSize is how many bytes one transport message can carry: 123 to 2^28 - 1. Required.
	MaxMessageSize int
	// MaxPayloadSize is 100 MiB by default; a negative one stands for 0.
	MaxPayloadSize int64
	// MaxTotalSegments of one payload, data and parity: 65,536 by default, which is also the most.
	MaxTotalSegments int
	Wrap             Wrap
	// Blind puts 32 random bytes in front of a payload that is segmented, so that its hash tells nothing about it. Not plain
	// LIP-243.
	Blind bool
}

// Parity says how many parity segments a payload gets.
type Parity struct {
	none bool
	rate float64
}

var (
	// SevenEighths is the fewest for which any 87.5 % of the segments suffice. The default.
	SevenEighths = Parity{}
	// NoParity needs every data segment.
	NoParity = Parity{none: true}
)

// ParityRate is so many for each data segment, rounded up, as LIP-243 has it: above 0, at most 1.
func ParityRate(rate float64) Parity {
	if rate == 0 {
		rate = -1 // not the default
	}
	return Parity{rate: rate}
}

// SegmenterOptions of [NewSegmenter].
type SegmenterOptions struct {
	Options
	Parity Parity
	// Random gives unpredictable bytes, for blinding: crypto/rand by default.
	Random func(length int) []byte
}

// ReassemblerOptions of [NewReassembler]. Zero values stand for the defaults.
type ReassemblerOptions struct {
	Options
	// MaxBufferedBytes is for segments that wait, over all sets: 2 × (MaxPayloadSize + 40 MiB) by default.
	MaxBufferedBytes int64
	// MaxBufferedBytesPerSender is the same for each sender that is named: half of it by default.
	MaxBufferedBytesPerSender int64
	// MaxSets that wait at one time: 256 by default.
	MaxSets int
	// MaxSetsPerSender that is named: half of it by default.
	MaxSetsPerSender int
	// MaxCompletedSets are remembered, so that late segments do not start them again: 4,096 by default; a negative one
	// stands for none.
	MaxCompletedSets int
	// Timeout is how long a set waits for its next segment, and how long a complete one is remembered: 5 minutes by default.
	Timeout time.Duration
	// Now is asked where a call gives no time: time.Now by default.
	Now func() time.Time
	// Incomplete is told at once of a set that was given up, besides Expire.
	Incomplete func(IncompleteReport)
	// Random gives unpredictable bytes, for finding forged segments: crypto/rand by default.
	Random func(length int) []byte
}

const (
	blindingBytes    = 32
	mib              = 1 << 20
	minMessageSize   = Overhead + alignment
	maxMessageSize   = 1<<28 - 1
	maxPayloadSize   = 1<<32 - 1 - blindingBytes
	maxTotalSegments = 65_536
)

func (o Options) resolve() (Options, error) {
	switch {
	case o.MaxPayloadSize == 0:
		o.MaxPayloadSize = 100 * mib
	case o.MaxPayloadSize < 0:
		o.MaxPayloadSize = 0
	}
	if o.MaxTotalSegments == 0 {
		o.MaxTotalSegments = maxTotalSegments
	}
	checks := []error{
		within("MaxMessageSize", int64(o.MaxMessageSize), minMessageSize, maxMessageSize),
		within("MaxPayloadSize", o.MaxPayloadSize, 0, maxPayloadSize),
		within("MaxTotalSegments", int64(o.MaxTotalSegments), 1, maxTotalSegments),
	}
	if o.Wrap != WrapWhenNeeded && o.Wrap != WrapAlways {
		checks = append(checks, invalid("Wrap: want WrapWhenNeeded or WrapAlways, got %d", o.Wrap))
	}
	return o, first(checks)
}

func (o SegmenterOptions) resolve() (SegmenterOptions, error) {
	common, err := o.Options.resolve()
	o.Options = common
	if err == nil && o.Parity.rate != 0 && !(o.Parity.rate > 0 && o.Parity.rate <= 1) {
		err = invalid("Parity: want a rate above 0 and at most 1, got another")
	}
	if o.Random == nil {
		o.Random = randomBytes
	}
	return o, err
}

func (o ReassemblerOptions) resolve() (ReassemblerOptions, error) {
	common, err := o.Options.resolve()
	o.Options = common
	orDefault(&o.MaxBufferedBytes, 2*(common.MaxPayloadSize+40*mib))
	orDefault(&o.MaxBufferedBytesPerSender, (o.MaxBufferedBytes+1)/2)
	orDefault(&o.MaxSets, 256)
	orDefault(&o.MaxSetsPerSender, (o.MaxSets+1)/2)
	orDefault(&o.Timeout, 5*time.Minute)
	switch {
	case o.MaxCompletedSets == 0:
		o.MaxCompletedSets = 4_096
	case o.MaxCompletedSets < 0:
		o.MaxCompletedSets = 0
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = randomBytes
	}
	const most = 1<<53 - 1
	return o, first([]error{
		err,
		within("MaxBufferedBytes", o.MaxBufferedBytes, 1, most),
		within("MaxBufferedBytesPerSender", o.MaxBufferedBytesPerSender, 1, most),
		within("MaxSets", int64(o.MaxSets), 1, most),
		within("MaxSetsPerSender", int64(o.MaxSetsPerSender), 1, most),
		within("Timeout", o.Timeout.Milliseconds(), 1, most),
	})
}

func orDefault[Value int | int64 | time.Duration](value *Value, otherwise Value) {
	if *value == 0 {
		*value = otherwise
	}
}

func within(name string, value, least, most int64) error {
	if value >= least && value <= most {
		return nil
	}
	return invalid("%s: want %d to %d, got %d", name, least, most, value)
}

func first(problems []error) error {
	for _, problem := range problems {
		if problem != nil {
			return problem
		}
	}
	return nil
}

func randomBytes(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes) // never fails
	return bytes
}
