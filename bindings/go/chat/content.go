package chat

import (
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
)

// Content is what a message holds: [Text], [Reply], [Reaction], [Edit], [Deletion], [JSON], [Custom], or, received only,
// [FileInfo]. Switch over its type.
type Content interface{ toWire() *daemonv1.Content }

// Text is a text.
type Text string

// Reply is a text that answers a message.
type Reply struct{ MessageID, Text string }

// Reaction is an emoji on a message, or its removal.
type Reaction struct {
	MessageID, Emoji string
	Removed          bool
}

// Edit is another text for a message. Only its author may edit it: check that.
type Edit struct{ MessageID, Text string }

// Deletion asks for a message to be hidden. Only its author may: check that.
type Deletion struct{ MessageID string }

// FileInfo is a file that was received, without its bytes: see [Account.Download]. [Conversation.SendFile] sends one.
type FileInfo struct {
	// Name is as the sender wrote it, for a person to read. Never open it as a path.
	Name      string
	MediaType string
	Size      uint64
}

// JSON is a value under a name that says which schema it has. From anybody: check it before use.
type JSON struct{ Name, Value string }

// Custom is content of a type of your own, by its numbers (LIP-240). Fallback is what programs show that do not know it.
type Custom struct {
	Domain, Tag, Version uint32
	Payload              []byte
	Fallback             string
}

func (t Text) toWire() *daemonv1.Content {
	return &daemonv1.Content{Kind: &daemonv1.Content_Text{Text: string(t)}}
}

func (r Reply) toWire() *daemonv1.Content {
	return &daemonv1.Content{Kind: &daemonv1.Content_Reply{Reply: &daemonv1.Reply{MessageId: r.MessageID, Text: r.Text}}}
}

func (r Reaction) toWire() *daemonv1.Content {
	reaction := &daemonv1.Reaction{MessageId: r.MessageID, Emoji: r.Emoji, IsRemoved: r.Removed}
	return &daemonv1.Content{Kind: &daemonv1.Content_Reaction{Reaction: reaction}}
}

func (e Edit) toWire() *daemonv1.Content {
	return &daemonv1.Content{Kind: &daemonv1.Content_Edit{Edit: &daemonv1.Edit{MessageId: e.MessageID, Text: e.Text}}}
}

func (d Deletion) toWire() *daemonv1.Content {
	return &daemonv1.Content{Kind: &daemonv1.Content_Deletion{Deletion: &daemonv1.Deletion{MessageId: d.MessageID}}}
}

func (f FileInfo) toWire() *daemonv1.Content {
	file := &daemonv1.File{Name: f.Name, MediaType: f.MediaType, Size: f.Size}
	return &daemonv1.Content{Kind: &daemonv1.Content_File{File: file}}
}

func (j JSON) toWire() *daemonv1.Content {
	return &daemonv1.Content{Kind: &daemonv1.Content_Json{Json: &daemonv1.Json{Name: j.Name, Value: j.Value}}}
}

func (c Custom) toWire() *daemonv1.Content {
	custom := &daemonv1.Custom{
		Domain: c.Domain, Tag: c.Tag, Version: c.Version, Payload: c.Payload, Fallback: c.Fallback,
	}
	return &daemonv1.Content{Kind: &daemonv1.Content_Custom{Custom: custom}}
}

// contentOf gives an empty Custom for what a later daemon has and this package does not know.
func contentOf(content *daemonv1.Content) Content {
	switch kind := content.GetKind().(type) {
	case *daemonv1.Content_Text:
		return Text(kind.Text)
	case *daemonv1.Content_Reply:
		return Reply{MessageID: kind.Reply.GetMessageId(), Text: kind.Reply.GetText()}
	case *daemonv1.Content_Reaction:
		r := kind.Reaction
		return Reaction{MessageID: r.GetMessageId(), Emoji: r.GetEmoji(), Removed: r.GetIsRemoved()}
	case *daemonv1.Content_Edit:
		return Edit{MessageID: kind.Edit.GetMessageId(), Text: kind.Edit.GetText()}
	case *daemonv1.Content_Deletion:
		return Deletion{MessageID: kind.Deletion.GetMessageId()}
	case *daemonv1.Content_File:
		return FileInfo{Name: kind.File.GetName(), MediaType: kind.File.GetMediaType(), Size: kind.File.GetSize()}
	case *daemonv1.Content_Json:
		return JSON{Name: kind.Json.GetName(), Value: kind.Json.GetValue()}
	default:
		c := content.GetCustom()
		return Custom{
			Domain: c.GetDomain(), Tag: c.GetTag(), Version: c.GetVersion(),
			Payload: c.GetPayload(), Fallback: c.GetFallback(),
		}
	}
}
