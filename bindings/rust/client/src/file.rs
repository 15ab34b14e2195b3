//! Files: up and down in chunks.
use std::io::SeekFrom;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::account::Account;
use crate::connection::Connection;
use crate::conversation::Conversation;
use crate::error::{Error, Result, is_lost};
use crate::message::{SendOptions, Sent};
use crate::wire::send_file_request::{Header, Part};
use crate::wire::{DownloadRequest, SendFileRequest};

const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS_AHEAD: usize = 4;

/// A file without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileInfo {
    /// As the sender wrote it, for a person to read. Never open it as a path.
    pub name: String,
    /// As the sender wrote it; it may be empty or wrong.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
}

impl Conversation {
    /// Sends a file of up to 100 MB: `info.size` bytes of `content`, from its beginning. If the daemon is lost meanwhile, it begins
    /// again, so `content` has to be able to go back: a [`tokio::fs::File`], a [`std::io::Cursor`].
    ///
    /// # Errors
    /// `MESSAGE_TOO_LARGE`, `INVALID_OPTION` if there are fewer or more bytes, `UPLOADS_FULL`; [`Error::Io`].
    pub async fn send_file<C>(&self, info: FileInfo, mut content: C, options: SendOptions) -> Result<Sent>
    where
        C: AsyncRead + AsyncSeek + Unpin,
    {
        let header = Header {
            account: self.account.clone(),
            conversation_id: self.id.clone(),
            name: info.name,
            media_type: info.media_type,
            priority: options.wire_priority(),
            key: options.take_key()?,
            size: info.size,
        };
        // Not by `call` of the supervisor: what is read again cannot be moved into it twice.
        let deadline = tokio::time::Instant::now() + self.supervisor.patience();
        loop {
            let connection = self.supervisor.connection(deadline).await?;
            content.seek(SeekFrom::Start(0)).await?;
            match upload(Connection::clone(&connection), header.clone(), &mut content).await? {
                Ok(id) => {
                    return Ok(Sent { supervisor: Arc::clone(&self.supervisor), account: self.account.clone(), id });
                }
                Err(status) if is_lost(&status) && tokio::time::Instant::now() < deadline => {
                    self.supervisor.give_up(&connection).await;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }
}

/// Fails with what went wrong with reading, and gives what went wrong with the call.
async fn upload<C>(mut to: Connection, header: Header, content: &mut C) -> Result<std::result::Result<String, Status>>
where
    C: AsyncRead + Unpin,
{
    let (parts, stream) = mpsc::channel(CHUNKS_AHEAD);
    let feed = async move {
        let mut part = Part::Header(header);
        // A receiver that is gone means that the call has ended, which says why.
        while parts.send(SendFileRequest { part: Some(part) }).await.is_ok() {
            let mut chunk = vec![0; CHUNK_BYTES];
            let length = content.read(&mut chunk).await?;
            if length == 0 {
                break;
            }
            chunk.truncate(length);
            part = Part::Chunk(chunk);
        }
        Ok::<_, Error>(())
    };
    let (fed, answer) = tokio::join!(feed, to.messages.send_file(ReceiverStream::new(stream)));
    fed?;
    Ok(answer.map(|answer| answer.into_inner().message_id))
}

impl Account {
    /// Writes the bytes of a file that was sent or received. What was written before an error is a part of them.
    ///
    /// # Errors
    /// `NOT_FOUND`, `INVALID_OPTION` if it is no file; [`Error::Io`].
    pub async fn download<W: AsyncWrite + Unpin>(&self, message_id: &str, mut to: W) -> Result<()> {
        let request = DownloadRequest { account: self.name.clone(), message_id: message_id.to_owned() };
        let deadline = tokio::time::Instant::now() + self.supervisor.patience();
        let mut written = 0;
        loop {
            let connection = self.supervisor.connection(deadline).await?;
            match fetch(Connection::clone(&connection), request.clone(), &mut to, &mut written).await? {
                Ok(()) => return Ok(to.flush().await?),
                Err(status) if is_lost(&status) && tokio::time::Instant::now() < deadline => {
                    self.supervisor.give_up(&connection).await;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }

    /// Ends a file that is under way, in either direction. Tells whether it was in time.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub async fn cancel_transfer(&self, message_id: &str) -> Result<bool> {
        self.sent_message(message_id).cancel().await
    }
}

/// Fails with what went wrong with writing, and gives what went wrong with the call.
async fn fetch<W: AsyncWrite + Unpin>(
    mut from: Connection,
    request: DownloadRequest,
    to: &mut W,
    written: &mut usize,
) -> Result<std::result::Result<(), Status>> {
    let mut skip = *written; // of an earlier connection
    let mut stream = match from.messages.download(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    loop {
        let chunk = match stream.message().await {
            Ok(Some(answer)) => answer.chunk,
            Ok(None) => return Ok(Ok(())),
            Err(status) => return Ok(Err(status)),
        };
        let start = skip.min(chunk.len());
        skip -= start;
        to.write_all(&chunk[start..]).await?;
        *written += chunk.len() - start;
    }
}
