package chat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/at-chat/chat/bindings/go/chat"
)

// The tests run the real daemon of this repository, on a real network of one machine, which `npm test` has built.
var (
	node    = "node"
	chatd   = filepath.Join("..", "..", "..", "apps", "chatd", "bin", "chatd.js")
	devnet  = filepath.Join("..", "..", "..", "apps", "devnet", "bin", "devnet.js")
	peers   []string
	problem error
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, path := range []*string{&chatd, &devnet} {
		*path, _ = filepath.Abs(*path)
		if _, err := os.Stat(filepath.Join(filepath.Dir(*path), "..", "dist", "main.js")); err != nil {
			problem = fmt.Errorf("chatd and devnet are not built; run `npm test` in the repository: %w", err)
			return m.Run()
		}
	}
	command := exec.Command(node, devnet, "--port", "0", "--json")
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the devnet does not start:", err)
		return 1
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	line, _ := bufio.NewReader(output).ReadBytes('\n')
	var announced struct{ Peers []string }
	if err := json.Unmarshal(line, &announced); err != nil {
		fmt.Fprintln(os.Stderr, "the devnet says nothing:", err)
		return 1
	}
	peers = announced.Peers
	return m.Run()
}

// needDaemon skips a test where nothing is built; where it has to be, CHAT_REQUIRE_GO makes that a failure.
func needDaemon(t testing.TB) {
	t.Helper()
	if problem == nil {
		return
	}
	if os.Getenv("CHAT_REQUIRE_GO") != "" {
		t.Fatal(problem)
	}
	t.Skip(problem)
}

// testContext ends before the test does.
func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func options(dataDir string) []chat.Option {
	return []chat.Option{chat.WithCommand(node, chatd), chat.WithDataDir(dataDir), chat.WithPeers(peers...)}
}

// start runs a daemon in a folder of its own. Its path is short enough for a socket.
func start(t testing.TB, ctx context.Context) (*chat.Daemon, string) {
	t.Helper()
	needDaemon(t)
	dataDir := folder(t)
	daemon, err := chat.Start(ctx, options(dataDir)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Close() })
	return daemon, dataDir
}

func folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("", "chat")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

func open(t testing.TB, ctx context.Context, daemon *chat.Daemon, name string) *chat.Account {
	t.Helper()
	account, err := daemon.OpenAccount(ctx, name, chat.WithAcknowledgementDelay(0))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

// introduce opens two accounts and a conversation.
func introduce(t testing.TB, ctx context.Context, daemon *chat.Daemon) (raya, saro *chat.Account, toRaya *chat.Conversation) {
	t.Helper()
	raya, saro = open(t, ctx, daemon, "raya"), open(t, ctx, daemon, "saro")
	link, err := raya.CreateInvite(ctx, chat.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	toRaya, err = saro.Accept(ctx, link, chat.Text("hello"))
	if err != nil {
		t.Fatal(err)
	}
	return raya, saro, toRaya
}
