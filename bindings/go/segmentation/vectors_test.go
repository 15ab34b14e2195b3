package segmentation_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/at-chat/chat/bindings/go/segmentation"
	"golang.org/x/crypto/sha3"
)

type vectorOptions struct {
	MaxMessageSize, MaxTotalSegments, MaxSets, MaxCompletedSets int
	MaxPayloadSize, MaxBufferedBytes, TimeoutMs                 int64
	Wrap                                                        string
	Blind                                                       bool
	Parity                                                      any
}

type vectorFile struct {
	Segmenting []struct {
		Name     string
		Options  vectorOptions
		Payload  struct{ Bytes, Seed int }
		Blinding *string
		Total    int
		SetID    *string
		Keccak   string `json:"keccak256"`
		Messages []string
	}
	Refused []struct {
		Name         string
		Options      json.RawMessage
		PayloadBytes int
		Code         string
	}
	Accepting []struct {
		Name    string
		Options vectorOptions
		Steps   []struct {
			NowMs         int64
			Message       *string
			Sender        string
			MarkComplete  *string
			Expire        *[]segmentation.IncompleteReport
			Result        map[string]any
			BufferedBytes int64
		}
	}
}

func vectors(t testing.TB) (file vectorFile) {
	t.Helper()
	text, err := os.ReadFile("../../../vectors/segmentation.json")
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (o vectorOptions) common() segmentation.Options {
	options := segmentation.Options{
		MaxMessageSize: o.MaxMessageSize, MaxPayloadSize: o.MaxPayloadSize,
		MaxTotalSegments: o.MaxTotalSegments, Blind: o.Blind,
	}
	if o.Wrap == "always" {
		options.Wrap = segmentation.WrapAlways
	}
	return options
}

func (o vectorOptions) parity() segmentation.Parity {
	if o.Parity == "none" {
		return segmentation.NoParity
	}
	if rate, ok := o.Parity.(map[string]any); ok {
		return segmentation.ParityRate(rate["rate"].(float64))
	}
	return segmentation.SevenEighths
}

func vectorPayload(length, seed int) []byte {
	payload := make([]byte, length)
	for i := range payload {
		payload[i] = byte(i*167 + (i>>8)*59 + seed)
	}
	return payload
}

func TestSegmentingVectors(t *testing.T) {
	for _, vector := range vectors(t).Segmenting {
		t.Run(vector.Name, func(t *testing.T) {
			options := segmentation.SegmenterOptions{Options: vector.Options.common(), Parity: vector.Options.parity()}
			options.Random = func(int) []byte {
				blinding, _ := hex.DecodeString(*vector.Blinding)
				return blinding
			}
			segmenter, err := segmentation.NewSegmenter(options)
			if err != nil {
				t.Fatal(err)
			}
			segments, err := segmenter.Segment(vectorPayload(vector.Payload.Bytes, vector.Payload.Seed))
			if err != nil {
				t.Fatal(err)
			}
			setID := ""
			if vector.SetID != nil {
				setID = *vector.SetID
			}
			if segments.Total != vector.Total || segments.SetID != setID {
				t.Fatalf("want %d and %s, got %d and %s", vector.Total, setID, segments.Total, segments.SetID)
			}
			hash := sha3.NewLegacyKeccak256()
			index := 0
			for message := range segments.All() {
				hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(message))))
				hash.Write(message)
				if index < len(vector.Messages) && hex.EncodeToString(message) != vector.Messages[index] {
					t.Fatalf("message %d: want %s, got %x", index, vector.Messages[index], message)
				}
				index++
			}
			if got := hex.EncodeToString(hash.Sum(nil)); got != vector.Keccak || index != vector.Total {
				t.Fatalf("want %d messages of %s, got %d of %s", vector.Total, vector.Keccak, index, got)
			}
		})
	}
}

func TestRefusedVectors(t *testing.T) {
	for _, vector := range vectors(t).Refused {
		t.Run(vector.Name, func(t *testing.T) {
			var options vectorOptions
			if err := json.Unmarshal(vector.Options, &options); err != nil {
				t.Fatal(err)
			}
			common := options.common()
			if bytes.Contains(vector.Options, []byte(`"maxTotalSegments": 0`)) || bytes.Contains(vector.Options, []byte(`"maxTotalSegments":0`)) {
				common.MaxTotalSegments = -1 // 0 stands for the default in Go
			}
			segmenter, err := segmentation.NewSegmenter(segmentation.SegmenterOptions{Options: common, Parity: options.parity()})
			if err == nil {
				_, err = segmenter.Segment(make([]byte, vector.PayloadBytes))
			}
			if !errors.Is(err, &segmentation.Error{Code: vector.Code}) {
				t.Fatalf("want %s, got %v", vector.Code, err)
			}
		})
	}
}

func TestAcceptingVectors(t *testing.T) {
	for _, vector := range vectors(t).Accepting {
		t.Run(vector.Name, func(t *testing.T) {
			reassembler, err := segmentation.NewReassembler(segmentation.ReassemblerOptions{
				Options: vector.Options.common(), MaxBufferedBytes: vector.Options.MaxBufferedBytes,
				MaxSets: vector.Options.MaxSets, MaxCompletedSets: vector.Options.MaxCompletedSets,
				Timeout: time.Duration(vector.Options.TimeoutMs) * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			for index, step := range vector.Steps {
				now := time.UnixMilli(step.NowMs)
				switch {
				case step.Expire != nil:
					if reports := reassembler.Expire(now); !sameReports(reports, *step.Expire) {
						t.Fatalf("step %d: want %+v, got %+v", index, *step.Expire, reports)
					}
				case step.MarkComplete != nil:
					reassembler.MarkComplete(step.Sender, *step.MarkComplete, now)
				default:
					message, _ := hex.DecodeString(*step.Message)
					result := shown(reassembler.AcceptFrom(step.Sender, message, now))
					if !reflect.DeepEqual(result, step.Result) {
						t.Fatalf("step %d: want %v, got %v", index, step.Result, result)
					}
				}
				if got := reassembler.BufferedBytes(); got != step.BufferedBytes {
					t.Fatalf("step %d: want %d buffered bytes, got %d", index, step.BufferedBytes, got)
				}
			}
		})
	}
}

func sameReports(a, b []segmentation.IncompleteReport) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// shown is a result as the vectors have it.
func shown(result segmentation.Result) map[string]any {
	m := map[string]any{"kind": string(result.Kind)}
	if result.SetID != "" {
		m["setId"] = result.SetID
	}
	switch result.Kind {
	case segmentation.Complete:
		hash := sha3.NewLegacyKeccak256()
		hash.Write(result.Payload)
		m["payload"] = map[string]any{
			"bytes": float64(len(result.Payload)), "keccak256": hex.EncodeToString(hash.Sum(nil)),
		}
		if result.Sender != "" {
			m["sender"] = result.Sender
		}
		if result.Forged > 0 {
			m["forged"] = float64(result.Forged)
		}
	case segmentation.Pending:
		m["index"], m["isParity"] = float64(result.Index), result.IsParity
		m["held"], m["needed"], m["total"] = float64(result.Held), float64(result.Needed), float64(result.Total)
	default:
		m["reason"] = string(result.Reason)
	}
	return m
}
