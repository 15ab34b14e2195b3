package chat

import (
	"context"
	"time"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Status is how far a message has come.
type Status int

// Each follows the one before; the last four end a way.
const (
	StatusUnknown   Status = iota
	StatusQueued           // durable here
	StatusSent             // a service node has taken it
	StatusDelivered        // the recipient's device has it
	StatusRead             // the recipient has read it, and lets us know
	StatusFailed
	StatusCancelled
	StatusDropped  // not sent, because quota was low and it was optional
	StatusReceived // an incoming message
)

var statusNames = [...]string{
	"unknown", "queued", "sent", "delivered", "read", "failed", "cancelled", "dropped", "received",
}

func (s Status) String() string {
	if s < 0 || int(s) >= len(statusNames) {
		return statusNames[StatusUnknown]
	}
	return statusNames[s]
}

// Message is one of a conversation, of either direction.
type Message struct {
	// ID is the same on both sides.
	ID             string
	ConversationID string
	// Status is StatusReceived if it is incoming.
	Status  Status
	Content Content
	// SentAt is by the sender's clock.
	SentAt time.Time
	// Sequence grows with every message of the account.
	Sequence uint64
	// ExpiresAt is when it is gone here; zero: never.
	ExpiresAt time.Time
}

// Sent is a message that was taken over by the daemon.
type Sent struct {
	account *Account
	id      string
}

// ID is the same on both sides.
func (s *Sent) ID() string { return s.id }

// SentMessage is one that was sent earlier, for example before a restart.
func (a *Account) SentMessage(id string) *Sent { return &Sent{account: a, id: id} }

// Delivered returns when the recipient's device has it.
func (s *Sent) Delivered(ctx context.Context) error { return s.WaitFor(ctx, StatusDelivered) }

// WaitFor returns when it has come to StatusSent, StatusDelivered or StatusRead, or further; and fails with [ErrFailed],
// [ErrCancelled] or [ErrDropped] if it never will.
func (s *Sent) WaitFor(ctx context.Context, status Status) error {
	return s.account.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.WaitForRequest{
			Account: s.account.name, MessageId: s.id, Status: daemonv1.Status(status),
		}
		_, err := c.messages.WaitFor(ctx, connect.NewRequest(request))
		return err
	})
}

// Status asks how far it has come.
func (s *Sent) Status(ctx context.Context) (Status, error) {
	message, err := s.account.Message(ctx, s.id)
	return message.Status, err
}

// Pause holds up a file that is under way, until [Sent.Resume]. It reports whether it is paused now.
func (s *Sent) Pause(ctx context.Context) (bool, error) {
	return s.account.control(ctx, s.id, daemonv1.TransferAction_TRANSFER_ACTION_PAUSE)
}

// Resume goes on with a file. It reports whether it was paused.
func (s *Sent) Resume(ctx context.Context) (bool, error) {
	return s.account.control(ctx, s.id, daemonv1.TransferAction_TRANSFER_ACTION_RESUME)
}

// Cancel ends a file before all of it has left. It reports whether it was in time.
func (s *Sent) Cancel(ctx context.Context) (bool, error) { return s.account.CancelTransfer(ctx, s.id) }

// CancelTransfer ends a file that is under way, in either direction. It reports whether it was in time.
func (a *Account) CancelTransfer(ctx context.Context, messageID string) (bool, error) {
	return a.control(ctx, messageID, daemonv1.TransferAction_TRANSFER_ACTION_CANCEL)
}

func (a *Account) control(ctx context.Context, messageID string, action daemonv1.TransferAction) (bool, error) {
	done := false
	err := a.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.ControlTransferRequest{Account: a.name, MessageId: messageID, Action: action}
		answer, err := c.messages.ControlTransfer(ctx, connect.NewRequest(request))
		if err == nil {
			done = answer.Msg.GetDone()
		}
		return err
	})
	return done, err
}

// DeleteMessage deletes a message here; what of it has not left does not leave.
func (a *Account) DeleteMessage(ctx context.Context, id string) error {
	return a.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.DeleteMessageRequest{Account: a.name, MessageId: id}
		_, err := c.messages.DeleteMessage(ctx, connect.NewRequest(request))
		return err
	})
}

func messageOf(m *daemonv1.Message) Message {
	return Message{
		ID: m.GetId(), ConversationID: m.GetConversationId(), Status: Status(m.GetStatus()),
		Content: contentOf(m.GetContent()), SentAt: timeOf(m.GetSentAtMs()), Sequence: m.GetSequence(),
		ExpiresAt: timeOf(m.GetExpiresAtMs()),
	}
}

func messagesOf(list []*daemonv1.Message) []Message {
	messages := make([]Message, 0, len(list))
	for _, m := range list {
		messages = append(messages, messageOf(m))
	}
	return messages
}
