// Package segmentation cuts a payload of up to 100 MB into segments that each fit one Waku message, adds parity, and puts them
// together again from any 87.5 % of them, in whatever order they arrive, also when somebody mixes forged segments in (LIP-243,
// in the wire format of September 2026).
//
// A [Segmenter] makes the messages of a payload, a [Reassembler] takes messages and gives payloads. Neither does I/O nor has
// timers. What they make and answer is, byte for byte, what @chat/segmentation, its sibling in TypeScript, does.
package segmentation
