// Package chat is end-to-end encrypted 1:1 chat over Waku: no server, no registration, and an invite link is enough to write
// to somebody who is offline. Every conversation has forward secrecy and post-compromise security.
//
// The work is done by chatd, a daemon on this machine. [Start] runs one and watches over it: if it dies, it is started again,
// its accounts are opened again, and calls and subscriptions go on where they were. [Attach] uses one that runs already.
//
// Messages that [Conversation.Send] has taken are durable: they survive the death of this program and of the daemon, and go out
// when the network allows. [Account.Subscribe] tells every incoming message and every step of outgoing ones exactly once to
// whoever keeps the cursor of what it has dealt with.
//
// Errors of the daemon are [*Error] with a stable code; compare them by [errors.Is] with [ErrNotFound] and the like.
package chat
