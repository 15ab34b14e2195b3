package chat

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Priority says what goes first when the network takes less than there is.
type Priority int

// Without one, texts, replies, edits and deletions are critical, and all else is normal.
const (
	PriorityCritical Priority = 1 // as long as any quota is left
	PriorityNormal   Priority = 2 // above the low mark, else in a later epoch
	PriorityOptional Priority = 3 // above the low mark, else not at all
)

// SendOption changes how something is sent.
type SendOption func(*sendSettings)

type sendSettings struct {
	priority daemonv1.Priority
	key      string
}

// WithPriority says what goes first.
func WithPriority(priority Priority) SendOption {
	return func(s *sendSettings) { s.priority = daemonv1.Priority(priority) }
}

// WithKey names the message: sending in the conversation with the same key again, also after a restart of this program, sends
// nothing and gives the first message. Without it, each call makes a key of its own, for the calls that it repeats itself.
func WithKey(key string) SendOption { return func(s *sendSettings) { s.key = key } }

func sendSettingsOf(options []SendOption) sendSettings {
	s := sendSettings{}
	for _, option := range options {
		option(&s)
	}
	if s.key == "" {
		random := make([]byte, 16)
		_, _ = rand.Read(random) // never fails
		s.key = hex.EncodeToString(random)
	}
	return s
}

// Send returns once the message is durable in the daemon: it survives a crash, and goes out when the network allows. The
// recipient may be offline.
func (c *Conversation) Send(ctx context.Context, content Content, options ...SendOption) (*Sent, error) {
	s := sendSettingsOf(options)
	request := &daemonv1.SendRequest{
		Account: c.account.name, ConversationId: c.id, Priority: s.priority, Key: s.key,
	}
	if content != nil {
		request.Content = content.toWire()
	}
	sent := &Sent{account: c.account}
	err := c.account.daemon.call(ctx, func(conn *connection) error {
		answer, err := conn.messages.Send(ctx, connect.NewRequest(request))
		if err == nil {
			sent.id = answer.Msg.GetMessageId()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}
