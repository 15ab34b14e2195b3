//! One life of the connection to one life of a daemon: another life has another token.
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

use crate::error::{Error, Result};
use crate::wire::account_service_client::AccountServiceClient;
use crate::wire::conversation_service_client::ConversationServiceClient;
use crate::wire::daemon_service_client::DaemonServiceClient;
use crate::wire::message_service_client::MessageServiceClient;
use crate::wire::{GetInfoRequest, GetInfoResponse};

/// What this crate was written for: see `GetInfoResponse` in daemon.proto.
const API_REVISION: u32 = 1;
/// Nothing but a comparison of versions is waited for.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A subscription that stands still may fill its own window only, and not that of the whole connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 30;
/// Of a page of history, for example; a file comes in chunks.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Where a daemon listens.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub socket: PathBuf,
    pub token_file: PathBuf,
}

pub(crate) type Authorized = InterceptedService<Channel, Bearer>;

#[derive(Clone)]
pub(crate) struct Connection {
    /// Grows with every life.
    pub generation: u64,
    pub info: GetInfoResponse,
    pub accounts: AccountServiceClient<Authorized>,
    pub conversations: ConversationServiceClient<Authorized>,
    pub messages: MessageServiceClient<Authorized>,
}

/// Shows the token with every call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> std::result::Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl Connection {
    pub async fn open(place: &Place, generation: u64) -> Result<Self> {
        let channel = channel_to(&place.socket).await?;
        let bearer = Bearer(token_in(&place.token_file).await?);
        let service = InterceptedService::new(channel, bearer);
        let mut daemon = DaemonServiceClient::new(service.clone());
        let info = tokio::time::timeout(HANDSHAKE, daemon.get_info(GetInfoRequest {}))
            .await
            .map_err(|_| Error::Unreachable("it does not answer".to_owned()))??
            .into_inner();
        if info.api_revision < API_REVISION {
            let (found, version) = (info.api_revision, info.version);
            return Err(Error::VersionMismatch { wanted: API_REVISION, found, version });
        }
        Ok(Self {
            generation,
            info,
            accounts: AccountServiceClient::new(service.clone()),
            conversations: ConversationServiceClient::new(service.clone()).max_decoding_message_size(MAX_ANSWER_BYTES),
            messages: MessageServiceClient::new(service).max_decoding_message_size(MAX_ANSWER_BYTES),
        })
    }
}

async fn channel_to(socket: &Path) -> Result<Channel> {
    let path = socket.to_owned();
    let connector = tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { Ok::<_, std::io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
    });
    Endpoint::from_static("http://localhost")
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .connect_with_connector(connector)
        .await
        .map_err(|_| Error::Unreachable(format!("nobody listens at {}", socket.display())))
}

async fn token_in(file: &Path) -> Result<MetadataValue<Ascii>> {
    let token = tokio::fs::read_to_string(file)
        .await
        .map_err(|error| Error::Unreachable(format!("its token cannot be read: {error}")))?;
    format!("Bearer {}", token.trim()).parse().map_err(|_| Error::Unreachable("its token is none".to_owned()))
}
