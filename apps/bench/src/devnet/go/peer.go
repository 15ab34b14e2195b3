package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	mplex "github.com/libp2p/go-libp2p-mplex"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	protocolID "github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
	"github.com/libp2p/go-msgio/pbio"
	"github.com/waku-org/go-waku/waku/v2/protocol/filter"
	filterpb "github.com/waku-org/go-waku/waku/v2/protocol/filter/pb"
	"github.com/waku-org/go-waku/waku/v2/protocol/lightpush"
	lightpushpb "github.com/waku-org/go-waku/waku/v2/protocol/lightpush/pb"
	"github.com/waku-org/go-waku/waku/v2/protocol/metadata"
	metadatapb "github.com/waku-org/go-waku/waku/v2/protocol/metadata/pb"
	"github.com/waku-org/go-waku/waku/v2/protocol/pb"
	"google.golang.org/protobuf/proto"
)

const (
	requestTimeout = 20 * time.Second
	maxFrameBytes  = 8 * 1024 * 1024
)

// One light peer with a connection of its own, by the transport and the muxer that light nodes of @waku/sdk have.
type lightPeer struct {
	host   host.Host
	remote peer.ID
}

func dial(ctx context.Context, address string) (*lightPeer, error) {
	own, err := libp2p.New(
		libp2p.NoListenAddrs,
		libp2p.Transport(websocket.New),
		libp2p.Muxer("/mplex/6.7.0", mplex.DefaultTransport),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.DisableMetrics(),
	)
	if err != nil {
		return nil, err
	}
	// go-waku hangs up on whoever does not tell its cluster.
	own.SetStreamHandler(metadata.MetadataID_v1, func(stream network.Stream) {
		defer stream.Close()
		var request metadatapb.WakuMetadataRequest
		if pbio.NewDelimitedReader(stream, maxFrameBytes).ReadMsg(&request) == nil {
			_ = pbio.NewDelimitedWriter(stream).WriteMsg(&metadatapb.WakuMetadataResponse{ClusterId: proto.Uint32(clusterID)})
		}
	})
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := own.Connect(ctx, *info); err != nil {
		return nil, err
	}
	return &lightPeer{host: own, remote: info.ID}, nil
}

// One request and its reply, on a stream of their own.
func (p *lightPeer) ask(ctx context.Context, id protocolID.ID, request, reply proto.Message) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	stream, err := p.host.NewStream(ctx, p.remote, id)
	if err != nil {
		return err
	}
	defer stream.Close()
	deadline, _ := ctx.Deadline()
	_ = stream.SetDeadline(deadline)
	if err := pbio.NewDelimitedWriter(stream).WriteMsg(request); err != nil {
		return errors.Join(err, stream.Reset())
	}
	if err := stream.CloseWrite(); err != nil {
		return errors.Join(err, stream.Reset())
	}
	if err := pbio.NewDelimitedReader(stream, maxFrameBytes).ReadMsg(reply); err != nil {
		return errors.Join(err, stream.Reset())
	}
	return nil
}

// By version 2, the one that both sides serve.
func (p *lightPeer) push(ctx context.Context, message *pb.WakuMessage) error {
	request := &lightpushpb.PushRpc{
		RequestId: "bench",
		Request:   &lightpushpb.PushRequest{PubsubTopic: pubsubTopic, Message: message},
	}
	var reply lightpushpb.PushRpc
	if err := p.ask(ctx, lightpush.LightPushID_v20beta1, request, &reply); err != nil {
		return err
	}
	if !reply.GetResponse().GetIsSuccess() {
		return fmt.Errorf("the push was refused: %s", reply.GetResponse().GetInfo())
	}
	return nil
}

// Calls `arrived` for each message, in the stream that brought it.
func (p *lightPeer) subscribe(ctx context.Context, contentTopic string, arrived func(*pb.WakuMessage)) error {
	p.host.SetStreamHandler(filter.FilterPushID_v20beta1, func(stream network.Stream) {
		defer stream.Close()
		reader := pbio.NewDelimitedReader(stream, maxFrameBytes)
		for { // go-waku sends one message in each stream, a devnet all in one
			var push filterpb.MessagePush
			if err := reader.ReadMsg(&push); err != nil {
				return
			}
			arrived(push.WakuMessage)
		}
	})
	return p.askFilter(ctx, &filterpb.FilterSubscribeRequest{
		RequestId:           "bench",
		FilterSubscribeType: filterpb.FilterSubscribeRequest_SUBSCRIBE,
		PubsubTopic:         &pubsubTopic,
		ContentTopics:       []string{contentTopic},
	})
}

// Subscribers that say nothing for five minutes are forgotten, by both sides.
func (p *lightPeer) ping(ctx context.Context) error {
	return p.askFilter(ctx, &filterpb.FilterSubscribeRequest{
		RequestId:           "bench",
		FilterSubscribeType: filterpb.FilterSubscribeRequest_SUBSCRIBER_PING,
	})
}

func (p *lightPeer) askFilter(ctx context.Context, request *filterpb.FilterSubscribeRequest) error {
	var reply filterpb.FilterSubscribeResponse
	if err := p.ask(ctx, filter.FilterSubscribeID_v20beta1, request, &reply); err != nil {
		return err
	}
	if reply.GetStatusCode() != 200 {
		return fmt.Errorf("filter: %d %s", reply.GetStatusCode(), reply.GetStatusDesc())
	}
	return nil
}
