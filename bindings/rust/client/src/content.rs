//! What messages hold.
use crate::file::FileInfo;
use crate::wire;
use crate::wire::content::Kind;

/// What a message holds. More kinds may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A text.
    Text(String),
    /// A text that answers a message.
    Reply {
        /// That it answers.
        message_id: String,
        /// What it says.
        text: String,
    },
    /// An emoji on a message, or its removal.
    Reaction {
        /// That it is about.
        message_id: String,
        /// 1 to 16 visible characters.
        emoji: String,
        /// Takes an earlier reaction back.
        removed: bool,
    },
    /// Another text for a message. Only its author may edit it: check that.
    Edit {
        /// That gets another text.
        message_id: String,
        /// The new one.
        text: String,
    },
    /// Asks for a message to be hidden. Only its author may: check that.
    Deletion {
        /// That is to be hidden.
        message_id: String,
    },
    /// A file that came, without its bytes: see [`Account::download`](crate::Account::download).
    /// [`Conversation::send_file`](crate::Conversation::send_file) sends one.
    File(FileInfo),
    /// JSON under a name that says which schema it has. From anybody: check it before use.
    Json {
        /// 1 to 100 characters.
        name: String,
        /// JSON text.
        value: String,
    },
    /// Content of a type of your own, by its numbers (LIP-240).
    Custom {
        /// Who defines the type.
        domain: u32,
        /// Which of the domain's types it is.
        tag: u32,
        /// 0 stands for 1.
        version: u32,
        /// In the encoding of the type.
        payload: Vec<u8>,
        /// What programs show that do not know the type.
        fallback: String,
    },
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Content {
    /// The text of a text, reply or edit.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Reply { text, .. } | Self::Edit { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(crate) fn into_wire(self) -> wire::Content {
        let kind = match self {
            Self::Text(text) => Kind::Text(text),
            Self::Reply { message_id, text } => Kind::Reply(wire::Reply { message_id, text }),
            Self::Reaction { message_id, emoji, removed } => {
                Kind::Reaction(wire::Reaction { message_id, emoji, is_removed: removed })
            }
            Self::Edit { message_id, text } => Kind::Edit(wire::Edit { message_id, text }),
            Self::Deletion { message_id } => Kind::Deletion(wire::Deletion { message_id }),
            Self::File(FileInfo { name, media_type, size }) => Kind::File(wire::File { name, media_type, size }),
            Self::Json { name, value } => Kind::Json(wire::Json { name, value }),
            Self::Custom { domain, tag, version, payload, fallback } => {
                Kind::Custom(wire::Custom { domain, tag, version, payload, fallback })
            }
        };
        wire::Content { kind: Some(kind) }
    }

    /// An empty custom one for what a later daemon has and this crate does not know.
    pub(crate) fn from_wire(content: Option<wire::Content>) -> Self {
        match content.and_then(|content| content.kind) {
            Some(Kind::Text(text)) => Self::Text(text),
            Some(Kind::Reply(wire::Reply { message_id, text })) => Self::Reply { message_id, text },
            Some(Kind::Reaction(wire::Reaction { message_id, emoji, is_removed })) => {
                Self::Reaction { message_id, emoji, removed: is_removed }
            }
            Some(Kind::Edit(wire::Edit { message_id, text })) => Self::Edit { message_id, text },
            Some(Kind::Deletion(wire::Deletion { message_id })) => Self::Deletion { message_id },
            Some(Kind::File(wire::File { name, media_type, size })) => Self::File(FileInfo { name, media_type, size }),
            Some(Kind::Json(wire::Json { name, value })) => Self::Json { name, value },
            Some(Kind::Custom(wire::Custom { domain, tag, version, payload, fallback })) => {
                Self::Custom { domain, tag, version, payload, fallback }
            }
            None => {
                let (payload, fallback) = (Vec::new(), String::new());
                Self::Custom { domain: 0, tag: 0, version: 0, payload, fallback }
            }
        }
    }
}
