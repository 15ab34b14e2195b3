//! What happens, as streams that go on over restarts.
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::time::Instant;

use crate::account::{Account, Quota, connection_name};
use crate::error::{Result, is_lost};
use crate::message::{Message, Status};
use crate::wire;
use crate::wire::event::Kind;
use crate::wire::subscribe_response::Item as WireItem;

/// Where a subscription begins. The default: everything, from the beginning.
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// That of the last update you have dealt with.
    pub cursor: Option<String>,
    /// Leave out what was there before. Not together with a cursor.
    pub only_new: bool,
    /// What nobody keeps, too.
    pub events: bool,
}

/// One thing that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Keep it with what you make of the update, and pass it to [`Account::subscribe`] after a restart.
    pub cursor: String,
    /// What has happened.
    pub item: Item,
}

/// What has happened. More kinds may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A message came in.
    Message(Message),
    /// An outgoing message has come further. Steps that follow each other quickly are told as one.
    StatusChange {
        /// Which message.
        message_id: String,
        /// Where it belongs.
        conversation_id: String,
        /// How far it is.
        status: Status,
    },
    /// Everything has come that was there.
    CaughtUp,
    /// Something besides messages.
    Event(Event),
}

/// What happens besides messages, and nobody keeps. More kinds may come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Event {
    /// `connected`, `minimal` or `disconnected`.
    Connection(&'static str),
    /// Another epoch, another limit, or another level.
    Quota(Quota),
    /// The other side writes, or no longer does.
    Typing { conversation_id: String, is_typing: bool },
    /// How far a file has come.
    Progress(Transfer),
    /// Messages that others name are `missing`, `found` or `lost`.
    Gap { conversation_id: String, count: u64, state: String },
    /// Somebody new, or what they may do has changed: `request`, `open` or `blocked`.
    Standing { conversation_id: String, standing: String },
    /// A message whose time is over (`expired`), or a file that will not arrive (`cancelled`).
    Gone { conversation_id: String, message_id: String, reason: String },
    /// So many events were left out, because you read too slowly.
    Overflow(u64),
    /// The code of something that failed in the background, such as the disk.
    Error(String),
    /// Of a later version.
    Unknown,
}

/// A file that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Transfer {
    pub message_id: String,
    pub conversation_id: String,
    pub incoming: bool,
    /// That the recipient's device has.
    pub done_bytes: u64,
    pub total_bytes: u64,
    /// Outgoing: that a service node has taken.
    pub sent_bytes: u64,
    pub paused: bool,
}

impl Transfer {
    pub(crate) fn from_wire(transfer: wire::Transfer) -> Self {
        Self {
            message_id: transfer.message_id,
            conversation_id: transfer.conversation_id,
            incoming: transfer.is_incoming,
            done_bytes: transfer.done_bytes,
            total_bytes: transfer.total_bytes,
            sent_bytes: transfer.sent_bytes,
            paused: transfer.is_paused,
        }
    }
}

/// An incoming message with its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What came in.
    pub message: Message,
    /// As in [`Update`].
    pub cursor: String,
}

/// A stream without a name of its own.
struct Boxed<Value>(Pin<Box<dyn Stream<Item = Result<Value>> + Send>>);

impl<Value> Stream for Boxed<Value> {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl Account {
    /// Incoming messages and steps of outgoing ones, in order and without gaps, then as they come; also over restarts of the daemon.
    /// It reads no faster than you do, ends with the first error, and is left by dropping it.
    pub fn subscribe(&self, from: Subscribe) -> impl Stream<Item = Result<Update>> + Send + Unpin + 'static {
        let supervisor = std::sync::Arc::clone(&self.supervisor);
        let mut place = wire::SubscribeRequest {
            account: self.name.clone(),
            cursor: from.cursor.unwrap_or_default(),
            only_new: from.only_new,
            events: from.events,
        };
        Boxed(Box::pin(async_stream::try_stream! {
            let mut is_caught_up = false;
            loop {
                let connection = supervisor.connection(Instant::now() + supervisor.patience()).await?;
                let end = match connection.messages.clone().subscribe(place.clone()).await {
                    Err(status) => Some(status),
                    Ok(answer) => {
                        let mut stream = answer.into_inner();
                        loop {
                            match stream.message().await {
                                Ok(Some(response)) => {
                                    if !response.cursor.is_empty() {
                                        place.cursor.clone_from(&response.cursor);
                                        place.only_new = false;
                                    }
                                    // Told once, whatever the connection does.
                                    let is_end = matches!(response.item, Some(WireItem::CaughtUp(_)));
                                    if is_end && std::mem::replace(&mut is_caught_up, true) {
                                        continue;
                                    }
                                    if let Some(update) = Update::from_wire(response) {
                                        yield update;
                                    }
                                }
                                // The daemon ended it: it shuts down, or the account was closed, which the next call says.
                                Ok(None) => break None,
                                Err(status) => break Some(status),
                            }
                        }
                    }
                };
                match end {
                    Some(status) if is_lost(&status) => supervisor.give_up(&connection).await,
                    Some(status) => Err(status)?,
                    None => {}
                }
            }
        }))
    }

    /// [`Account::subscribe`] for incoming messages alone, after `cursor` if there is one.
    pub fn messages(&self, cursor: Option<String>) -> impl Stream<Item = Result<Received>> + Send + Unpin + 'static {
        let mut updates = self.subscribe(Subscribe { cursor, ..Subscribe::default() });
        Boxed(Box::pin(async_stream::try_stream! {
            while let Some(update) = std::future::poll_fn(|context| Pin::new(&mut updates).poll_next(context)).await {
                let Update { cursor, item } = update?;
                if let Item::Message(message) = item {
                    yield Received { message, cursor };
                }
            }
        }))
    }
}

impl Update {
    fn from_wire(response: wire::SubscribeResponse) -> Option<Self> {
        let item = match response.item? {
            WireItem::Message(message) => Item::Message(Message::from_wire(message)),
            WireItem::StatusChange(change) => Item::StatusChange {
                message_id: change.message_id,
                conversation_id: change.conversation_id,
                status: Status::from_wire(change.status),
            },
            WireItem::CaughtUp(_) => Item::CaughtUp,
            WireItem::Event(event) => Item::Event(Event::from_wire(event)),
        };
        Some(Self { cursor: response.cursor, item })
    }
}

impl Event {
    fn from_wire(event: wire::Event) -> Self {
        match event.kind {
            Some(Kind::Connection(connection)) => Self::Connection(connection_name(connection)),
            Some(Kind::Quota(quota)) => Self::Quota(Quota::from_wire(quota)),
            Some(Kind::Typing(wire::Typing { conversation_id, is_typing })) => {
                Self::Typing { conversation_id, is_typing }
            }
            Some(Kind::Progress(transfer)) => Self::Progress(Transfer::from_wire(transfer)),
            Some(Kind::Gap(wire::Gap { conversation_id, count, state })) => Self::Gap { conversation_id, count, state },
            Some(Kind::Standing(wire::StandingChange { conversation_id, standing })) => {
                Self::Standing { conversation_id, standing }
            }
            Some(Kind::Gone(wire::Gone { conversation_id, message_id, reason })) => {
                Self::Gone { conversation_id, message_id, reason }
            }
            Some(Kind::Overflow(count)) => Self::Overflow(count),
            Some(Kind::Error(code)) => Self::Error(code),
            None => Self::Unknown,
        }
    }
}
