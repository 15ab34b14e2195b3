//! A chatd that was started or attached to.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::account::{Account, AccountOptions};
use crate::error::{Error, Result};
use crate::supervisor::{Supervisor, ask};
use crate::wire::ListAccountsRequest;

/// How a daemon is started or found.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) command: Vec<String>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) socket: Option<PathBuf>,
    pub(crate) network: Option<String>,
    pub(crate) peers: Vec<String>,
    pub(crate) patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let patience = Duration::from_secs(30);
        let (data_dir, socket, network) = (None, None, None);
        Self { command: Vec::new(), data_dir, socket, network, peers: Vec::new(), patience }
    }
}

impl Options {
    /// The program to start, with its first arguments. Without it, chatd is looked for in `PATH`, then in `node_modules/.bin` of
    /// the working directory and the folders above it, where the npm package puts it.
    #[must_use]
    pub fn command<I: IntoIterator<Item = S>, S: Into<String>>(mut self, words: I) -> Self {
        self.command = words.into_iter().map(Into::into).collect();
        self
    }

    /// The folder with the accounts. Without it, chatd takes the one of the user.
    #[must_use]
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// The Unix socket of the daemon. Without it, it is chatd.sock in the data folder.
    #[must_use]
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// The network of accounts: `devnet`, the default, or `twn`, The Waku Network. For [`Daemon::start`].
    #[must_use]
    pub fn network(mut self, name: impl Into<String>) -> Self {
        self.network = Some(name.into());
        self
    }

    /// Service nodes of accounts, as WebSocket multiaddrs. For [`Daemon::start`].
    #[must_use]
    pub fn peers<I: IntoIterator<Item = S>, S: Into<String>>(mut self, addresses: I) -> Self {
        self.peers.extend(addresses.into_iter().map(Into::into));
        self
    }

    /// For how long a call waits for a daemon that is gone: 30 seconds by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// A chatd. Clones are the same one; when the last of them, and of what came from them, is dropped, a daemon that was started ends.
#[derive(Clone)]
pub struct Daemon {
    supervisor: Arc<Supervisor>,
}

impl Daemon {
    /// Runs a chatd and watches over it. It ends with this program, however that ends; if it dies, it is started again, its
    /// accounts are opened again, and calls and subscriptions go on.
    ///
    /// # Errors
    /// [`Error::DaemonNotFound`], [`Error::Unreachable`] with what chatd said, [`Error::VersionMismatch`].
    pub async fn start(options: Options) -> Result<Self> {
        Ok(Self { supervisor: Supervisor::start(options).await? })
    }

    /// Uses a chatd that runs already, by [`Options::socket`] or [`Options::data_dir`]. If it is restarted, calls go on with the new one.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`Error::Unreachable`], [`Error::VersionMismatch`].
    pub async fn attach(options: Options) -> Result<Self> {
        let in_folder = options.data_dir.map(|folder| folder.join("chatd.sock"));
        let Some(socket) = options.socket.or(in_folder) else {
            return Err(Error::InvalidOption("attach wants a socket or a data_dir".to_owned()));
        };
        Ok(Self { supervisor: Supervisor::attach(socket, options.patience).await? })
    }

    /// Opens an account, and makes it if it is new. It stays open for all who use the daemon until [`Account::close`].
    ///
    /// # Errors
    /// `INVALID_OPTION`, `ACCOUNT_DIFFERS`, `PEER_UNREACHABLE`, `WRONG_KEY`, `STORE_LOCKED`.
    pub async fn open_account(&self, name: &str, options: AccountOptions) -> Result<Account> {
        let request = options.into_request(name);
        let answer = ask!(self.supervisor, accounts.open_account(request.clone()))?;
        self.supervisor.remember(request);
        let id = answer.account.unwrap_or_default().id;
        Ok(Account { supervisor: Arc::clone(&self.supervisor), name: name.to_owned(), id })
    }

    /// Names of all accounts in the daemon's folder, open or not.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Closed`].
    pub async fn accounts(&self) -> Result<Vec<String>> {
        let answer = ask!(self.supervisor, accounts.list_accounts(ListAccountsRequest {}))?;
        Ok(answer.accounts.into_iter().map(|account| account.name).collect())
    }

    /// Of the daemon that runs now.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Closed`].
    pub async fn version(&self) -> Result<String> {
        Ok(self.info().await?.0)
    }

    /// Process id of the daemon that runs now.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Closed`].
    pub async fn process_id(&self) -> Result<u32> {
        Ok(self.info().await?.1)
    }

    async fn info(&self) -> Result<(String, u32)> {
        let deadline = Instant::now() + self.supervisor.patience();
        let connection = self.supervisor.connection(deadline).await?;
        Ok((connection.info.version.clone(), connection.info.process_id))
    }

    /// Ends a daemon that was started, once everything is durable; one that was attached to goes on. Calls fail with
    /// [`Error::Closed`] from then on.
    pub async fn close(&self) {
        self.supervisor.close().await;
    }
}
