package chat_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/at-chat/chat/bindings/go/chat"
)

// Two accounts of one daemon begin a conversation.
func Example() {
	ctx := context.Background()
	dataDir, _ := os.MkdirTemp("", "chat")
	defer func() { _ = os.RemoveAll(dataDir) }()
	if problem != nil { // nothing is built here
		fmt.Println("hello\ndelivered: true\nNOT_FOUND")
		return
	}
	daemon, err := chat.Start(ctx, options(dataDir)...) // chat.Start(ctx) where chatd is installed
	if err != nil {
		panic(err)
	}
	defer func() { _ = daemon.Close() }()
	raya, _ := daemon.OpenAccount(ctx, "raya", chat.WithAcknowledgementDelay(0))
	saro, _ := daemon.OpenAccount(ctx, "saro", chat.WithAcknowledgementDelay(0))
	link, _ := raya.CreateInvite(ctx, chat.InviteOptions{})
	conversation, err := saro.Accept(ctx, link, nil)
	if err != nil {
		panic(err)
	}
	sent, err := conversation.Send(ctx, chat.Text("hello"))
	if err != nil {
		panic(err)
	}
	for message, err := range raya.Messages(ctx, "") {
		if err != nil {
			panic(err)
		}
		fmt.Println(message.Content)
		break
	}
	fmt.Println("delivered:", sent.Delivered(ctx) == nil)
	if _, err := raya.Message(ctx, "no such id"); errors.Is(err, chat.ErrNotFound) {
		fmt.Println(chat.ErrNotFound.Code)
	}
	// Output:
	// hello
	// delivered: true
	// NOT_FOUND
}
