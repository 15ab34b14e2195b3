// A go-waku node for the tests of the devnet: an independent implementation, driven over standard input.
//
// It listens on loopback only, looks for nobody by itself and takes one command per line, as JSON. Each command is
// answered by one line with its id; messages that arrive are lines of their own, with an event. It ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/libp2p/go-libp2p"
	mplex "github.com/libp2p/go-libp2p-mplex"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/waku-org/go-waku/waku/v2/node"
	"github.com/waku-org/go-waku/waku/v2/protocol"
	"github.com/waku-org/go-waku/waku/v2/protocol/filter"
	"github.com/waku-org/go-waku/waku/v2/protocol/lightpush"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Above what a test sends: go-waku's own default is one request a second.
const requestsPerSecond = 10_000

func main() {
	cluster := flag.Uint("cluster", 42, "cluster id")
	shards := flag.Uint("shards", 8, "how many shards to serve")
	light := flag.Bool("light", false, "be a light node: no relay, nothing served")
	flag.Parse()
	if err := run(uint16(*cluster), uint16(*shards), *light); err != nil {
		log.Fatal(err)
	}
}

func run(cluster, shardCount uint16, light bool) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	shards := make([]uint16, shardCount)
	for index := range shards {
		shards[index] = uint16(index)
	}
	wakuNode, err := node.New(options(cluster, shards, light)...)
	if err != nil {
		return err
	}
	if err := wakuNode.Start(ctx); err != nil {
		return err
	}
	defer wakuNode.Stop()
	out := &output{encoder: json.NewEncoder(os.Stdout)}
	if !light {
		if err := listen(ctx, wakuNode, cluster, shards, out); err != nil {
			return err
		}
	}
	out.write(map[string]any{"event": "ready", "peerId": wakuNode.ID(), "addresses": addresses(wakuNode)})
	return serve(ctx, wakuNode, out)
}

func options(cluster uint16, shards []uint16, light bool) []node.WakuNodeOption {
	loopback := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	chosen := []node.WakuNodeOption{
		node.WithLogger(logger()),
		node.WithHostAddress(&loopback),
		node.WithWebsockets("127.0.0.1", 0),
		node.WithClusterID(cluster),
		node.WithShards(shards),
		node.WithMaxConnectionsPerIP(1_000),
		// go-waku 0.10 speaks yamux only, light nodes of @waku/sdk 0.0.36 mplex only.
		node.WithLibP2POptions(
			libp2p.Transport(tcp.NewTCPTransport),
			libp2p.Muxer("/yamux/1.0.0", yamux.DefaultTransport),
			libp2p.Muxer("/mplex/6.7.0", mplex.DefaultTransport),
			libp2p.UserAgent(node.UserAgent),
		),
	}
	if light {
		return append(chosen, node.WithWakuFilterLightNode())
	}
	return append(chosen,
		node.WithWakuRelay(),
		node.WithWakuFilterFullNode(filter.WithFullNodeRateLimiter(requestsPerSecond, requestsPerSecond)),
		node.WithLightPush(lightpush.WithRateLimiter(requestsPerSecond, requestsPerSecond)),
	)
}

// Errors go to standard error; standard output is for the answers.
func logger() *zap.Logger {
	encoder := zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), zap.ErrorLevel))
}

// Subscribes to every shard and writes what relay brings.
func listen(ctx context.Context, wakuNode *node.WakuNode, cluster uint16, shards []uint16, out *output) error {
	for _, shard := range shards {
		topic := protocol.NewStaticShardingPubsubTopic(cluster, shard).String()
		subscriptions, err := wakuNode.Relay().Subscribe(ctx, protocol.NewContentFilter(topic))
		if err != nil {
			return fmt.Errorf("relay of %s: %w", topic, err)
		}
		for _, subscription := range subscriptions {
			go forward("relay", subscription.Ch, out)
		}
	}
	return nil
}

func forward(event string, envelopes <-chan *protocol.Envelope, out *output) {
	for envelope := range envelopes {
		message := messageOf(envelope.PubsubTopic(), envelope.Message())
		message["event"] = event
		out.write(message)
	}
}

func addresses(wakuNode *node.WakuNode) []string {
	all := []string{}
	for _, address := range wakuNode.ListenAddresses() {
		// The circuit addresses that libp2p adds lead nowhere here.
		if !strings.Contains(address.String(), "p2p-circuit") {
			all = append(all, address.String())
		}
	}
	return all
}

func serve(ctx context.Context, wakuNode *node.WakuNode, out *output) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16*1024*1024)
	for lines.Scan() {
		var command command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			return fmt.Errorf("command: %w", err)
		}
		go func() {
			answer, err := command.run(ctx, wakuNode, out)
			if err != nil {
				answer = map[string]any{"error": err.Error()}
			}
			if answer == nil {
				answer = map[string]any{}
			}
			answer["id"] = command.ID
			out.write(answer)
		}()
	}
	return lines.Err()
}

// Lines of several goroutines, whole.
type output struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (out *output) write(line map[string]any) {
	out.mutex.Lock()
	defer out.mutex.Unlock()
	if err := out.encoder.Encode(line); err != nil {
		log.Fatal(err)
	}
}
