//! Accounts: a key, conversations, invites.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::content::Content;
use crate::conversation::{Conversation, Overview};
use crate::error::Result;
use crate::message::{Message, SendOptions, some_time_of, time_of};
use crate::supervisor::{Supervisor, ask};
use crate::wire;

/// How an account is opened. All who open it have to agree, or get `ACCOUNT_DIFFERS`.
#[derive(Debug, Clone, Default)]
pub struct AccountOptions {
    /// Seals the database. Without it, a key is kept in a file beside it.
    pub passphrase: Option<String>,
    /// Network and service nodes of this account, instead of the daemon's.
    pub network: Option<(String, Vec<String>)>,
    /// Open it also while no service node answers; messages wait.
    pub queue_when_unreachable: bool,
    /// Mean random delay of confirmations, which hides who answers whom: 2 seconds by default.
    pub acknowledgement_delay: Option<Duration>,
    /// Tell others how far the user has read.
    pub read_receipts: bool,
    /// Let [`Account::find`] look for texts.
    pub search: bool,
}

impl AccountOptions {
    pub(crate) fn into_request(self, name: &str) -> wire::OpenAccountRequest {
        wire::OpenAccountRequest {
            name: name.to_owned(),
            network: self.network.map(|(preset, peers)| wire::Network { preset, peers, ..Default::default() }),
            passphrase: self.passphrase.unwrap_or_default(),
            queue_when_unreachable: self.queue_when_unreachable,
            acknowledgement_delay_ms: self
                .acknowledgement_delay
                .map(|delay| u32::try_from(delay.as_millis()).unwrap_or(u32::MAX)),
            read_receipts: self.read_receipts,
            search: self.search,
        }
    }
}

/// What an invite is for. The default is a link for one person, until that person has used it.
#[derive(Debug, Clone, Default)]
pub struct InviteOptions {
    /// For how long it works.
    pub expires_in: Option<Duration>,
    /// Any number of people may use it.
    pub multi_use: bool,
    /// Protects against whoever records now and has a quantum computer later. The link is nine times as long.
    pub post_quantum: bool,
}

/// A link that waits to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// For [`Account::revoke_invite`].
    pub id: String,
    /// To share.
    pub link: String,
    /// When it was made.
    pub created_at: SystemTime,
    /// From when on it does not work.
    pub expires_at: Option<SystemTime>,
    /// For any number of people.
    pub multi_use: bool,
    /// With ML-KEM-768.
    pub post_quantum: bool,
}

/// How an account is connected, and how much it may still publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// `connected`, `minimal` (only one of several service nodes answers) or `disconnected`.
    pub connection: &'static str,
    /// Of this epoch.
    pub quota: Quota,
    /// What came from the network and could not be used, by reason.
    pub discarded: HashMap<String, u64>,
}

/// What the network lets the account publish in this epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Quota {
    pub epoch: u64,
    pub total: u64,
    pub used: u64,
    pub remaining: u64,
    /// `high`, `low`, `exhausted` or `unknown`.
    pub level: String,
    pub resets_at: SystemTime,
}

impl Quota {
    pub(crate) fn from_wire(quota: wire::Quota) -> Self {
        let wire::Quota { epoch, total, used, remaining, level, resets_at_ms } = quota;
        Self { epoch, total, used, remaining, level, resets_at: time_of(resets_at_ms) }
    }
}

pub(crate) fn connection_name(connection: i32) -> &'static str {
    match wire::Connection::try_from(connection) {
        Ok(wire::Connection::Connected) => "connected",
        Ok(wire::Connection::Minimal) => "minimal",
        _ => "disconnected",
    }
}

/// An open account. Clones are the same one.
#[derive(Clone)]
pub struct Account {
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) name: String,
    pub(crate) id: String,
}

impl Account {
    /// The one it was opened by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Fingerprint of the account's key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A link that lets somebody write to this account, also while it is offline. Share it over any channel.
    ///
    /// # Errors
    /// `TOO_MANY_INVITES`, `INVALID_OPTION`.
    pub async fn create_invite(&self, options: InviteOptions) -> Result<String> {
        let request = wire::CreateInviteRequest {
            account: self.name.clone(),
            expires_in_ms: options.expires_in.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            multi_use: options.multi_use,
            post_quantum: options.post_quantum,
        };
        Ok(ask!(self.supervisor, accounts.create_invite(request))?.link)
    }

    /// Links that wait to be used, oldest first.
    ///
    /// # Errors
    /// `ACCOUNT_NOT_OPEN`.
    pub async fn invites(&self) -> Result<Vec<Invite>> {
        let request = wire::ListInvitesRequest { account: self.name.clone() };
        let invites = ask!(self.supervisor, accounts.list_invites(request))?.invites;
        let from_wire = |invite: wire::Invite| Invite {
            id: invite.id,
            link: invite.link,
            created_at: time_of(invite.created_at_ms),
            expires_at: some_time_of(invite.expires_at_ms),
            multi_use: invite.multi_use,
            post_quantum: invite.post_quantum,
        };
        Ok(invites.into_iter().map(from_wire).collect())
    }

    /// Nobody new can use the link from then on. A conversation that began with it goes on.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn revoke_invite(&self, id: &str) -> Result<()> {
        let request = wire::RevokeInviteRequest { account: self.name.clone(), invite_id: id.to_owned() };
        ask!(self.supervisor, accounts.revoke_invite(request)).map(drop)
    }

    /// Opens a conversation from somebody's invite, with a first message if there is one. Both are durable then; the other side
    /// may be offline.
    ///
    /// # Errors
    /// `INVALID_INVITE`, `OWN_INVITE`, `BLOCKED`, `OUTBOX_FULL`.
    pub async fn accept(&self, link: &str, first: Option<Content>) -> Result<Conversation> {
        let options = SendOptions::default();
        let request = wire::AcceptInviteRequest {
            account: self.name.clone(),
            link: link.to_owned(),
            content: first.map(Content::into_wire),
            priority: options.wire_priority(),
            key: options.take_key()?,
        };
        let id = ask!(self.supervisor, conversations.accept_invite(request))?.conversation_id;
        Ok(self.conversation(&id))
    }

    /// One by its id, which a message has. Whether it is there, its calls say.
    #[must_use]
    pub fn conversation(&self, id: &str) -> Conversation {
        Conversation { supervisor: Arc::clone(&self.supervisor), account: self.name.clone(), id: id.to_owned() }
    }

    /// Newest activity first: at most `limit` (50 if it is 0). `before` is the `activity` of the last one of the page before.
    ///
    /// # Errors
    /// `INVALID_OPTION`.
    pub async fn conversations(&self, limit: u32, before: Option<u64>) -> Result<Vec<Overview>> {
        let request = wire::ListConversationsRequest { account: self.name.clone(), limit, before };
        let found = ask!(self.supervisor, conversations.list_conversations(request))?.conversations;
        Ok(found.into_iter().map(|one| Overview::from_wire(self, one)).collect())
    }

    /// A single message, of either direction.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn message(&self, id: &str) -> Result<Message> {
        let request = wire::GetMessageRequest { account: self.name.clone(), message_id: id.to_owned() };
        let message = ask!(self.supervisor, messages.get_message(request))?.message;
        Ok(Message::from_wire(message.unwrap_or_default()))
    }

    /// Messages whose text has all these words, newest first. The account has to be opened with `search`.
    ///
    /// # Errors
    /// `INVALID_OPTION`.
    pub async fn find(&self, text: &str, limit: u32) -> Result<Vec<Message>> {
        let request = wire::FindRequest {
            account: self.name.clone(),
            what: Some(wire::find_request::What::Text(text.to_owned())),
            limit,
            ..Default::default()
        };
        let found = ask!(self.supervisor, conversations.find(request))?.messages;
        Ok(found.into_iter().map(Message::from_wire).collect())
    }

    /// Deletes a message here; what of it has not left does not leave.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn delete_message(&self, id: &str) -> Result<()> {
        let request = wire::DeleteMessageRequest { account: self.name.clone(), message_id: id.to_owned() };
        ask!(self.supervisor, messages.delete_message(request)).map(drop)
    }

    /// Connection and quota.
    ///
    /// # Errors
    /// `ACCOUNT_NOT_OPEN`.
    pub async fn health(&self) -> Result<Health> {
        let request = wire::GetHealthRequest { account: self.name.clone() };
        let health = ask!(self.supervisor, accounts.get_health(request))?;
        Ok(Health {
            connection: connection_name(health.connection),
            quota: Quota::from_wire(health.quota.unwrap_or_default()),
            discarded: health.discarded,
        })
    }

    /// Closes the account for all who use the daemon: it receives nothing until it is opened again.
    ///
    /// # Errors
    /// `ACCOUNT_NOT_OPEN`.
    pub async fn close(&self) -> Result<()> {
        self.supervisor.forget(&self.name);
        let request = wire::CloseAccountRequest { account: self.name.clone() };
        ask!(self.supervisor, accounts.close_account(request)).map(drop)
    }
}
