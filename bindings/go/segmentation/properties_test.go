package segmentation_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/at-chat/chat/bindings/go/segmentation"
)

// Two runs each: one that is the same for ever, one that is new, and printed.
func seeds(t *testing.T, property func(t *testing.T, random *rand.Rand)) {
	for _, seed := range []uint64{20_261_124, rand.Uint64()} {
		t.Run(fmt.Sprintf("(seed %d)", seed), func(t *testing.T) { property(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func segmentsOf(t testing.TB, options segmentation.SegmenterOptions, payload []byte) [][]byte {
	t.Helper()
	segmenter, err := segmentation.NewSegmenter(options)
	if err != nil {
		t.Fatal(err)
	}
	segments, err := segmenter.Segment(payload)
	if err != nil {
		t.Fatal(err)
	}
	var messages [][]byte
	for message := range segments.All() {
		messages = append(messages, message)
	}
	return messages
}

func reassembler(t testing.TB, options segmentation.ReassemblerOptions) *segmentation.Reassembler {
	t.Helper()
	made, err := segmentation.NewReassembler(options)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func randomBytes(random *rand.Rand, length int) []byte {
	payload := make([]byte, length)
	for i := range payload {
		payload[i] = byte(random.Uint32())
	}
	return payload
}

// Any payload comes back, whatever the options, the order, copies, and as many losses as the parity allows.
func TestRoundTrips(t *testing.T) {
	seeds(t, func(t *testing.T, random *rand.Rand) {
		for range 150 {
			size := 123 + random.IntN(2_000)
			options := segmentation.Options{
				MaxMessageSize: size, Blind: random.IntN(2) == 0, Wrap: segmentation.Wrap(random.IntN(2)),
			}
			payload := randomBytes(random, random.IntN(40*size))
			messages := segmentsOf(t, segmentation.SegmenterOptions{Options: options}, payload)
			random.Shuffle(len(messages), func(a, b int) { messages[a], messages[b] = messages[b], messages[a] })
			kept := messages[len(messages)/8:]
			kept = append(kept, kept[:len(kept)/3]...)
			receiver := reassembler(t, segmentation.ReassemblerOptions{Options: options})
			var got [][]byte
			for _, message := range kept {
				if len(message) > size {
					t.Fatalf("want at most %d bytes, got %d", size, len(message))
				}
				if result := receiver.Accept(message); result.Kind == segmentation.Complete {
					got = append(got, result.Payload)
				}
			}
			isAsItIs := len(messages) == 1 && options.Wrap == segmentation.WrapWhenNeeded
			if len(got) == 0 || !isAsItIs && len(got) > 1 || !bytes.Equal(got[0], payload) {
				t.Fatalf("want the payload of %d bytes once, got %d payloads", len(payload), len(got))
			}
			if held := receiver.BufferedBytes(); held != 0 {
				t.Fatalf("want nothing held, got %d bytes", held)
			}
		}
	})
}

// Hostile traffic from several senders never takes more than the bounds, and never stops a genuine payload that has room.
func TestBounds(t *testing.T) {
	seeds(t, func(t *testing.T, random *rand.Rand) {
		const bound = 200_000
		options := segmentation.Options{MaxMessageSize: 300, MaxPayloadSize: 20_000}
		receiver := reassembler(t, segmentation.ReassemblerOptions{Options: options,
			MaxBufferedBytes: bound, MaxBufferedBytesPerSender: 30_000, MaxSets: 9, MaxSetsPerSender: 1})
		payload := randomBytes(random, 5_000)
		genuine := segmentsOf(t, segmentation.SegmenterOptions{Options: options}, payload)
		isComplete := false
		now := time.UnixMilli(1_800_000_000_000)
		for step := range 4_000 {
			now = now.Add(time.Duration(random.IntN(100)) * time.Millisecond)
			message := bytes.Clone(genuine[random.IntN(len(genuine))])
			for range random.IntN(4) {
				message[random.IntN(len(message))] = byte(random.Uint32())
			}
			receiver.AcceptFrom(fmt.Sprint("forger ", random.IntN(5)), message, now)
			if held := receiver.BufferedBytes(); held > bound {
				t.Fatalf("want at most %d bytes, got %d", bound, held)
			}
			if step%100 == 0 && step/100 < len(genuine) {
				result := receiver.AcceptFrom("friend", genuine[step/100], now)
				isComplete = isComplete || result.Kind == segmentation.Complete && bytes.Equal(result.Payload, payload)
			}
		}
		if !isComplete {
			t.Fatal("want the genuine payload, got none")
		}
	})
}

// Forged segments at every index, or without the true one at some, cost nothing but time.
func TestForgedSegments(t *testing.T) {
	cases := []struct {
		name                      string
		size, data, alone, copies int
	}{
		{"24+3, two without the true one", 4_096, 24, 2, 0},
		{"113+16, fifteen without the true one", 4_096, 113, 15, 0},
		{"24+3, a twin everywhere", 4_096, 24, 0, 1},
		{"113+16, three everywhere", 4_096, 113, 0, 3},
		{"113+16, a twin everywhere and one alone", 4_096, 113, 1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			seeds(t, func(t *testing.T, random *rand.Rand) {
				options := segmentation.Options{MaxMessageSize: c.size + segmentation.Overhead}
				payload := randomBytes(random, c.data*c.size-100)
				messages := segmentsOf(t, segmentation.SegmenterOptions{Options: options}, payload)
				forge := func(message []byte) []byte {
					forged := bytes.Clone(message)
					for range 200 {
						forged[len(forged)-1-random.IntN(3_000)] ^= byte(1 + random.IntN(255))
					}
					return forged
				}
				random.Shuffle(len(messages), func(a, b int) { messages[a], messages[b] = messages[b], messages[a] })
				receiver := reassembler(t, segmentation.ReassemblerOptions{Options: options})
				var sent [][]byte
				for index, message := range messages {
					for range max(c.copies, btoi(index < c.alone)) {
						sent = append(sent, forge(message))
					}
					if index >= c.alone {
						sent = append(sent, message)
					}
				}
				var last segmentation.Result
				for _, message := range sent {
					if last = receiver.Accept(message); last.Kind == segmentation.Complete {
						break
					}
				}
				if last.Kind != segmentation.Complete || !bytes.Equal(last.Payload, payload) {
					t.Fatalf("want the payload, got %s with %d held", last.Kind, last.Held)
				}
			})
		})
	}
}

func btoi(is bool) int {
	if is {
		return 1
	}
	return 0
}

// FuzzAccept: no bytes do harm, and what is a segment to the receiver is one to the sender, too.
func FuzzAccept(f *testing.F) {
	for _, message := range segmentsOf(f, segmentation.SegmenterOptions{Options: segmentation.Options{MaxMessageSize: 200}}, make([]byte, 2_000)) {
		f.Add(message)
	}
	f.Add([]byte{})
	options := segmentation.Options{MaxMessageSize: 1 << 16, MaxPayloadSize: 1 << 16}
	f.Fuzz(func(t *testing.T, message []byte) {
		receiver := reassembler(t, segmentation.ReassemblerOptions{Options: options, MaxBufferedBytes: 1 << 20})
		result := receiver.Accept(message)
		if held := receiver.BufferedBytes(); held > 1<<20 {
			t.Fatalf("want at most 1 MiB, got %d", held)
		}
		if result.Kind == segmentation.Complete && result.SetID == "" {
			again := reassembler(t, segmentation.ReassemblerOptions{Options: options})
			for _, sent := range segmentsOf(t, segmentation.SegmenterOptions{Options: options}, message) {
				if got := again.Accept(sent); got.Kind == segmentation.Complete && !bytes.Equal(got.Payload, message) {
					t.Fatalf("want %x, got %x", message, got.Payload)
				}
			}
		}
	})
}

// FuzzMutated: segments of one payload with changes in them never lead to another payload.
func FuzzMutated(f *testing.F) {
	payload := vectorPayload(3_000, 7)
	options := segmentation.Options{MaxMessageSize: 200}
	messages := segmentsOf(f, segmentation.SegmenterOptions{Options: options}, payload)
	f.Add([]byte{0, 0, 1, 3, 50, 9, 7, 120, 255})
	f.Fuzz(func(t *testing.T, changes []byte) {
		receiver := reassembler(t, segmentation.ReassemblerOptions{Options: options})
		mutated := make([][]byte, len(messages))
		for index := range messages {
			mutated[index] = bytes.Clone(messages[index])
		}
		for ; len(changes) >= 3; changes = changes[3:] {
			message := mutated[int(changes[0])%len(mutated)]
			message[int(changes[1])%len(message)] ^= changes[2]
		}
		for _, message := range append(mutated, messages...) {
			result := receiver.Accept(message)
			if result.Kind == segmentation.Complete && result.SetID != "" && !bytes.Equal(result.Payload, payload) {
				t.Fatal("want the payload, got another")
			}
		}
	})
}
