package main

import (
	"context"
	"fmt"
	"os"

	"github.com/at-chat/chat/bindings/go/chat"
)

func main() {
	ctx := context.Background()
	daemon := must(chat.Start(ctx, chat.WithDataDir("chat-data"), chat.WithPeers(os.Args[1:]...)))
	defer daemon.Close()
	raya, saro := must(daemon.OpenAccount(ctx, "raya")), must(daemon.OpenAccount(ctx, "saro"))
	invite := must(raya.CreateInvite(ctx, chat.InviteOptions{}))
	sent := must(must(saro.Accept(ctx, invite, nil)).Send(ctx, chat.Text("hello")))
	for message := range raya.Messages(ctx, "") {
		fmt.Println("raya reads:", message.Content, "– saro sees delivered:", sent.Delivered(ctx) == nil)
		break
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
