package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/waku-org/go-waku/waku/v2/node"
	"github.com/waku-org/go-waku/waku/v2/protocol"
	"github.com/waku-org/go-waku/waku/v2/protocol/filter"
	"github.com/waku-org/go-waku/waku/v2/protocol/lightpush"
	"github.com/waku-org/go-waku/waku/v2/protocol/pb"
	"github.com/waku-org/go-waku/waku/v2/protocol/peer_exchange"
	"github.com/waku-org/go-waku/waku/v2/protocol/relay"
	"github.com/waku-org/go-waku/waku/v2/protocol/store"
	"google.golang.org/protobuf/proto"
)

const commandTimeout = 20 * time.Second

// One line of input. Payloads are base64, hashes hexadecimal, times nanoseconds since the Unix epoch.
type command struct {
	ID            int      `json:"id"`
	Do            string   `json:"do"`
	Address       string   `json:"address"`
	Peer          string   `json:"peer"`
	PubsubTopic   string   `json:"pubsubTopic"`
	ContentTopic  string   `json:"contentTopic"`
	ContentTopics []string `json:"contentTopics"`
	Payload       []byte   `json:"payload"`
	Timestamp     int64    `json:"timestamp,string"`
	Ephemeral     bool     `json:"ephemeral"`
	Hashes        []string `json:"hashes"`
	Limit         uint64   `json:"limit"`
	Forward       bool     `json:"forward"`
	TimeStart     *int64   `json:"timeStart,string"`
	TimeEnd       *int64   `json:"timeEnd,string"`
}

func (c command) run(ctx context.Context, wakuNode *node.WakuNode, out *output) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	switch c.Do {
	case "dial":
		return nil, wakuNode.DialPeer(ctx, c.Address)
	case "relayPeers":
		return map[string]any{"count": len(wakuNode.Relay().PubSub().ListPeers(c.PubsubTopic))}, nil
	case "peers":
		return peersOf(wakuNode), nil
	case "known":
		return knownTo(wakuNode)
	case "relay":
		return hashOf(wakuNode.Relay().Publish(ctx, c.message(), relay.WithPubSubTopic(c.PubsubTopic)))
	}
	remote, err := peer.Decode(c.Peer)
	if err != nil {
		return nil, fmt.Errorf("command %q for peer %q: %w", c.Do, c.Peer, err)
	}
	wanted := protocol.NewContentFilter(c.PubsubTopic, c.ContentTopics...)
	switch c.Do {
	case "push":
		return hashOf(wakuNode.Lightpush().Publish(
			ctx, c.message(), lightpush.WithPubSubTopic(c.PubsubTopic), lightpush.WithPeer(remote)))
	case "subscribe":
		subscriptions, err := wakuNode.FilterLightnode().Subscribe(ctx, wanted, filter.WithPeer(remote))
		for _, subscription := range subscriptions {
			go forward("filter", subscription.C, out)
		}
		return nil, err
	case "ping":
		return nil, wakuNode.FilterLightnode().Ping(ctx, remote)
	case "unsubscribe":
		result, err := wakuNode.FilterLightnode().Unsubscribe(ctx, wanted, filter.WithPeer(remote))
		return nil, firstError(result, err)
	case "unsubscribeAll":
		result, err := wakuNode.FilterLightnode().UnsubscribeAll(ctx, filter.WithPeer(remote))
		return nil, firstError(result, err)
	case "exchange":
		// It goes on with what it learned after it returned.
		lasting := context.WithoutCancel(ctx)
		return nil, wakuNode.PeerExchange().Request(lasting, 10, peer_exchange.WithPeer(remote))
	case "query":
		return c.query(ctx, wakuNode, remote, wanted)
	}
	return nil, fmt.Errorf("unknown command %q", c.Do)
}

func (c command) message() *pb.WakuMessage {
	message := &pb.WakuMessage{Payload: c.Payload, ContentTopic: c.ContentTopic, Timestamp: proto.Int64(c.Timestamp)}
	if c.Ephemeral {
		message.Ephemeral = proto.Bool(true)
	}
	return message
}

// All pages of a query, one array of messages for each.
func (c command) query(
	ctx context.Context, wakuNode *node.WakuNode, remote peer.ID, wanted protocol.ContentFilter,
) (map[string]any, error) {
	var criteria store.Criteria = store.FilterCriteria{ContentFilter: wanted, TimeStart: c.TimeStart, TimeEnd: c.TimeEnd}
	if len(c.Hashes) > 0 {
		hashes := make([]pb.MessageHash, len(c.Hashes))
		for index, text := range c.Hashes {
			bytes, err := hex.DecodeString(text)
			if err != nil {
				return nil, err
			}
			hashes[index] = pb.ToMessageHash(bytes)
		}
		criteria = store.MessageHashCriteria{MessageHashes: hashes}
	}
	result, err := wakuNode.Store().Request(
		ctx, criteria, store.WithPeer(remote), store.WithPaging(c.Forward, c.Limit), store.SkipRateLimit())
	if err != nil {
		return nil, err
	}
	pages := [][]map[string]any{}
	for !result.IsComplete() {
		page := []map[string]any{}
		for _, entry := range result.Messages() {
			message := messageOf(entry.GetPubsubTopic(), entry.GetMessage())
			message["hash"] = hex.EncodeToString(entry.GetMessageHash())
			page = append(page, message)
		}
		pages = append(pages, page)
		if err := result.Next(ctx, store.SkipRateLimit()); err != nil {
			return nil, err
		}
	}
	return map[string]any{"pages": pages}, nil
}

func messageOf(pubsubTopic string, message *pb.WakuMessage) map[string]any {
	if message == nil {
		return map[string]any{"pubsubTopic": pubsubTopic}
	}
	hash := message.Hash(pubsubTopic)
	return map[string]any{
		"pubsubTopic":  pubsubTopic,
		"contentTopic": message.ContentTopic,
		"payload":      message.Payload,
		"timestamp":    fmt.Sprint(message.GetTimestamp()),
		"ephemeral":    message.GetEphemeral(),
		"hash":         hex.EncodeToString(hash[:]),
	}
}

func hashOf(hash pb.MessageHash, err error) (map[string]any, error) {
	if err != nil {
		return nil, err
	}
	return map[string]any{"hash": hex.EncodeToString(hash[:])}, nil
}

func firstError(result *filter.WakuFilterPushResult, err error) error {
	if err != nil || result == nil {
		return err
	}
	for _, failure := range result.Errors() {
		if failure.Err != nil {
			return failure.Err
		}
	}
	return nil
}

// Which protocols each connected peer has, as identify told.
func peersOf(wakuNode *node.WakuNode) map[string]any {
	peers := map[string]any{}
	for remote, protocols := range wakuNode.PeerStats() {
		peers[remote.String()] = protocols
	}
	return map[string]any{"peers": peers}
}

// Where each peer that this node ever heard of can be reached, connected or not.
func knownTo(wakuNode *node.WakuNode) (map[string]any, error) {
	peers, err := wakuNode.Peers()
	if err != nil {
		return nil, err
	}
	known := map[string]any{}
	for _, remote := range peers {
		known[remote.ID.String()] = remote.Addrs
	}
	return map[string]any{"known": known}, nil
}
