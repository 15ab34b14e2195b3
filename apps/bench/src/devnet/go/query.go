package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/waku-org/go-waku/waku/v2/protocol/legacy_store"
	legacypb "github.com/waku-org/go-waku/waku/v2/protocol/legacy_store/pb"
	"github.com/waku-org/go-waku/waku/v2/protocol/store"
	storepb "github.com/waku-org/go-waku/waku/v2/protocol/store/pb"
	"google.golang.org/protobuf/proto"
)

const pageSize = 100

// A page of at most 100 messages of one content topic.
type page struct {
	contentTopic       string
	startTime, endTime int64 // nanoseconds; 0: none
	forward            bool
	cursor             any // of an earlier answer
}

// Returns how many messages came, and the cursor of the next page.
type asker func(context.Context, *lightPeer, page) (int, any, error)

// One query after the other, each of another content topic. Timed from the request to the decoded reply.
func query(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("query", flag.ExitOnError)
	address := flags.String("address", "", "of the store node")
	version := flags.Int("version", 3, "of the store protocol: 3 or 2")
	kind := flags.String("kind", "newest", "newest, range or deep")
	topic := flags.String("topic", "/bench/1/%d/proto", "content topics, by number")
	topics := flags.Int("topics", 100, "how many of them there are")
	from := flags.Int64("from", 0, "of the middle of the history, in nanoseconds")
	to := flags.Int64("to", 0, "the end of that")
	count := flags.Int("count", 100, "queries")
	_ = flags.Parse(args)

	ask := asker(askV3)
	if *version == 2 {
		ask = askV2
	}
	own, err := dial(ctx, *address)
	if err != nil {
		return err
	}
	times := []time.Duration{}
	for number := range *count + 1 {
		wanted, err := pageOf(ctx, own, ask, *kind, fmt.Sprintf(*topic, (number*37)%*topics), *from, *to)
		if err != nil {
			return err
		}
		began := time.Now()
		messages, _, err := ask(ctx, own, wanted)
		took := time.Since(began)
		if err != nil {
			return err
		}
		if messages != pageSize {
			return fmt.Errorf("page: want %d messages, got %d", pageSize, messages)
		}
		if number > 0 { // the first has to agree on the protocol
			times = append(times, took)
		}
	}
	slices.Sort(times)
	return tell(map[string]any{"p50Ms": quantileMs(times, 0.5), "p99Ms": quantileMs(times, 0.99)})
}

func pageOf(ctx context.Context, own *lightPeer, ask asker, kind, topic string, from, to int64) (page, error) {
	switch kind {
	case "newest":
		return page{contentTopic: topic}, nil
	case "range":
		return page{contentTopic: topic, startTime: from, endTime: to, forward: true}, nil
	case "deep": // behind the page that ends in the middle
		_, cursor, err := ask(ctx, own, page{contentTopic: topic, endTime: to})
		if err == nil && cursor == nil {
			err = fmt.Errorf("cursor of %s: want one, got none", topic)
		}
		return page{contentTopic: topic, cursor: cursor}, err
	}
	return page{}, fmt.Errorf("kind: want newest, range or deep, got %s", kind)
}

func askV3(ctx context.Context, own *lightPeer, wanted page) (int, any, error) {
	request := &storepb.StoreQueryRequest{
		RequestId:         "bench",
		IncludeData:       true,
		PubsubTopic:       &pubsubTopic,
		ContentTopics:     []string{wanted.contentTopic},
		TimeStart:         optional(wanted.startTime),
		TimeEnd:           optional(wanted.endTime),
		PaginationForward: wanted.forward,
		PaginationLimit:   proto.Uint64(pageSize),
	}
	if cursor, ok := wanted.cursor.([]byte); ok {
		request.PaginationCursor = cursor
	}
	var reply storepb.StoreQueryResponse
	if err := own.ask(ctx, store.StoreQueryID_v300, request, &reply); err != nil {
		return 0, nil, err
	}
	if reply.GetStatusCode() != 200 {
		return 0, nil, fmt.Errorf("store: %d %s", reply.GetStatusCode(), reply.GetStatusDesc())
	}
	if reply.PaginationCursor == nil {
		return len(reply.Messages), nil, nil
	}
	return len(reply.Messages), reply.PaginationCursor, nil
}

// go-waku serves no other.
func askV2(ctx context.Context, own *lightPeer, wanted page) (int, any, error) {
	direction := legacypb.PagingInfo_BACKWARD
	if wanted.forward {
		direction = legacypb.PagingInfo_FORWARD
	}
	cursor, _ := wanted.cursor.(*legacypb.Index)
	request := &legacypb.HistoryRPC{
		RequestId: "bench",
		Query: &legacypb.HistoryQuery{
			PubsubTopic:    pubsubTopic,
			ContentFilters: []*legacypb.ContentFilter{{ContentTopic: wanted.contentTopic}},
			StartTime:      optional(wanted.startTime),
			EndTime:        optional(wanted.endTime),
			PagingInfo:     &legacypb.PagingInfo{PageSize: pageSize, Cursor: cursor, Direction: direction},
		},
	}
	var reply legacypb.HistoryRPC
	if err := own.ask(ctx, legacy_store.StoreID_v20beta4, request, &reply); err != nil {
		return 0, nil, err
	}
	if reply.GetResponse().GetError() != legacypb.HistoryResponse_NONE {
		return 0, nil, fmt.Errorf("store: %s", reply.GetResponse().GetError())
	}
	if next := reply.GetResponse().GetPagingInfo().GetCursor(); next != nil {
		return len(reply.GetResponse().GetMessages()), next, nil
	}
	return len(reply.GetResponse().GetMessages()), nil, nil
}

func optional(value int64) *int64 {
	if value == 0 {
		return nil
	}
	return &value
}
