package chat

import (
	"log/slog"
	"time"
)

// Option changes how a daemon is started, found, or used.
type Option func(*settings)

type settings struct {
	command  []string
	dataDir  string
	socket   string
	network  string
	peers    []string
	logger   *slog.Logger
	patience time.Duration
}

func settingsOf(options []Option) settings {
	s := settings{logger: slog.New(slog.DiscardHandler), patience: 30 * time.Second}
	for _, option := range options {
		option(&s)
	}
	return s
}

// WithCommand is the program to start, with its first arguments. Without it, chatd is looked for in PATH, then in
// node_modules/.bin of the working directory and the folders above it, where the npm package puts it.
func WithCommand(name string, args ...string) Option {
	return func(s *settings) { s.command = append([]string{name}, args...) }
}

// WithDataDir is the folder with the accounts. Without it, chatd takes the one of the user.
func WithDataDir(dir string) Option { return func(s *settings) { s.dataDir = dir } }

// WithSocket is the Unix socket of the daemon. Without it, it is chatd.sock in the data folder.
func WithSocket(path string) Option { return func(s *settings) { s.socket = path } }

// WithNetwork is the network of accounts: "devnet", the default, or "twn", The Waku Network. For [Start].
func WithNetwork(name string) Option { return func(s *settings) { s.network = name } }

// WithPeers are service nodes of accounts, as WebSocket multiaddrs. For [Start].
func WithPeers(addresses ...string) Option {
	return func(s *settings) { s.peers = append(s.peers, addresses...) }
}

// WithLogger is told of starts and ends of the daemon. Without it, nobody is.
func WithLogger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// WithPatience is for how long a call waits for a daemon that is gone, 30 seconds by default.
func WithPatience(patience time.Duration) Option { return func(s *settings) { s.patience = patience } }
