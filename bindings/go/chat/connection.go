package chat

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
	"github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1/daemonv1connect"
)

// apiRevision is what this package was written for: see GetInfoResponse in daemon.proto.
const apiRevision = 1

// handshakeTimeout is for the first answer of a daemon, which does nothing but compare versions.
const handshakeTimeout = 10 * time.Second

// place is where a daemon listens, as it announces it itself.
type place struct {
	Socket    string `json:"socket"`
	TokenFile string `json:"tokenFile"`
}

// connection is one to one life of a daemon: another life has another token.
type connection struct {
	info          *daemonv1.GetInfoResponse
	daemon        daemonv1connect.DaemonServiceClient
	accounts      daemonv1connect.AccountServiceClient
	conversations daemonv1connect.ConversationServiceClient
	messages      daemonv1connect.MessageServiceClient
	http          *http.Client
}

// connectTo reads the token, and asks which daemon it is. HTTP/1.1, so that a subscription that stands still has a
// connection of its own: the calls of one HTTP/2 connection share its flow control.
func connectTo(ctx context.Context, at place) (*connection, error) {
	token, err := os.ReadFile(at.TokenFile)
	if err != nil {
		return nil, unreachable("the token of the daemon cannot be read", err)
	}
	dialer := net.Dialer{}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", at.Socket)
		},
		MaxIdleConnsPerHost: 16,
		DisableCompression:  true,
	}
	client := &http.Client{Transport: transport}
	options := connect.WithInterceptors(&bearer{header: "Bearer " + strings.TrimSpace(string(token))})
	const url = "http://localhost"
	made := &connection{
		daemon:        daemonv1connect.NewDaemonServiceClient(client, url, options),
		accounts:      daemonv1connect.NewAccountServiceClient(client, url, options),
		conversations: daemonv1connect.NewConversationServiceClient(client, url, options),
		messages:      daemonv1connect.NewMessageServiceClient(client, url, options),
		http:          client,
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	answer, err := made.daemon.GetInfo(ctx, connect.NewRequest(&daemonv1.GetInfoRequest{}))
	if err != nil {
		made.close()
		return nil, unreachable("nobody answers at "+at.Socket, err)
	}
	made.info = answer.Msg
	if revision := made.info.GetApiRevision(); revision < apiRevision {
		made.close()
		message := fmt.Sprintf("this package needs revision %d of chatd's interface, chatd %s has %d; update chatd",
			apiRevision, made.info.GetVersion(), revision)
		return nil, &Error{Code: ErrVersionMismatch.Code, Message: message}
	}
	return made, nil
}

func (c *connection) close() { c.http.CloseIdleConnections() }

func unreachable(message string, cause error) error {
	return &Error{Code: ErrDaemonUnreachable.Code, Message: message, Retryable: true, cause: cause}
}

// bearer shows the token with every call.
type bearer struct{ header string }

func (b *bearer) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		request.Header().Set("Authorization", b.header)
		return next(ctx, request)
	}
}

func (b *bearer) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		stream := next(ctx, spec)
		stream.RequestHeader().Set("Authorization", b.header)
		return stream
	}
}

func (b *bearer) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
