package chat

import (
	"context"
	"time"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Account is an open account: a key, conversations, invites.
type Account struct {
	daemon *Daemon
	name   string
	id     string
}

// AccountOption changes how an account is opened. All who open it have to agree, or get [ErrAccountDiffers].
type AccountOption func(*daemonv1.OpenAccountRequest)

// WithPassphrase seals the database. Without it, a key is kept in a file beside it.
func WithPassphrase(passphrase string) AccountOption {
	return func(r *daemonv1.OpenAccountRequest) { r.Passphrase = passphrase }
}

// WithAccountPeers are service nodes of this account, instead of the daemon's.
func WithAccountPeers(network string, addresses ...string) AccountOption {
	return func(r *daemonv1.OpenAccountRequest) {
		r.Network = &daemonv1.Network{Preset: network, Peers: addresses}
	}
}

// WhenUnreachableQueue opens the account also while no service node answers; messages wait.
func WhenUnreachableQueue() AccountOption {
	return func(r *daemonv1.OpenAccountRequest) { r.QueueWhenUnreachable = true }
}

// WithAcknowledgementDelay is the mean random delay of confirmations, which hides who answers whom: 2 seconds by default.
func WithAcknowledgementDelay(mean time.Duration) AccountOption {
	return func(r *daemonv1.OpenAccountRequest) {
		ms := uint32(mean.Milliseconds())
		r.AcknowledgementDelayMs = &ms
	}
}

// WithReadReceipts tells others how far the user has read, when [Conversation.MarkRead] is called.
func WithReadReceipts() AccountOption {
	return func(r *daemonv1.OpenAccountRequest) { r.ReadReceipts = true }
}

// WithSearch lets [Account.Find] look for texts.
func WithSearch() AccountOption { return func(r *daemonv1.OpenAccountRequest) { r.Search = true } }

// Name is the one it was opened by.
func (a *Account) Name() string { return a.name }

// ID is the fingerprint of the account's key.
func (a *Account) ID() string { return a.id }

// InviteOptions of [Account.CreateInvite]. The zero value is a link for one person, for ever.
type InviteOptions struct {
	// ExpiresIn is for how long it works; 0: until somebody has used it.
	ExpiresIn time.Duration
	// MultiUse lets any number of people use it.
	MultiUse bool
	// PostQuantum protects against whoever records now and has a quantum computer later. The link is nine times as long.
	PostQuantum bool
}

// Invite is a link that waits to be used.
type Invite struct {
	ID, Link    string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	MultiUse    bool
	PostQuantum bool
}

// CreateInvite makes a link that lets somebody write to this account, also while it is offline. Share it over any channel.
func (a *Account) CreateInvite(ctx context.Context, options InviteOptions) (string, error) {
	request := &daemonv1.CreateInviteRequest{
		Account: a.name, MultiUse: options.MultiUse, PostQuantum: options.PostQuantum,
	}
	if options.ExpiresIn != 0 {
		ms := uint64(options.ExpiresIn.Milliseconds())
		request.ExpiresInMs = &ms
	}
	link := ""
	err := a.daemon.call(ctx, func(c *connection) error {
		answer, err := c.accounts.CreateInvite(ctx, connect.NewRequest(request))
		if err == nil {
			link = answer.Msg.GetLink()
		}
		return err
	})
	return link, err
}

// Invites are the links that wait to be used, oldest first.
func (a *Account) Invites(ctx context.Context) ([]Invite, error) {
	var invites []Invite
	err := a.daemon.call(ctx, func(c *connection) error {
		answer, err := c.accounts.ListInvites(ctx, connect.NewRequest(&daemonv1.ListInvitesRequest{Account: a.name}))
		if err != nil {
			return err
		}
		invites = nil
		for _, i := range answer.Msg.GetInvites() {
			invites = append(invites, Invite{
				ID: i.GetId(), Link: i.GetLink(), MultiUse: i.GetMultiUse(), PostQuantum: i.GetPostQuantum(),
				CreatedAt: timeOf(i.GetCreatedAtMs()), ExpiresAt: timeOf(i.GetExpiresAtMs()),
			})
		}
		return nil
	})
	return invites, err
}

// RevokeInvite lets nobody new use a link. A conversation that began with it goes on.
func (a *Account) RevokeInvite(ctx context.Context, id string) error {
	return a.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.RevokeInviteRequest{Account: a.name, InviteId: id}
		_, err := c.accounts.RevokeInvite(ctx, connect.NewRequest(request))
		return err
	})
}

// Accept opens a conversation from somebody's invite, with a first message unless content is nil. Both are durable when it
// returns; the other side may be offline.
func (a *Account) Accept(ctx context.Context, link string, content Content, options ...SendOption) (*Conversation, error) {
	s := sendSettingsOf(options)
	request := &daemonv1.AcceptInviteRequest{Account: a.name, Link: link, Priority: s.priority, Key: s.key}
	if content != nil {
		request.Content = content.toWire()
	}
	conversation := &Conversation{account: a}
	err := a.daemon.call(ctx, func(c *connection) error {
		answer, err := c.conversations.AcceptInvite(ctx, connect.NewRequest(request))
		if err == nil {
			conversation.id = answer.Msg.GetConversationId()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return conversation, nil
}

// Conversation is one by its id, which a [Message] has. Whether it is there, its calls say.
func (a *Account) Conversation(id string) *Conversation { return &Conversation{account: a, id: id} }

// Conversations lists them by newest activity, as a list of conversations shows them. Of a page after the first one, before is
// the Activity of the last one of the page before; else 0. At most limit of them, 50 if it is 0.
func (a *Account) Conversations(ctx context.Context, limit int, before uint64) ([]Overview, error) {
	request := &daemonv1.ListConversationsRequest{Account: a.name, Limit: uint32(limit)}
	if before > 0 {
		request.Before = &before
	}
	var overviews []Overview
	err := a.daemon.call(ctx, func(c *connection) error {
		answer, err := c.conversations.ListConversations(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		overviews = nil
		for _, o := range answer.Msg.GetConversations() {
			overviews = append(overviews, a.overviewOf(o))
		}
		return nil
	})
	return overviews, err
}

// Message is a single one, of either direction.
func (a *Account) Message(ctx context.Context, id string) (Message, error) {
	var message Message
	err := a.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.GetMessageRequest{Account: a.name, MessageId: id}
		answer, err := c.messages.GetMessage(ctx, connect.NewRequest(request))
		if err == nil {
			message = messageOf(answer.Msg.GetMessage())
		}
		return err
	})
	return message, err
}

// Find gives messages whose text has all these words, newest first. The account has to be opened [WithSearch].
func (a *Account) Find(ctx context.Context, text string, limit int) ([]Message, error) {
	var found []Message
	err := a.daemon.call(ctx, func(c *connection) error {
		what := &daemonv1.FindRequest_Text{Text: text}
		request := &daemonv1.FindRequest{Account: a.name, What: what, Limit: uint32(limit)}
		answer, err := c.conversations.Find(ctx, connect.NewRequest(request))
		if err == nil {
			found = messagesOf(answer.Msg.GetMessages())
		}
		return err
	})
	return found, err
}

// Health is how an account is connected, and how much it may still publish.
type Health struct {
	// Connection is "connected", "minimal" (only one of several service nodes answers) or "disconnected".
	Connection string
	Quota      Quota
	// Discarded is what came from the network and could not be used, by reason.
	Discarded map[string]uint64
}

// Quota is what the network lets the account publish in this epoch.
type Quota struct {
	Epoch, Total, Used, Remaining uint64
	// Level is "high", "low", "exhausted" or "unknown".
	Level    string
	ResetsAt time.Time
}

// Health asks for connection and quota.
func (a *Account) Health(ctx context.Context) (Health, error) {
	var health Health
	err := a.daemon.call(ctx, func(c *connection) error {
		answer, err := c.accounts.GetHealth(ctx, connect.NewRequest(&daemonv1.GetHealthRequest{Account: a.name}))
		if err != nil {
			return err
		}
		health = Health{
			Connection: connectionName(answer.Msg.GetConnection()),
			Quota:      quotaOf(answer.Msg.GetQuota()),
			Discarded:  answer.Msg.GetDiscarded(),
		}
		return nil
	})
	return health, err
}

// Close closes the account for all who use the daemon: it receives nothing until it is opened again.
func (a *Account) Close(ctx context.Context) error {
	a.daemon.forget(a.name)
	return a.daemon.call(ctx, func(c *connection) error {
		_, err := c.accounts.CloseAccount(ctx, connect.NewRequest(&daemonv1.CloseAccountRequest{Account: a.name}))
		return err
	})
}

func quotaOf(q *daemonv1.Quota) Quota {
	return Quota{
		Epoch: q.GetEpoch(), Total: q.GetTotal(), Used: q.GetUsed(), Remaining: q.GetRemaining(),
		Level: q.GetLevel(), ResetsAt: timeOf(q.GetResetsAtMs()),
	}
}

func connectionName(connection daemonv1.Connection) string {
	switch connection {
	case daemonv1.Connection_CONNECTION_CONNECTED:
		return "connected"
	case daemonv1.Connection_CONNECTION_MINIMAL:
		return "minimal"
	default:
		return "disconnected"
	}
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
