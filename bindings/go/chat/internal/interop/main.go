// Command interop is one account that does what it is told by lines of JSON on its standard input, and tells what it receives:
// how the tests in bindings/interop have clients in several languages chat with each other.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/at-chat/chat/bindings/go/chat"
)

// begin is the first line.
type begin struct {
	Name, DataDir  string
	Command, Peers []string
}

// order is each other line. What it asks for is answered by a line with its id.
type order struct {
	ID                           int
	Do, Link, Conversation, Path string
	Count                        int
}

type line map[string]any

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	var first begin
	if !input.Scan() {
		return input.Err()
	}
	if err := json.Unmarshal(input.Bytes(), &first); err != nil {
		return err
	}
	command := chat.WithCommand(first.Command[0], first.Command[1:]...)
	daemon, err := chat.Start(ctx, command, chat.WithDataDir(first.DataDir), chat.WithPeers(first.Peers...))
	if err != nil {
		return err
	}
	defer func() { _ = daemon.Close() }()
	account, err := daemon.OpenAccount(ctx, first.Name, chat.WithAcknowledgementDelay(0))
	if err != nil {
		return err
	}
	var writing sync.Mutex
	tell := func(said line) {
		writing.Lock()
		defer writing.Unlock()
		_ = json.NewEncoder(os.Stdout).Encode(said)
	}
	tell(line{"account": account.ID()})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go listen(ctx, account, tell)
	for input.Scan() {
		var order order
		if err := json.Unmarshal(input.Bytes(), &order); err != nil {
			return err
		}
		go func() {
			answer, err := obey(ctx, account, order)
			if err != nil {
				answer = line{"failed": err.Error()}
			}
			answer["id"] = order.ID
			tell(answer)
		}()
	}
	return input.Err()
}

func obey(ctx context.Context, account *chat.Account, order order) (line, error) {
	switch order.Do {
	case "invite":
		link, err := account.CreateInvite(ctx, chat.InviteOptions{})
		return line{"link": link}, err
	case "accept":
		conversation, err := account.Accept(ctx, order.Link, chat.Text("hello"))
		if err != nil {
			return nil, err
		}
		return line{"conversation": conversation.ID()}, nil
	case "talk":
		return line{}, talk(ctx, account.Name(), account.Conversation(order.Conversation), order.Count)
	case "file":
		return line{}, sendFile(ctx, account.Conversation(order.Conversation), order.Path)
	}
	return nil, fmt.Errorf("want invite, accept, talk or file, got %q", order.Do)
}

// talk returns when everything is delivered.
func talk(ctx context.Context, name string, to *chat.Conversation, count int) error {
	var all []*chat.Sent
	for number := range count {
		sent, err := to.Send(ctx, chat.Text(fmt.Sprint(name, " ", number+1)))
		if err != nil {
			return err
		}
		all = append(all, sent)
	}
	for _, sent := range all {
		if err := sent.Delivered(ctx); err != nil {
			return err
		}
	}
	return nil
}

func sendFile(ctx context.Context, to *chat.Conversation, path string) error {
	content, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	info, err := content.Stat()
	if err != nil {
		return err
	}
	sent, err := to.SendFile(ctx, chat.FileInfo{Name: info.Name(), Size: uint64(info.Size())}, content)
	if err != nil {
		return err
	}
	return sent.Delivered(ctx)
}

func listen(ctx context.Context, account *chat.Account, tell func(line)) {
	for message, err := range account.Messages(ctx, "") {
		if err != nil {
			tell(line{"failed": err.Error()})
			return
		}
		said := line{"from": message.ConversationID}
		switch content := message.Content.(type) {
		case chat.Text:
			said["text"] = string(content)
		case chat.FileInfo:
			hash := sha256.New()
			if err := account.Download(ctx, message.ID, hash); err != nil {
				said["failed"] = err.Error()
			}
			said["file"] = line{"name": content.Name, "size": content.Size, "sha256": fmt.Sprintf("%x", hash.Sum(nil))}
		}
		tell(said)
	}
}
