package chat

import (
	"context"
	"time"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Conversation is one with one other account. Its id is the account id of the other side.
type Conversation struct {
	account *Account
	id      string
}

// ID is stable over restarts and new sessions.
func (c *Conversation) ID() string { return c.id }

// Overview is a conversation as a list of conversations shows it.
type Overview struct {
	Conversation *Conversation
	// Standing is "request" (a stranger has begun it, and it waits to be accepted), "open" or "blocked".
	Standing string
	Unread   uint64
	// Activity is for the next page of [Account.Conversations].
	Activity uint64
	// Last message; nil where nothing was said.
	Last *Message
}

// HistoryOptions of [Conversation.History]: at most one of Before, After and Around, which are ids of messages.
type HistoryOptions struct {
	// Limit is how many at most; 50 if it is 0.
	Limit                 int
	Before, After, Around string
}

// History is a page of messages of both sides, oldest first; the newest page if nothing else is asked for.
func (c *Conversation) History(ctx context.Context, options HistoryOptions) ([]Message, error) {
	request := &daemonv1.GetHistoryRequest{
		Account: c.account.name, ConversationId: c.id, Limit: uint32(options.Limit),
	}
	switch {
	case options.Before != "":
		request.Place = &daemonv1.GetHistoryRequest_Before{Before: options.Before}
	case options.After != "":
		request.Place = &daemonv1.GetHistoryRequest_After{After: options.After}
	case options.Around != "":
		request.Place = &daemonv1.GetHistoryRequest_Around{Around: options.Around}
	}
	var page []Message
	err := c.call(ctx, func(conn *connection) error {
		answer, err := conn.conversations.GetHistory(ctx, connect.NewRequest(request))
		if err == nil {
			page = messagesOf(answer.Msg.GetMessages())
		}
		return err
	})
	return page, err
}

// MarkRead says that the user has read everything up to a message, or, if it is empty, all there is.
func (c *Conversation) MarkRead(ctx context.Context, upToMessageID string) error {
	return c.call(ctx, func(conn *connection) error {
		_, err := conn.conversations.MarkRead(ctx, connect.NewRequest(&daemonv1.MarkReadRequest{
			Account: c.account.name, ConversationId: c.id, UpToMessageId: upToMessageID,
		}))
		return err
	})
}

// SetTyping says that the user writes, or no longer does. Call it with every key.
func (c *Conversation) SetTyping(ctx context.Context, isTyping bool) error {
	return c.call(ctx, func(conn *connection) error {
		_, err := conn.conversations.SetTyping(ctx, connect.NewRequest(&daemonv1.SetTypingRequest{
			Account: c.account.name, ConversationId: c.id, IsTyping: isTyping,
		}))
		return err
	})
}

// Accept makes a request an open conversation, or takes [Conversation.Block] back.
func (c *Conversation) Accept(ctx context.Context) error {
	return c.setStanding(ctx, daemonv1.Standing_STANDING_OPEN)
}

// Block stores nothing more of the other side, which is not told.
func (c *Conversation) Block(ctx context.Context) error {
	return c.setStanding(ctx, daemonv1.Standing_STANDING_BLOCKED)
}

func (c *Conversation) setStanding(ctx context.Context, standing daemonv1.Standing) error {
	return c.call(ctx, func(conn *connection) error {
		_, err := conn.conversations.SetStanding(ctx, connect.NewRequest(&daemonv1.SetStandingRequest{
			Account: c.account.name, ConversationId: c.id, Standing: standing,
		}))
		return err
	})
}

// Delete deletes all messages and keys of the conversation here.
func (c *Conversation) Delete(ctx context.Context) error {
	return c.call(ctx, func(conn *connection) error {
		_, err := conn.conversations.DeleteConversation(ctx, connect.NewRequest(&daemonv1.DeleteConversationRequest{
			Account: c.account.name, ConversationId: c.id,
		}))
		return err
	})
}

// ConversationHealth is what a conversation still waits for, in both directions.
type ConversationHealth struct {
	// Missing messages of the other side, as far as others name them, and since when.
	Missing      uint64
	MissingSince time.Time
	// Held have arrived, and wait for those.
	Held uint64
	// Unconfirmed are own ones that the other side's device has not confirmed; Unsent, of these, have not left.
	Unconfirmed, Unsent uint64
	CanSend, IsComplete bool
}

// Health says what is missing.
func (c *Conversation) Health(ctx context.Context) (ConversationHealth, error) {
	var health ConversationHealth
	err := c.call(ctx, func(conn *connection) error {
		request := &daemonv1.GetConversationHealthRequest{Account: c.account.name, ConversationId: c.id}
		answer, err := conn.conversations.GetConversationHealth(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		m := answer.Msg
		health = ConversationHealth{
			Missing: m.GetMissing(), MissingSince: timeOf(m.GetMissingSinceMs()), Held: m.GetHeld(),
			Unconfirmed: m.GetUnconfirmed(), Unsent: m.GetUnsent(), CanSend: m.GetCanSend(), IsComplete: m.GetIsComplete(),
		}
		return nil
	})
	return health, err
}

// SafetyNumber is equal on both sides if nobody stands between them: 60 digits to read out, and a code to scan.
func (c *Conversation) SafetyNumber(ctx context.Context) (digits, code string, err error) {
	err = c.call(ctx, func(conn *connection) error {
		request := &daemonv1.GetSafetyNumberRequest{Account: c.account.name, ConversationId: c.id}
		answer, err := conn.conversations.GetSafetyNumber(ctx, connect.NewRequest(request))
		if err == nil {
			digits, code = answer.Msg.GetDigits(), answer.Msg.GetCode()
		}
		return err
	})
	return digits, code, err
}

// Transfers are the files that are under way, in both directions.
func (c *Conversation) Transfers(ctx context.Context) ([]Transfer, error) {
	var transfers []Transfer
	err := c.call(ctx, func(conn *connection) error {
		request := &daemonv1.ListTransfersRequest{Account: c.account.name, ConversationId: c.id}
		answer, err := conn.messages.ListTransfers(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		transfers = nil
		for _, t := range answer.Msg.GetTransfers() {
			transfers = append(transfers, transferOf(t))
		}
		return nil
	})
	return transfers, err
}

func (c *Conversation) call(ctx context.Context, do func(*connection) error) error {
	return c.account.daemon.call(ctx, do)
}

func (a *Account) overviewOf(o *daemonv1.Conversation) Overview {
	overview := Overview{
		Conversation: a.Conversation(o.GetId()), Standing: standingName(o.GetStanding()),
		Unread: o.GetUnread(), Activity: o.GetActivity(),
	}
	if o.GetLast() != nil {
		last := messageOf(o.GetLast())
		overview.Last = &last
	}
	return overview
}

func standingName(standing daemonv1.Standing) string {
	switch standing {
	case daemonv1.Standing_STANDING_REQUEST:
		return "request"
	case daemonv1.Standing_STANDING_BLOCKED:
		return "blocked"
	default:
		return "open"
	}
}
