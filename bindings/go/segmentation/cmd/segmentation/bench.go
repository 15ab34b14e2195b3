package main

import (
	"fmt"
	"time"

	"github.com/at-chat/chat/bindings/go/segmentation"
	"github.com/at-chat/chat/bindings/go/segmentation/internal/leopard"
	"golang.org/x/crypto/sha3"
)

const (
	megabyte     = 1_000_000
	payloadBytes = 100 << 20
	messageSize  = 150_000
)

// bench gives MB/s of each round of all cases, or of one; one round before them is not told.
func bench(rounds int, only string) map[string][]float64 {
	payload := make([]byte, payloadBytes)
	for i := range payload {
		payload[i] = byte(i*167 + (i>>8)*59)
	}
	options := segmentation.Options{MaxMessageSize: messageSize}
	segmenter := must(segmentation.NewSegmenter(segmentation.SegmenterOptions{Options: options}))
	messages := segment(segmenter, payload)
	lossy := make([][]byte, 0, len(messages))
	for index, message := range messages {
		if index%8 != 7 {
			lossy = append(lossy, message)
		}
	}
	encoding, decoding := parityCases(112, 16, 102_400)
	cases := []struct {
		name  string
		bytes int
		run   func()
	}{
		{"encode-112-16", 112 * 102_400, encoding},
		{"decode-112-16", 112 * 102_400, decoding},
		{"keccak-100mb", payloadBytes, func() { sha3.NewLegacyKeccak256().Write(payload) }},
		{"segment-100mb", payloadBytes, func() { segment(segmenter, payload) }},
		{"reassemble-100mb", payloadBytes, func() { reassemble(options, messages) }},
		{"reassemble-100mb-lossy", payloadBytes, func() { reassemble(options, lossy) }},
	}
	results := map[string][]float64{}
	for round := range rounds + 1 {
		for _, c := range cases {
			if only != "" && c.name != only {
				continue
			}
			start := time.Now()
			repeats := 1
			for c.run(); time.Since(start) < 200*time.Millisecond; repeats++ {
				c.run()
			}
			if round > 0 {
				speed := float64(c.bytes) * float64(repeats) / megabyte / time.Since(start).Seconds()
				results[c.name] = append(results[c.name], speed)
			}
		}
	}
	return results
}

// parityCases make the parity of so many shards, and recover as many data shards as there is parity.
func parityCases(dataCount, parityCount, shardSize int) (encode, decode func()) {
	shards := make([][]byte, dataCount+parityCount)
	for index := range shards {
		shards[index] = make([]byte, shardSize)
		for at := range shards[index] {
			shards[index][at] = byte(at*37 + index*101 + 11)
		}
	}
	data, parity := shards[:dataCount:dataCount], shards[dataCount:]
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	encode = func() { check(leopard.Encode(data, parity, shardSize)) }
	decode = func() {
		lossy := append([][]byte{}, data...)
		for index := range parityCount {
			lossy[index*dataCount/parityCount] = nil
		}
		check(leopard.RecoverData(lossy, parity, shardSize))
	}
	return encode, decode
}

func segment(segmenter *segmentation.Segmenter, payload []byte) (messages [][]byte) {
	for message := range must(segmenter.Segment(payload)).All() {
		messages = append(messages, message)
	}
	return messages
}

func reassemble(options segmentation.Options, messages [][]byte) {
	reassembler := must(segmentation.NewReassembler(segmentation.ReassemblerOptions{Options: options}))
	for _, message := range messages {
		if reassembler.Accept(message).Kind == segmentation.Complete {
			return
		}
	}
	panic(fmt.Sprintf("incomplete after %d messages", len(messages)))
}

func must[Value any](value Value, err error) Value {
	if err != nil {
		panic(err)
	}
	return value
}
