package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"net"
	"os"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	mplex "github.com/libp2p/go-libp2p-mplex"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/waku-org/go-waku/waku/persistence"
	"github.com/waku-org/go-waku/waku/persistence/sqlite"
	"github.com/waku-org/go-waku/waku/v2/node"
	"github.com/waku-org/go-waku/waku/v2/protocol"
	"github.com/waku-org/go-waku/waku/v2/protocol/filter"
	"github.com/waku-org/go-waku/waku/v2/protocol/lightpush"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	clusterID = 42
	shards    = 8
	// go-waku's own defaults are one request a second, 20 subscribers and 5 connections of one address.
	requestsPerSecond = 1_000_000
	maxSubscribers    = 20_000 // it never forgets those of a load before
	maxConnections    = 2_000
	linkTimeout       = 20 * time.Second
)

// Of the load: everything goes through one shard.
var pubsubTopic = protocol.NewStaticShardingPubsubTopic(clusterID, 0).String()

// A service node as in apps/devnet/interop, but one that does not report each message, and with a store if wanted.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	file := flags.String("store", "", "keep messages in this SQLite file; without it, nothing is stored")
	links := flags.String("link", "", "addresses of nodes to link to, with commas")
	_ = flags.Parse(args)

	options, err := nodeOptions(*file)
	if err != nil {
		return err
	}
	wakuNode, err := node.New(options...)
	if err != nil {
		return err
	}
	if err := wakuNode.Start(ctx); err != nil {
		return err
	}
	for shard := range uint16(shards) {
		topic := protocol.NewStaticShardingPubsubTopic(clusterID, shard).String()
		subscriptions, err := wakuNode.Relay().Subscribe(ctx, protocol.NewContentFilter(topic))
		if err != nil {
			return err
		}
		for _, subscription := range subscriptions {
			go func() {
				for range subscription.Ch {
				}
			}()
		}
	}
	if err := link(ctx, wakuNode, *links); err != nil {
		return err
	}
	webSocket, direct := addressesOf(wakuNode)
	if err := tell(map[string]any{"webSocket": webSocket, "tcp": direct}); err != nil {
		return err
	}
	<-ctx.Done()
	// The graceful stop waits for connections, and there is nothing to save: SQLite survives.
	return nil
}

func nodeOptions(file string) ([]node.WakuNodeOption, error) {
	loopback := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	allShards := make([]uint16, shards)
	for index := range allShards {
		allShards[index] = uint16(index)
	}
	logger := zap.New(zapcore.NewCore(
		zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(os.Stderr), zap.FatalLevel))
	options := []node.WakuNodeOption{
		node.WithLogger(logger),
		node.WithHostAddress(&loopback),
		node.WithWebsockets("127.0.0.1", 0),
		node.WithClusterID(clusterID),
		node.WithShards(allShards),
		node.WithMaxConnectionsPerIP(maxConnections),
		node.WithMaxPeerConnections(maxConnections),
		node.WithLibP2POptions(
			libp2p.Transport(tcp.NewTCPTransport),
			libp2p.Muxer("/yamux/1.0.0", yamux.DefaultTransport),
			// The only one of light nodes of @waku/sdk 0.0.36.
			libp2p.Muxer("/mplex/6.7.0", mplex.DefaultTransport),
			libp2p.UserAgent(node.UserAgent),
			libp2p.ConnectionManager(connmgr.NullConnMgr{}),
			libp2p.ResourceManager(&network.NullResourceManager{}),
		),
		node.WithWakuRelay(),
		node.WithWakuFilterFullNode(
			filter.WithFullNodeRateLimiter(requestsPerSecond, requestsPerSecond), filter.WithMaxSubscribers(maxSubscribers),
			// Every minute, 0.10 forgets those of whom it has heard within this time, and no others.
			filter.WithTimeout(time.Nanosecond)),
		node.WithLightPush(lightpush.WithRateLimiter(requestsPerSecond, requestsPerSecond)),
	}
	if file == "" {
		return options, nil
	}
	provider, err := messages(file, logger)
	return append(options, node.WithWakuStore(), node.WithMessageProvider(provider)), err
}

func messages(file string, logger *zap.Logger) (*persistence.DBStore, error) {
	var database *sql.DB
	database, err := sqlite.NewDB(file, logger)
	if err != nil {
		return nil, err
	}
	return persistence.NewDBStore(
		prometheus.NewRegistry(), logger, persistence.WithDB(database), persistence.WithMigrations(sqlite.Migrations))
}

// Returns when each of them listens to what this node publishes.
func link(ctx context.Context, wakuNode *node.WakuNode, addresses string) error {
	if addresses == "" {
		return nil
	}
	all := strings.Split(addresses, ",")
	for _, address := range all {
		if err := wakuNode.DialPeer(ctx, address); err != nil {
			return err
		}
	}
	for deadline := time.Now().Add(linkTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if len(wakuNode.Relay().PubSub().ListPeers(pubsubTopic)) >= len(all) {
			return nil
		}
	}
	return errors.New("the nodes did not find each other")
}

func addressesOf(wakuNode *node.WakuNode) (webSocket, direct string) {
	for _, address := range wakuNode.ListenAddresses() {
		text := address.String()
		switch {
		case strings.Contains(text, "p2p-circuit"):
		case strings.Contains(text, "/ws/"):
			webSocket = text
		default:
			direct = text
		}
	}
	return webSocket, direct
}
