package chat

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

const uploadChunkBytes = 256 * 1024

// SendFile sends a file of up to 100 MB: file.Size bytes of content, from its beginning. If the daemon is lost meanwhile, it
// begins again, so content has to be able to go back: an *os.File, a *bytes.Reader.
func (c *Conversation) SendFile(ctx context.Context, file FileInfo, content io.ReadSeeker, options ...SendOption) (*Sent, error) {
	s := sendSettingsOf(options)
	header := &daemonv1.SendFileRequest_Header{
		Account: c.account.name, ConversationId: c.id, Name: file.Name, MediaType: file.MediaType,
		Priority: s.priority, Key: s.key, Size: file.Size,
	}
	sent := &Sent{account: c.account}
	var unread error
	err := c.account.daemon.call(ctx, func(conn *connection) error {
		if _, unread = content.Seek(0, io.SeekStart); unread != nil {
			return nil
		}
		id := ""
		var err error
		id, unread, err = upload(ctx, conn, header, content)
		sent.id = id
		return err
	})
	if unread != nil {
		return nil, unread
	}
	if err != nil {
		return nil, err
	}
	return sent, nil
}

// upload returns what went wrong with reading apart from what went wrong with the call.
func upload(
	ctx context.Context, conn *connection, header *daemonv1.SendFileRequest_Header, content io.Reader,
) (id string, unread, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := conn.messages.SendFile(ctx)
	part := &daemonv1.SendFileRequest{Part: &daemonv1.SendFileRequest_Header_{Header: header}}
	buffer := make([]byte, uploadChunkBytes)
	for {
		// A failure to send is that of the call, which CloseAndReceive tells.
		if err := stream.Send(part); err != nil && !errors.Is(err, io.EOF) {
			return "", nil, err
		} else if err != nil {
			break
		}
		n, err := io.ReadFull(content, buffer)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return "", err, nil
		}
		if n == 0 {
			break
		}
		part = &daemonv1.SendFileRequest{Part: &daemonv1.SendFileRequest_Chunk{Chunk: buffer[:n]}}
	}
	answer, err := stream.CloseAndReceive()
	if err != nil {
		return "", nil, err
	}
	return answer.Msg.GetMessageId(), nil, nil
}

// Download writes the bytes of a file that was sent or received. What was written before an error is a part of them.
func (a *Account) Download(ctx context.Context, messageID string, to io.Writer) error {
	written := int64(0)
	var unwritten error
	err := a.daemon.call(ctx, func(c *connection) error {
		request := &daemonv1.DownloadRequest{Account: a.name, MessageId: messageID}
		stream, err := c.messages.Download(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		defer func() { _ = stream.Close() }()
		skip := written // of an earlier connection
		for stream.Receive() {
			chunk := stream.Msg().GetChunk()
			from := min(skip, int64(len(chunk)))
			skip -= from
			n, err := to.Write(chunk[from:])
			written += int64(n)
			if err != nil {
				unwritten = err
				return nil
			}
		}
		return stream.Err()
	})
	if unwritten != nil {
		return unwritten
	}
	return err
}
