//! Conversations with one other account each.
use std::sync::Arc;
use std::time::SystemTime;

use crate::account::Account;
use crate::content::Content;
use crate::error::Result;
use crate::message::{Message, SendOptions, Sent, some_time_of};
use crate::supervisor::{Supervisor, ask};
use crate::update::Transfer;
use crate::wire;

/// A conversation. Its id is the account id of the other side. Clones are the same one.
#[derive(Clone)]
pub struct Conversation {
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) account: String,
    /// Stable over restarts and new sessions.
    pub id: String,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A stranger has begun, and it waits to be accepted, deleted or blocked.
    Request,
    /// Both may write.
    Open,
    /// Nothing of them is stored.
    Blocked,
}

/// A conversation as a list of conversations shows it.
#[derive(Clone)]
pub struct Overview {
    /// To go on with.
    pub conversation: Conversation,
    /// What the other side may do.
    pub standing: Standing,
    /// Messages above the mark.
    pub unread: u64,
    /// For the next page.
    pub activity: u64,
    /// The newest, unless nothing was said.
    pub last: Option<Message>,
}

impl Overview {
    pub(crate) fn from_wire(account: &Account, one: wire::Conversation) -> Self {
        let standing = match one.standing() {
            wire::Standing::Request => Standing::Request,
            wire::Standing::Blocked => Standing::Blocked,
            _ => Standing::Open,
        };
        let conversation = account.conversation(&one.id);
        let last = one.last.map(Message::from_wire);
        Self { conversation, standing, unread: one.unread, activity: one.activity, last }
    }
}

/// Which page of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum History {
    /// The newest of all.
    #[default]
    Newest,
    /// The newest of those that are older than this message.
    Before(String),
    /// The oldest of those that are newer.
    After(String),
    /// Half of them older, then this one and newer ones.
    Around(String),
}

/// Equal on both sides if nobody stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafetyNumber {
    /// 60, to read out.
    pub digits: String,
    /// To scan.
    pub code: String,
}

/// What a conversation still waits for, in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationHealth {
    /// Messages of the other side that have not arrived, as far as others name them.
    pub missing: u64,
    /// Since when.
    pub missing_since: Option<SystemTime>,
    /// Have arrived, and wait for those.
    pub held: u64,
    /// Own ones that the other side's device has not confirmed.
    pub unconfirmed: u64,
    /// Of these, have not left as a whole.
    pub unsent: u64,
    /// False: blocked, or lost in a restore.
    pub can_send: bool,
    /// Whether both sides have everything, as far as anybody can know.
    pub is_complete: bool,
}

impl Conversation {
    /// Resolves once the message is durable in the daemon: it survives a crash, and goes out when the network allows. The
    /// recipient may be offline.
    ///
    /// # Errors
    /// `NOT_FOUND`, `BLOCKED`, `OUTBOX_FULL`, `CONVERSATION_FULL`, `INVALID_CONTENT`.
    pub async fn send(&self, content: impl Into<Content>) -> Result<Sent> {
        self.send_with(content, SendOptions::default()).await
    }

    /// As [`Conversation::send`], with options.
    ///
    /// # Errors
    /// As [`Conversation::send`].
    pub async fn send_with(&self, content: impl Into<Content>, options: SendOptions) -> Result<Sent> {
        let request = wire::SendRequest {
            account: self.account.clone(),
            conversation_id: self.id.clone(),
            content: Some(content.into().into_wire()),
            priority: options.wire_priority(),
            key: options.take_key()?,
        };
        let id = ask!(self.supervisor, messages.send(request))?.message_id;
        Ok(Sent { supervisor: Arc::clone(&self.supervisor), account: self.account.clone(), id })
    }

    /// A page of messages of both sides, oldest first: at most `limit`, 50 if it is 0.
    ///
    /// # Errors
    /// `NOT_FOUND`, `INVALID_OPTION`.
    pub async fn history(&self, place: History, limit: u32) -> Result<Vec<Message>> {
        use wire::get_history_request::Place;
        let place = match place {
            History::Newest => None,
            History::Before(id) => Some(Place::Before(id)),
            History::After(id) => Some(Place::After(id)),
            History::Around(id) => Some(Place::Around(id)),
        };
        let (account, conversation_id) = self.named();
        let request = wire::GetHistoryRequest { account, conversation_id, limit, place };
        let page = ask!(self.supervisor, conversations.get_history(request))?.messages;
        Ok(page.into_iter().map(Message::from_wire).collect())
    }

    /// The user has read everything up to a message, or all there is.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn mark_read(&self, up_to_message_id: Option<&str>) -> Result<()> {
        let (account, conversation_id) = self.named();
        let up_to_message_id = up_to_message_id.unwrap_or_default().to_owned();
        let request = wire::MarkReadRequest { account, conversation_id, up_to_message_id };
        ask!(self.supervisor, conversations.mark_read(request)).map(drop)
    }

    /// The user writes, or no longer does. Call it with every key.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn set_typing(&self, is_typing: bool) -> Result<()> {
        let (account, conversation_id) = self.named();
        let request = wire::SetTypingRequest { account, conversation_id, is_typing };
        ask!(self.supervisor, conversations.set_typing(request)).map(drop)
    }

    /// Makes a request an open conversation, or takes [`Conversation::block`] back.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn accept(&self) -> Result<()> {
        self.set_standing(wire::Standing::Open).await
    }

    /// Nothing more of the other side is stored, which is not told.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn block(&self) -> Result<()> {
        self.set_standing(wire::Standing::Blocked).await
    }

    async fn set_standing(&self, standing: wire::Standing) -> Result<()> {
        let (account, conversation_id) = self.named();
        let request = wire::SetStandingRequest { account, conversation_id, standing: standing.into() };
        ask!(self.supervisor, conversations.set_standing(request)).map(drop)
    }

    /// Deletes all messages and keys of the conversation here.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn delete(&self) -> Result<()> {
        let (account, conversation_id) = self.named();
        let request = wire::DeleteConversationRequest { account, conversation_id };
        ask!(self.supervisor, conversations.delete_conversation(request)).map(drop)
    }

    /// What it still waits for.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn health(&self) -> Result<ConversationHealth> {
        let (account, conversation_id) = self.named();
        let request = wire::GetConversationHealthRequest { account, conversation_id };
        let health = ask!(self.supervisor, conversations.get_conversation_health(request))?;
        Ok(ConversationHealth {
            missing: health.missing,
            missing_since: some_time_of(health.missing_since_ms),
            held: health.held,
            unconfirmed: health.unconfirmed,
            unsent: health.unsent,
            can_send: health.can_send,
            is_complete: health.is_complete,
        })
    }

    /// To compare with the other side.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn safety_number(&self) -> Result<SafetyNumber> {
        let (account, conversation_id) = self.named();
        let request = wire::GetSafetyNumberRequest { account, conversation_id };
        let number = ask!(self.supervisor, conversations.get_safety_number(request))?;
        Ok(SafetyNumber { digits: number.digits, code: number.code })
    }

    /// Files that are under way, in both directions.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn transfers(&self) -> Result<Vec<Transfer>> {
        let (account, conversation_id) = self.named();
        let request = wire::ListTransfersRequest { account, conversation_id };
        let transfers = ask!(self.supervisor, messages.list_transfers(request))?.transfers;
        Ok(transfers.into_iter().map(Transfer::from_wire).collect())
    }

    fn named(&self) -> (String, String) {
        (self.account.clone(), self.id.clone())
    }
}
