package chat

import (
	"context"
	"iter"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// SubscribeOptions of [Account.Subscribe]. The zero value: everything, from the beginning.
type SubscribeOptions struct {
	// Cursor is that of the last update you have dealt with.
	Cursor string
	// OnlyNew leaves out what was there before. Not together with Cursor.
	OnlyNew bool
	// Events asks for what nobody keeps, too.
	Events bool
}

// Update is one thing that has happened.
type Update struct {
	// Cursor: keep it with what you make of the update, and pass it to Subscribe after a restart.
	Cursor string
	// Item is a [Message] that came in, a [StatusChange], [CaughtUp], or an [Event].
	Item Item
}

// Item is a [Message], [StatusChange], [CaughtUp] or [Event]. Switch over its type, and ignore what you do not know.
type Item interface{ isItem() }

// StatusChange says that an outgoing message has come further. Steps that follow each other quickly are told as one.
type StatusChange struct {
	MessageID, ConversationID string
	Status                    Status
}

// CaughtUp says that everything has come that was there.
type CaughtUp struct{}

// Event is what happens besides messages. Exactly one of its fields is set.
type Event struct {
	// Connection is as in [Health].
	Connection string
	Quota      *Quota
	Typing     *Typing
	Progress   *Transfer
	Gap        *Gap
	Standing   *StandingChange
	Gone       *Gone
	// Overflow is how many events were left out, because you read too slowly.
	Overflow uint64
	// Error is the code of something that failed in the background, such as the disk.
	Error string
}

// Typing says that the other side writes, or no longer does.
type Typing struct {
	ConversationID string
	IsTyping       bool
}

// Transfer is a file that is under way.
type Transfer struct {
	MessageID, ConversationID string
	Incoming                  bool
	// DoneBytes are those that the recipient's device has; SentBytes, of outgoing ones, those that have left.
	DoneBytes, TotalBytes, SentBytes uint64
	Paused                           bool
}

// Gap: messages of the other side that others name are "missing", "found" or "lost".
type Gap struct {
	ConversationID, State string
	Count                 uint64
}

// StandingChange: somebody new, or what they may do has changed; as in [Overview].
type StandingChange struct{ ConversationID, Standing string }

// Gone is a message whose time is over ("expired"), or a file that will not arrive ("cancelled").
type Gone struct{ ConversationID, MessageID, Reason string }

func (Message) isItem()      {}
func (StatusChange) isItem() {}
func (CaughtUp) isItem()     {}
func (Event) isItem()        {}

// Subscribe tells incoming messages and steps of outgoing ones, in order and without gaps, then goes on as they come; also
// over restarts of the daemon. It ends with the loop, with ctx (whose error it then gives), or with another error. It reads no
// faster than the loop does.
func (a *Account) Subscribe(ctx context.Context, options SubscribeOptions) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		place := &daemonv1.SubscribeRequest{
			Account: a.name, Cursor: options.Cursor, OnlyNew: options.OnlyNew, Events: options.Events,
		}
		isCaughtUp, isLeft := false, false
		for !isLeft {
			err := a.daemon.call(ctx, func(c *connection) error {
				return follow(ctx, c, place, func(update Update) bool {
					if _, ok := update.Item.(CaughtUp); ok && isCaughtUp {
						return true // told once, whatever the connection does
					} else if ok {
						isCaughtUp = true
					}
					isLeft = !yield(update, nil)
					return !isLeft
				})
			})
			if err != nil && !isLeft {
				yield(Update{}, err)
				return
			}
		}
	}
}

// Messages is [Account.Subscribe] for incoming messages alone, each with its cursor.
func (a *Account) Messages(ctx context.Context, cursor string) iter.Seq2[Received, error] {
	return func(yield func(Received, error) bool) {
		for update, err := range a.Subscribe(ctx, SubscribeOptions{Cursor: cursor}) {
			if err != nil {
				yield(Received{}, err)
				return
			}
			if message, ok := update.Item.(Message); ok && !yield(Received{Message: message, Cursor: update.Cursor}, nil) {
				return
			}
		}
	}
}

// Received is an incoming message.
type Received struct {
	Message
	// Cursor is as in [Update].
	Cursor string
}

// follow reads one stream, and keeps in place how far it has come.
func follow(ctx context.Context, c *connection, place *daemonv1.SubscribeRequest, take func(Update) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.messages.Subscribe(ctx, connect.NewRequest(place))
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for stream.Receive() {
		response := stream.Msg()
		if response.GetCursor() != "" {
			place.Cursor, place.OnlyNew = response.GetCursor(), false
		}
		item := itemOf(response)
		if item == nil {
			continue
		}
		if !take(Update{Cursor: response.GetCursor(), Item: item}) {
			return nil
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// The daemon ended it: it shuts down, or the account was closed, which the next call says.
	return nil
}

func itemOf(response *daemonv1.SubscribeResponse) Item {
	switch item := response.GetItem().(type) {
	case *daemonv1.SubscribeResponse_Message:
		return messageOf(item.Message)
	case *daemonv1.SubscribeResponse_StatusChange:
		change := item.StatusChange
		return StatusChange{
			MessageID: change.GetMessageId(), ConversationID: change.GetConversationId(), Status: Status(change.GetStatus()),
		}
	case *daemonv1.SubscribeResponse_CaughtUp:
		return CaughtUp{}
	case *daemonv1.SubscribeResponse_Event:
		return eventOf(item.Event)
	default:
		return nil
	}
}

func eventOf(event *daemonv1.Event) Event {
	switch kind := event.GetKind().(type) {
	case *daemonv1.Event_Connection:
		return Event{Connection: connectionName(kind.Connection)}
	case *daemonv1.Event_Quota:
		quota := quotaOf(kind.Quota)
		return Event{Quota: &quota}
	case *daemonv1.Event_Typing:
		return Event{Typing: &Typing{ConversationID: kind.Typing.GetConversationId(), IsTyping: kind.Typing.GetIsTyping()}}
	case *daemonv1.Event_Progress:
		transfer := transferOf(kind.Progress)
		return Event{Progress: &transfer}
	case *daemonv1.Event_Gap:
		g := kind.Gap
		return Event{Gap: &Gap{ConversationID: g.GetConversationId(), State: g.GetState(), Count: g.GetCount()}}
	case *daemonv1.Event_Standing:
		s := kind.Standing
		return Event{Standing: &StandingChange{ConversationID: s.GetConversationId(), Standing: s.GetStanding()}}
	case *daemonv1.Event_Gone:
		g := kind.Gone
		return Event{Gone: &Gone{ConversationID: g.GetConversationId(), MessageID: g.GetMessageId(), Reason: g.GetReason()}}
	case *daemonv1.Event_Overflow:
		return Event{Overflow: kind.Overflow}
	case *daemonv1.Event_Error:
		return Event{Error: kind.Error}
	default:
		return Event{}
	}
}

func transferOf(t *daemonv1.Transfer) Transfer {
	return Transfer{
		MessageID: t.GetMessageId(), ConversationID: t.GetConversationId(), Incoming: t.GetIsIncoming(),
		DoneBytes: t.GetDoneBytes(), TotalBytes: t.GetTotalBytes(), SentBytes: t.GetSentBytes(), Paused: t.GetIsPaused(),
	}
}
