package chat

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Error is what the daemon, or this package, says of a call that failed. Codes are stable, messages are for people.
type Error struct {
	// Code is one of the SDK's or the daemon's, such as "NOT_FOUND".
	Code string
	// Message says what was wanted and what was seen. It holds no key and no content.
	Message string
	// Retryable says whether the same call may succeed later.
	Retryable bool
	cause     error
}

func (e *Error) Error() string { return fmt.Sprintf("chat: %s: %s", e.Code, e.Message) }

// Unwrap gives the failure of the connection, if there was one.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an *Error of the same code, so that errors.Is(err, chat.ErrNotFound) works.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// For errors.Is. Further codes are compared by &chat.Error{Code: "…"}.
var (
	// ErrNotFound: no such conversation, message, or invite.
	ErrNotFound = &Error{Code: "NOT_FOUND"}
	// ErrInvalidInvite: the link is cut off, altered, or not an invite.
	ErrInvalidInvite = &Error{Code: "INVALID_INVITE"}
	// ErrOwnInvite: the link was made by this very account.
	ErrOwnInvite = &Error{Code: "OWN_INVITE"}
	// ErrInvalidOption: an argument is out of range; the message names it.
	ErrInvalidOption = &Error{Code: "INVALID_OPTION"}
	// ErrMessageTooLarge: over 100 MB.
	ErrMessageTooLarge = &Error{Code: "MESSAGE_TOO_LARGE"}
	// ErrBlocked: the account was blocked here.
	ErrBlocked = &Error{Code: "BLOCKED"}
	// ErrCancelled: one of both sides ended the transfer.
	ErrCancelled = &Error{Code: "MESSAGE_CANCELLED"}
	// ErrDropped: quota was low and the message optional.
	ErrDropped = &Error{Code: "MESSAGE_DROPPED"}
	// ErrFailed: the network refused the message for good.
	ErrFailed = &Error{Code: "MESSAGE_FAILED"}
	// ErrPeerUnreachable: none of the service nodes answers.
	ErrPeerUnreachable = &Error{Code: "PEER_UNREACHABLE"}
	// ErrWrongKey: not the passphrase that the account was made with.
	ErrWrongKey = &Error{Code: "WRONG_KEY"}
	// ErrAccountDiffers: the account is open already, with other settings.
	ErrAccountDiffers = &Error{Code: "ACCOUNT_DIFFERS"}
	// ErrDaemonNotFound: there is no chatd to start; the message says where it was looked for.
	ErrDaemonNotFound = &Error{Code: "DAEMON_NOT_FOUND"}
	// ErrDaemonUnreachable: it does not start, or nobody answers where it should be.
	ErrDaemonUnreachable = &Error{Code: "DAEMON_UNREACHABLE"}
	// ErrVersionMismatch: the daemon is older than this package.
	ErrVersionMismatch = &Error{Code: "VERSION_MISMATCH"}
	// ErrClosed: [Daemon.Close] was called.
	ErrClosed = &Error{Code: "CLOSED"}
)

// fromCall turns what connect-go gives into an *Error, or into the context's own error.
func fromCall(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failure *connect.Error
	if !errors.As(err, &failure) {
		return &Error{Code: ErrDaemonUnreachable.Code, Message: err.Error(), Retryable: true, cause: err}
	}
	if detail := detailOf(failure); detail != nil {
		return &Error{Code: detail.GetCode(), Message: failure.Message(), Retryable: detail.GetRetryable()}
	}
	if isLost(err) {
		return &Error{Code: ErrDaemonUnreachable.Code, Message: failure.Message(), Retryable: true, cause: err}
	}
	return &Error{Code: "INTERNAL", Message: failure.Error(), cause: err}
}

// isLost tells whether it was the connection that failed, or the daemon is another one than before.
func isLost(err error) bool {
	var failure *connect.Error
	if !errors.As(err, &failure) {
		return true
	}
	if detailOf(failure) != nil {
		return false
	}
	return failure.Code() == connect.CodeUnauthenticated || failure.Code() == connect.CodeUnavailable ||
		!connect.IsWireError(err)
}

func detailOf(failure *connect.Error) *daemonv1.ErrorDetail {
	for _, detail := range failure.Details() {
		if value, err := detail.Value(); err == nil {
			if found, ok := value.(*daemonv1.ErrorDetail); ok {
				return found
			}
		}
	}
	return nil
}
