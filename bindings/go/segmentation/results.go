package segmentation

import "time"

// Kind of a [Result].
type Kind string

const (
	// Complete: Payload is whole and its Keccak-256 was checked.
	Complete Kind = "complete"
	// Pending: the segment is held.
	Pending Kind = "pending"
	// Discarded: nothing was kept, for the Reason.
	Discarded Kind = "discarded"
)

// Reason why nothing was kept of a message.
type Reason string

const (
	// Undecodable: not a segment message; with WrapAlways.
	Undecodable Reason = "undecodable"
	// Invalid: a segment message that contradicts itself or LIP-243; with WrapAlways.
	Invalid Reason = "invalid"
	// Oversized: beyond MaxMessageSize, MaxPayloadSize, MaxTotalSegments or MaxBufferedBytes.
	Oversized Reason = "oversized"
	// Duplicate: held already, or of a set that was completed.
	Duplicate Reason = "duplicate"
	// Mismatch: its index is held with other bytes, and there is no room for one more alternative.
	Mismatch Reason = "mismatch"
)

// Result is what became of a message.
type Result struct {
	Kind Kind
	// Reason, if it is Discarded.
	Reason Reason
	// SetID if the bytes are a segment.
	SetID string
	// Payload, if it is Complete. One that travelled as it is shares memory with the message.
	Payload []byte
	// Sender as given to Accept, if it is Complete.
	Sender string
	// Forged is how many indexes had been given forged bytes, if it is Complete.
	Forged int
	// Index and IsParity of the segment, if it is Pending.
	Index    int
	IsParity bool
	// Held is how many different indexes there are, and Needed how many more segments it takes, at least, of Total; if it is
	// Pending.
	Held, Needed, Total int
}

// IndexRange has both ends in it.
type IndexRange struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// IncompleteReport is of a set that will not be put together.
type IncompleteReport struct {
	SetID string `json:"setId"`
	// Sender as given to Accept.
	Sender string `json:"sender,omitempty"`
	// Reason is "timeout", or "evicted": the bounds on memory left no room for it.
	Reason        string `json:"reason"`
	PayloadLength int64  `json:"payloadLength"`
	Held          int    `json:"held"`
	Needed        int    `json:"needed"`
	Total         int    `json:"total"`
	// Missing data and parity segments, in order; at most 1,024 ranges each.
	Missing       []IndexRange `json:"missing"`
	MissingParity []IndexRange `json:"missingParity"`
	// Forged: enough came but were not the payload that was announced.
	Forged bool `json:"forged"`
	// AgeMs since the first segment.
	AgeMs int64 `json:"ageMs"`
}

// Age since the first segment.
func (r IncompleteReport) Age() time.Duration { return time.Duration(r.AgeMs) * time.Millisecond }

// maxReportedRanges: a hostile sender can leave 32,768 holes; the first of them will do.
const maxReportedRanges = 1_024
