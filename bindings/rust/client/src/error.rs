//! What goes wrong, with the codes of the daemon.
use prost::Message as _;
use tonic::{Code, Status};

use crate::wire::ErrorDetail;

/// The result of every call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed. [`Error::code`] is stable, the text is for people.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The daemon refused, with a code of the SDK or its own, such as `NOT_FOUND`.
    #[error("{code}: {message}")]
    Refused {
        /// Stable: see the README of chatd.
        code: String,
        /// What was wanted and what was seen. No key, no content.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// There is no chatd to start.
    #[error(
        "there is no chatd in PATH, nor in node_modules/.bin here or above; install it, or name it by Options::command"
    )]
    DaemonNotFound,
    /// It does not start, or nobody answers where it should be.
    #[error("the daemon cannot be reached: {0}")]
    Unreachable(String),
    /// The daemon is older than this crate.
    #[error("this crate needs revision {wanted} of chatd's interface, chatd {version} has {found}; update chatd")]
    VersionMismatch {
        /// What this crate was written for.
        wanted: u32,
        /// What the daemon has.
        found: u32,
        /// Of the daemon.
        version: String,
    },
    /// [`Daemon::close`](crate::Daemon::close) was called.
    #[error("the daemon was closed")]
    Closed,
    /// An argument that this crate refuses by itself.
    #[error("{0}")]
    InvalidOption(String),
    /// What was to be sent could not be read, or what came could not be written.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// Stable: `NOT_FOUND`, `DAEMON_UNREACHABLE` and so on.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::DaemonNotFound => "DAEMON_NOT_FOUND",
            Self::Unreachable(_) => "DAEMON_UNREACHABLE",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::Closed => "CLOSED",
            Self::InvalidOption(_) => "INVALID_OPTION",
            Self::Io(_) => "IO",
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { retryable, .. } => *retryable,
            Self::Unreachable(_) => true,
            _ => false,
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        if let Some(detail) = detail_of(&status) {
            let message = status.message().to_owned();
            return Self::Refused { code: detail.code, message, retryable: detail.retryable };
        }
        if is_lost(&status) {
            return Self::Unreachable(status.message().to_owned());
        }
        let code = format!("{:?}", status.code());
        Self::Refused { code, message: status.message().to_owned(), retryable: false }
    }
}

/// Whether it was the connection that failed, or the daemon is another one than before.
pub(crate) fn is_lost(status: &Status) -> bool {
    let ours = [Code::Unavailable, Code::Unknown, Code::Internal, Code::Cancelled, Code::Unauthenticated];
    detail_of(status).is_none() && ours.contains(&status.code())
}

/// `google.rpc.Status`, in which gRPC carries details.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<RpcAny>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RpcAny {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

fn detail_of(status: &Status) -> Option<ErrorDetail> {
    let details = RpcStatus::decode(status.details()).ok()?.details;
    let detail = details.iter().find(|any| any.type_url.ends_with("/chat.daemon.v1.ErrorDetail"))?;
    ErrorDetail::decode(detail.value.as_slice()).ok()
}
