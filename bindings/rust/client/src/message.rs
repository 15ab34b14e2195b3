//! Messages, and how far they have come.
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::account::Account;
use crate::content::Content;
use crate::error::Result;
use crate::supervisor::{Supervisor, ask};
use crate::wire;

/// How far a message is. Each of the first four follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Of a later version.
    Unknown,
    /// Durable here.
    Queued,
    /// A service node has taken it.
    Sent,
    /// The recipient's device has it.
    Delivered,
    /// The recipient has read it, and lets us know.
    Read,
    /// The network refused it for good.
    Failed,
    /// One of both sides ended it before all of it had arrived.
    Cancelled,
    /// Not sent, because quota was low and it was optional.
    Dropped,
    /// An incoming message.
    Received,
}

impl Status {
    pub(crate) fn from_wire(status: i32) -> Self {
        match wire::Status::try_from(status) {
            Ok(wire::Status::Queued) => Self::Queued,
            Ok(wire::Status::Sent) => Self::Sent,
            Ok(wire::Status::Delivered) => Self::Delivered,
            Ok(wire::Status::Read) => Self::Read,
            Ok(wire::Status::Failed) => Self::Failed,
            Ok(wire::Status::Cancelled) => Self::Cancelled,
            Ok(wire::Status::Dropped) => Self::Dropped,
            Ok(wire::Status::Received) => Self::Received,
            _ => Self::Unknown,
        }
    }

    fn into_wire(self) -> i32 {
        let status = match self {
            Self::Unknown => wire::Status::Unspecified,
            Self::Queued => wire::Status::Queued,
            Self::Sent => wire::Status::Sent,
            Self::Delivered => wire::Status::Delivered,
            Self::Read => wire::Status::Read,
            Self::Failed => wire::Status::Failed,
            Self::Cancelled => wire::Status::Cancelled,
            Self::Dropped => wire::Status::Dropped,
            Self::Received => wire::Status::Received,
        };
        status.into()
    }
}

/// One message of a conversation, of either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same on both sides.
    pub id: String,
    /// Where it belongs.
    pub conversation_id: String,
    /// [`Status::Received`] if it is incoming.
    pub status: Status,
    /// What it holds.
    pub content: Content,
    /// By the sender's clock.
    pub sent_at: SystemTime,
    /// Grows with every message of the account.
    pub sequence: u64,
    /// From then on it is gone here.
    pub expires_at: Option<SystemTime>,
}

impl Message {
    pub(crate) fn from_wire(message: wire::Message) -> Self {
        Self {
            id: message.id,
            conversation_id: message.conversation_id,
            status: Status::from_wire(message.status),
            content: Content::from_wire(message.content),
            sent_at: time_of(message.sent_at_ms),
            sequence: message.sequence,
            expires_at: some_time_of(message.expires_at_ms),
        }
    }
}

pub(crate) fn time_of(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

pub(crate) fn some_time_of(ms: i64) -> Option<SystemTime> {
    (ms != 0).then(|| time_of(ms))
}

/// What goes first when the network takes less than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Critical for texts, replies, edits and deletions, else normal.
    #[default]
    OfContent,
    /// As long as any quota is left.
    Critical,
    /// Above the low mark, else in a later epoch.
    Normal,
    /// Above the low mark, else not at all.
    Optional,
}

/// How something is sent.
#[derive(Debug, Clone, Default)]
pub struct SendOptions {
    /// What goes first.
    pub priority: Priority,
    /// A name of your own for the message: sending in the conversation with the same key again, also after a restart of this
    /// program, sends nothing and gives the first message. Without it, each call makes one, for the calls that it repeats itself.
    pub key: Option<String>,
}

impl SendOptions {
    pub(crate) fn wire_priority(&self) -> i32 {
        let priority = match self.priority {
            Priority::OfContent => wire::Priority::Unspecified,
            Priority::Critical => wire::Priority::Critical,
            Priority::Normal => wire::Priority::Normal,
            Priority::Optional => wire::Priority::Optional,
        };
        priority.into()
    }

    pub(crate) fn take_key(&self) -> Result<String> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| crate::Error::Io(error.to_string()))?;
        Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A message that the daemon has taken over.
#[derive(Clone)]
pub struct Sent {
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) account: String,
    /// The same on both sides.
    pub id: String,
}

impl Sent {
    /// Resolves when the recipient's device has it.
    ///
    /// # Errors
    /// `MESSAGE_FAILED`, `MESSAGE_CANCELLED`, `MESSAGE_DROPPED`, `NOT_FOUND`.
    pub async fn delivered(&self) -> Result<()> {
        self.wait_for(Status::Delivered).await
    }

    /// Resolves when it has come to `Sent`, `Delivered` or `Read`, or further.
    ///
    /// # Errors
    /// As [`Sent::delivered`]; `INVALID_OPTION` for another status.
    pub async fn wait_for(&self, status: Status) -> Result<()> {
        let (account, message_id) = (self.account.clone(), self.id.clone());
        let request = wire::WaitForRequest { account, message_id, status: status.into_wire() };
        ask!(self.supervisor, messages.wait_for(request)).map(drop)
    }

    /// How far it has come.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn status(&self) -> Result<Status> {
        let (account, message_id) = (self.account.clone(), self.id.clone());
        let answer = ask!(self.supervisor, messages.get_message(wire::GetMessageRequest { account, message_id }))?;
        Ok(Status::from_wire(answer.message.unwrap_or_default().status))
    }

    /// Holds up a file that is under way. Tells whether it is paused now.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn pause(&self) -> Result<bool> {
        self.control(wire::TransferAction::Pause).await
    }

    /// Goes on with a file. Tells whether it was paused.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn resume(&self) -> Result<bool> {
        self.control(wire::TransferAction::Resume).await
    }

    /// Ends a file before all of it has left. Tells whether it was in time.
    ///
    /// # Errors
    /// [`Error::Unreachable`](crate::Error::Unreachable).
    pub async fn cancel(&self) -> Result<bool> {
        self.control(wire::TransferAction::Cancel).await
    }

    async fn control(&self, action: wire::TransferAction) -> Result<bool> {
        let (account, message_id) = (self.account.clone(), self.id.clone());
        let request = wire::ControlTransferRequest { account, message_id, action: action.into() };
        Ok(ask!(self.supervisor, messages.control_transfer(request))?.done)
    }
}

impl Account {
    /// A message that was sent earlier, for example before a restart.
    #[must_use]
    pub fn sent_message(&self, id: &str) -> Sent {
        Sent { supervisor: Arc::clone(&self.supervisor), account: self.name.clone(), id: id.to_owned() }
    }
}
