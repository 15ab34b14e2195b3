package chat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/at-chat/chat/bindings/go/chat"
)

func TestConversation(t *testing.T) {
	ctx := testContext(t)
	daemon, _ := start(t, ctx)
	raya, saro, toRaya := introduce(t, ctx, daemon)
	if raya.ID() == saro.ID() || toRaya.ID() != raya.ID() {
		t.Fatalf("want the conversation named by raya, %s, got %s", raya.ID(), toRaya.ID())
	}
	sent, err := toRaya.Send(ctx, chat.Text("how are you?"))
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var toSaro *chat.Conversation
	for message, err := range raya.Messages(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, fmt.Sprint(message.Content))
		if len(texts) == 2 {
			toSaro = raya.Conversation(message.ConversationID)
			break
		}
	}
	if want := []string{"hello", "how are you?"}; !reflect.DeepEqual(texts, want) {
		t.Fatalf("want %q, got %q", want, texts)
	}
	if err := sent.Delivered(ctx); err != nil {
		t.Fatal(err)
	}
	if status, err := sent.Status(ctx); err != nil || status < chat.StatusDelivered {
		t.Fatalf("want delivered, got %s, %v", status, err)
	}
	contents := []chat.Content{
		chat.Reply{MessageID: sent.ID(), Text: "fine"},
		chat.Reaction{MessageID: sent.ID(), Emoji: "👍"},
		chat.JSON{Name: "org.example/1", Value: `{"a":1}`},
		chat.Custom{Domain: 7, Tag: 9, Version: 2, Payload: []byte{1, 2}, Fallback: "seven"},
	}
	for _, content := range contents {
		answer, err := toSaro.Send(ctx, content, chat.WithPriority(chat.PriorityNormal))
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Delivered(ctx); err != nil {
			t.Fatal(err)
		}
	}
	page, err := toRaya.History(ctx, chat.HistoryOptions{After: sent.ID()})
	if err != nil {
		t.Fatal(err)
	}
	var got []chat.Content
	for _, message := range page {
		if message.Status != chat.StatusReceived || message.SentAt.Before(time.Now().Add(-time.Minute)) {
			t.Fatalf("want a message received now, got %+v", message)
		}
		got = append(got, message.Content)
	}
	if !reflect.DeepEqual(got, contents) {
		t.Fatalf("want %v, got %v", contents, got)
	}
}

func TestListsAndHealth(t *testing.T) {
	ctx := testContext(t)
	daemon, _ := start(t, ctx)
	raya, _, toRaya := introduce(t, ctx, daemon)
	for update, err := range raya.Subscribe(ctx, chat.SubscribeOptions{Events: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := update.Item.(chat.Message); ok {
			break
		}
	}
	if _, err := raya.CreateInvite(ctx, chat.InviteOptions{MultiUse: true, ExpiresIn: time.Hour}); err != nil {
		t.Fatal(err)
	}
	invites, err := raya.Invites(ctx)
	if err != nil || len(invites) != 1 || !invites[0].MultiUse || invites[0].ExpiresAt.Before(time.Now()) {
		t.Fatalf("want one invite for many, got %+v, %v", invites, err)
	}
	if err := raya.RevokeInvite(ctx, invites[0].ID); err != nil {
		t.Fatal(err)
	}
	overviews, err := raya.Conversations(ctx, 0, 0)
	if err != nil || len(overviews) != 1 || overviews[0].Unread != 1 || overviews[0].Last.Content != chat.Text("hello") {
		t.Fatalf("want one conversation with one unread message, got %+v, %v", overviews, err)
	}
	toSaro := overviews[0].Conversation
	if err := toSaro.MarkRead(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if err := toSaro.SetTyping(ctx, true); err != nil {
		t.Fatal(err)
	}
	ours, _, err := toSaro.SafetyNumber(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if theirs, _, err := toRaya.SafetyNumber(ctx); err != nil || theirs != ours || len(ours) != 60 {
		t.Fatalf("want equal safety numbers, got %s and %s, %v", ours, theirs, err)
	}
	health, err := raya.Health(ctx)
	if err != nil || health.Connection != "connected" || health.Quota.Total == 0 {
		t.Fatalf("want a connection and quota, got %+v, %v", health, err)
	}
	if waits, err := toSaro.Health(ctx); err != nil || !waits.CanSend {
		t.Fatalf("want to be able to send, got %+v, %v", waits, err)
	}
	if err := toSaro.Block(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := toSaro.Send(ctx, chat.Text("x")); !errors.Is(err, chat.ErrBlocked) {
		t.Fatalf("want blocked, got %v", err)
	}
	if err := toSaro.Delete(ctx); err != nil {
		t.Fatal(err)
	}
	if names, err := daemon.Accounts(ctx); err != nil || !reflect.DeepEqual(names, []string{"raya", "saro"}) {
		t.Fatalf("want raya and saro, got %v, %v", names, err)
	}
}

func TestFiles(t *testing.T) {
	ctx := testContext(t)
	daemon, _ := start(t, ctx)
	raya, _, toRaya := introduce(t, ctx, daemon)
	content := bytes.Repeat([]byte("a file, "), 200_000)
	info := chat.FileInfo{Name: "photo.png", MediaType: "image/png", Size: uint64(len(content))}
	sent, err := toRaya.SendFile(ctx, info, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := sent.Delivered(ctx); err != nil {
		t.Fatal(err)
	}
	message, err := raya.Message(ctx, sent.ID())
	if err != nil || message.Content != info {
		t.Fatalf("want %v, got %v, %v", info, message.Content, err)
	}
	var got bytes.Buffer
	if err := raya.Download(ctx, sent.ID(), &got); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Fatalf("want the file, got %d bytes, %v", got.Len(), err)
	}
	short := info
	short.Size++
	if _, err := toRaya.SendFile(ctx, short, bytes.NewReader(content)); !errors.Is(err, chat.ErrInvalidOption) {
		t.Fatalf("want a refusal of a file that is shorter than announced, got %v", err)
	}
	short.Size = 1 << 30
	if _, err := toRaya.SendFile(ctx, short, bytes.NewReader(content)); !errors.Is(err, chat.ErrMessageTooLarge) {
		t.Fatalf("want a refusal of a file that is too large, got %v", err)
	}
}

func TestErrors(t *testing.T) {
	ctx := testContext(t)
	daemon, dataDir := start(t, ctx)
	raya, saro, toRaya := introduce(t, ctx, daemon)
	link, err := raya.CreateInvite(ctx, chat.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again := func(options ...chat.AccountOption) error {
		_, err := daemon.OpenAccount(ctx, "raya", options...)
		return err
	}
	cases := map[string]struct {
		err  error
		want error
	}{
		"no message":       {second(raya.Message(ctx, "x")), chat.ErrNotFound},
		"no invite":        {second(saro.Accept(ctx, "x", nil)), chat.ErrInvalidInvite},
		"own invite":       {second(raya.Accept(ctx, link, nil)), chat.ErrOwnInvite},
		"no content":       {second(toRaya.Send(ctx, nil)), chat.ErrInvalidOption},
		"other settings":   {again(chat.WithPassphrase("x")), chat.ErrAccountDiffers},
		"no name":          {second(daemon.OpenAccount(ctx, "../x")), chat.ErrInvalidOption},
		"no such command":  {second(chat.Start(ctx, chat.WithCommand("no-such-chatd"))), chat.ErrDaemonUnreachable},
		"nobody there":     {second(chat.Attach(ctx, chat.WithDataDir(folder(t)))), chat.ErrDaemonUnreachable},
		"nowhere":          {second(chat.Attach(ctx)), chat.ErrInvalidOption},
		"socket is in use": {second(chat.Start(ctx, options(dataDir)...)), chat.ErrDaemonUnreachable},
	}
	for name, c := range cases {
		var failure *chat.Error
		if !errors.Is(c.err, c.want) || !errors.As(c.err, &failure) || failure.Message == "" {
			t.Errorf("%s: want %v, got %v", name, c.want, c.err)
		}
	}
	t.Setenv("PATH", "")
	if _, err := chat.Start(ctx); !errors.Is(err, chat.ErrDaemonNotFound) {
		t.Errorf("want no daemon found, got %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := raya.Message(ended, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("want the error of the context, got %v", err)
	}
	if err := raya.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := raya.Health(ctx); !errors.Is(err, &chat.Error{Code: "ACCOUNT_NOT_OPEN"}) {
		t.Errorf("want a closed account, got %v", err)
	}
	if err := daemon.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := saro.Health(ctx); !errors.Is(err, chat.ErrClosed) {
		t.Errorf("want a closed daemon, got %v", err)
	}
}

// Subscriptions, sends and waits go on over the death of the daemon, and everything comes once.
func TestKilledDaemon(t *testing.T) {
	ctx := testContext(t)
	daemon, dataDir := start(t, ctx)
	raya, _, toRaya := introduce(t, ctx, daemon)
	attached, err := chat.Attach(ctx, chat.WithDataDir(dataDir))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = attached.Close() }()
	const count = 40
	done := make(chan []string)
	go func() {
		var texts []string
		for message, err := range raya.Messages(ctx, "") {
			if err != nil {
				texts = append(texts, err.Error())
				break
			}
			if texts = append(texts, fmt.Sprint(message.Content)); len(texts) == count+1 {
				break
			}
		}
		done <- texts
	}()
	want := []string{"hello"}
	var last *chat.Sent
	for number := range count {
		text := fmt.Sprint("message ", number)
		if last, err = toRaya.Send(ctx, chat.Text(text)); err != nil {
			t.Fatal(err)
		}
		want = append(want, text)
		if number%15 == 7 {
			kill(t, ctx, daemon)
		}
	}
	if err := last.Delivered(ctx); err != nil {
		t.Fatal(err)
	}
	if texts := <-done; !reflect.DeepEqual(texts, want) {
		t.Fatalf("want each message once, got %q", texts)
	}
	// Who was attached finds the new one, with its new token.
	if version, err := attached.Version(ctx); err != nil || version == "" {
		t.Fatalf("want the version of the new daemon, got %q, %v", version, err)
	}
	if names, err := attached.Accounts(ctx); err != nil || len(names) != 2 {
		t.Fatalf("want the accounts of the new daemon, got %v, %v", names, err)
	}
}

// What was sent with a key is sent once, also by another program later.
func TestKeys(t *testing.T) {
	ctx := testContext(t)
	daemon, dataDir := start(t, ctx)
	_, _, toRaya := introduce(t, ctx, daemon)
	first, err := toRaya.Send(ctx, chat.Text("once"), chat.WithKey("order 17"))
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Close(); err != nil {
		t.Fatal(err)
	}
	later, err := chat.Start(ctx, options(dataDir)...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = later.Close() }()
	again, err := open(t, ctx, later, "saro").Conversation(toRaya.ID()).Send(ctx, chat.Text("once"), chat.WithKey("order 17"))
	if err != nil || again.ID() != first.ID() {
		t.Fatalf("want %s, got %v, %v", first.ID(), again, err)
	}
}

func kill(t *testing.T, ctx context.Context, daemon *chat.Daemon) {
	t.Helper()
	pid, err := chat.ProcessID(ctx, daemon)
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }
