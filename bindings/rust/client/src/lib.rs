#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod connection;
mod content;
mod conversation;
mod daemon;
mod error;
mod file;
mod message;
mod process;
mod supervisor;
mod update;

#[allow(missing_docs, clippy::all, clippy::pedantic)]
mod wire {
    include!("gen/chat.daemon.v1.rs");
}

pub use account::{Account, AccountOptions, Health, Invite, InviteOptions, Quota};
pub use content::Content;
pub use conversation::{Conversation, ConversationHealth, History, Overview, SafetyNumber, Standing};
pub use daemon::{Daemon, Options};
pub use error::{Error, Result};
pub use file::FileInfo;
pub use message::{Message, Priority, SendOptions, Sent, Status};
pub use update::{Event, Item, Received, Subscribe, Transfer, Update};
