// Command segmentation cuts what comes in on standard input into messages, and puts messages together again. Messages are framed by
// their length: 32 bits, big-endian. It exits with 2 for bad arguments, and with 3 if what came in was incomplete.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/at-chat/chat/bindings/go/segmentation"
)

const usage = "usage: segmentation encode|decode --max-message-size N [--wrap when-needed|always] [--blind] " +
	"[--parity seven-eighths|none|RATE], or segmentation bench [--rounds N] [--case NAME]"

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "segmentation:", err)
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	if len(args) == 0 {
		return 2, errors.New(usage)
	}
	flags := flag.NewFlagSet("segmentation", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	size := flags.Int("max-message-size", 0, "")
	wrap := flags.String("wrap", "when-needed", "")
	blind := flags.Bool("blind", false, "")
	parity := flags.String("parity", "seven-eighths", "")
	rounds := flags.Int("rounds", 5, "")
	only := flags.String("case", "", "")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		return 2, errors.New(usage)
	}
	options := segmentation.Options{MaxMessageSize: *size, Blind: *blind}
	switch *wrap {
	case "when-needed":
	case "always":
		options.Wrap = segmentation.WrapAlways
	default:
		return 2, errors.New(usage)
	}
	switch args[0] {
	case "encode":
		return encode(options, *parity)
	case "decode":
		return decode(options)
	case "bench":
		if *rounds < 1 {
			return 2, errors.New(usage)
		}
		return 0, json.NewEncoder(os.Stdout).Encode(map[string]any{"cases": bench(*rounds, *only)})
	default:
		return 2, errors.New(usage)
	}
}

func encode(options segmentation.Options, parity string) (int, error) {
	settings := segmentation.SegmenterOptions{Options: options}
	switch rate, err := strconv.ParseFloat(parity, 64); {
	case parity == "seven-eighths":
	case parity == "none":
		settings.Parity = segmentation.NoParity
	case err == nil:
		settings.Parity = segmentation.ParityRate(rate)
	default:
		return 2, errors.New(usage)
	}
	segmenter, err := segmentation.NewSegmenter(settings)
	if err != nil {
		return 2, err
	}
	payload, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1, err
	}
	segments, err := segmenter.Segment(payload)
	if err != nil {
		return 2, err
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	for message := range segments.All() {
		if err := binary.Write(out, binary.BigEndian, uint32(len(message))); err != nil {
			return 1, err
		}
		if _, err := out.Write(message); err != nil {
			return 1, err
		}
	}
	return 0, out.Flush()
}

func decode(options segmentation.Options) (int, error) {
	reassembler, err := segmentation.NewReassembler(segmentation.ReassemblerOptions{Options: options})
	if err != nil {
		return 2, err
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 1, err
		}
		message := make([]byte, min(int64(length), int64(options.MaxMessageSize)+1))
		if _, err := io.ReadFull(in, message); err != nil {
			return 1, err
		}
		if _, err := io.CopyN(io.Discard, in, int64(length)-int64(len(message))); err != nil {
			return 1, err
		}
		if result := reassembler.Accept(message); result.Kind == segmentation.Complete {
			_, err := os.Stdout.Write(result.Payload)
			return 0, err
		}
	}
	for _, report := range reassembler.Expire(time.Now().Add(time.Hour)) {
		if err := json.NewEncoder(os.Stderr).Encode(report); err != nil {
			return 1, err
		}
	}
	return 3, nil
}
