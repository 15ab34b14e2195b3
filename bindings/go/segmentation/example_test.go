package segmentation_test

import (
	"fmt"

	"github.com/at-chat/chat/bindings/go/segmentation"
)

func Example() {
	options := segmentation.Options{MaxMessageSize: 100 * 1024}
	segmenter, err := segmentation.NewSegmenter(segmentation.SegmenterOptions{Options: options})
	if err != nil {
		panic(err)
	}
	segments, err := segmenter.Segment(make([]byte, 1_000_000))
	if err != nil {
		panic(err)
	}
	reassembler, err := segmentation.NewReassembler(segmentation.ReassemblerOptions{Options: options})
	if err != nil {
		panic(err)
	}
	index := 0
	for message := range segments.All() {
		if index++; index == 1 {
			continue // lost
		}
		if result := reassembler.Accept(message); result.Kind == segmentation.Complete {
			fmt.Println("whole:", len(result.Payload), "bytes of", segments.Total, "segments, without the first one")
		}
	}
	// Output: whole: 1000000 bytes of 11 segments, without the first one
}
