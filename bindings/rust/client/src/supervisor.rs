//! Keeps a connection: if the daemon dies, or another one takes its place, the next life is begun, and its accounts are opened again.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tonic::Status;

use crate::connection::{Connection, Place};
use crate::daemon::Options;
use crate::error::{Error, Result, is_lost};
use crate::process::Process;
use crate::wire::OpenAccountRequest;

/// One call of one service, as often as the daemon is lost meanwhile.
macro_rules! ask {
    ($supervisor:expr, $service:ident.$method:ident($request:expr)) => {{
        let request = $request;
        let call = |mut connection: crate::connection::Connection| {
            let request = request.clone();
            async move { Ok(connection.$service.$method(request).await?.into_inner()) }
        };
        $supervisor.call(call).await
    }};
}
pub(crate) use ask;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Clone)]
enum State {
    Connected(Arc<Connection>),
    Lost,
    /// For good.
    Failed(Error),
}

/// How a life is begun.
enum Source {
    Start(Options),
    Attach(Place),
}

/// What callers have of it. The last one that goes ends the daemon, if it was started.
pub(crate) struct Supervisor {
    state: watch::Receiver<State>,
    lost: mpsc::UnboundedSender<u64>,
    opened: Arc<Mutex<BTreeMap<String, OpenAccountRequest>>>,
    stop: watch::Sender<bool>,
    patience: Duration,
}

impl Supervisor {
    /// Runs a chatd. What fails now is usually a wrong setting, so there is no second attempt.
    pub async fn start(options: Options) -> Result<Arc<Self>> {
        let patience = options.patience;
        Self::begin(Source::Start(options), patience).await
    }

    /// Uses the chatd that listens there.
    pub async fn attach(socket: PathBuf, patience: Duration) -> Result<Arc<Self>> {
        let mut token_file = socket.clone().into_os_string();
        token_file.push(".token");
        let place = Place { socket, token_file: token_file.into() };
        Self::begin(Source::Attach(place), patience).await
    }

    async fn begin(source: Source, patience: Duration) -> Result<Arc<Self>> {
        let opened = Arc::default();
        let (lost, losses) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let mut keeper = Keeper { source, opened: Arc::clone(&opened), generation: 0 };
        let life = keeper.live().await?;
        let (told, state) = watch::channel(State::Connected(Arc::clone(&life.connection)));
        tokio::spawn(keeper.keep(life, told, losses, stopping));
        Ok(Arc::new(Self { state, lost, opened, stop, patience }))
    }

    /// Runs `call` with the connection there is, and again with the next one if that was lost meanwhile. So it has to be
    /// something that may be done twice: what sends has a key.
    pub async fn call<T, F, Fut>(&self, mut call: F) -> Result<T>
    where
        F: FnMut(Connection) -> Fut,
        Fut: Future<Output = std::result::Result<T, Status>>,
    {
        let deadline = Instant::now() + self.patience;
        loop {
            let connection = self.connection(deadline).await?;
            match call(Connection::clone(&connection)).await {
                Ok(answer) => return Ok(answer),
                Err(status) if is_lost(&status) && Instant::now() < deadline => {
                    self.give_up(&connection).await;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }

    /// For how long a call waits for a daemon that is gone.
    pub async fn connection(&self, deadline: Instant) -> Result<Arc<Connection>> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Lost));
        match tokio::time::timeout_at(deadline, settled).await {
            Err(_) => Err(Error::Unreachable("it is gone, and does not come back".to_owned())),
            Ok(Err(_)) => Err(Error::Closed),
            Ok(Ok(found)) => match &*found {
                State::Connected(connection) => Ok(Arc::clone(connection)),
                State::Failed(error) => Err(error.clone()),
                State::Lost => Err(Error::Closed),
            },
        }
    }

    /// Resolves when the connection, which is lost, is no longer the one there is.
    pub async fn give_up(&self, connection: &Connection) {
        let generation = connection.generation;
        let _ = self.lost.send(generation);
        let mut state = self.state.clone();
        let left = |state: &State| !matches!(state, State::Connected(c) if c.generation == generation);
        let _ = state.wait_for(left).await;
    }

    pub fn patience(&self) -> Duration {
        self.patience
    }

    pub fn remember(&self, request: OpenAccountRequest) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.insert(request.name.clone(), request);
    }

    pub fn forget(&self, name: &str) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Resolves when a daemon that was started has ended.
    pub async fn close(&self) {
        let _ = self.stop.send(true);
        let mut state = self.state.clone();
        while state.changed().await.is_ok() {}
    }
}

struct Life {
    connection: Arc<Connection>,
    process: Option<Process>,
}

/// The task that does it.
struct Keeper {
    source: Source,
    opened: Arc<Mutex<BTreeMap<String, OpenAccountRequest>>>,
    generation: u64,
}

impl Keeper {
    async fn keep(
        mut self,
        mut life: Life,
        told: watch::Sender<State>,
        mut losses: mpsc::UnboundedReceiver<u64>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            tokio::select! {
                _ = stopping.changed() => break, // told to, or all who could call are gone
                () = ended(&mut life.process) => {}
                loss = losses.recv() => if loss != Some(life.connection.generation) { continue },
            }
            let _ = told.send(State::Lost);
            if let Some(process) = life.process.take() {
                process.stop().await;
            }
            let next = tokio::select! {
                _ = stopping.changed() => break,
                next = self.next_life() => next,
            };
            match next {
                Ok(next) => {
                    life = next;
                    let _ = told.send(State::Connected(Arc::clone(&life.connection)));
                }
                Err(error) => {
                    let _ = told.send(State::Failed(error));
                    let _ = stopping.changed().await;
                    break;
                }
            }
        }
        let _ = told.send(State::Failed(Error::Closed));
        if let Some(process) = life.process.take() {
            process.stop().await;
        }
    }

    /// Tries until it succeeds. A chatd that was downgraded does not get better by waiting.
    async fn next_life(&mut self) -> Result<Life> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.live().await {
                Ok(life) => return Ok(life),
                Err(error @ Error::VersionMismatch { .. }) => return Err(error),
                Err(_) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn live(&mut self) -> Result<Life> {
        self.generation += 1;
        let mut process = match &self.source {
            Source::Start(options) => Some(Process::start(options).await?),
            Source::Attach(_) => None,
        };
        let place = match (&self.source, &process) {
            (Source::Attach(place), _) => place.clone(),
            (Source::Start(_), Some(process)) => process.place.clone(),
            (Source::Start(_), None) => return Err(Error::DaemonNotFound),
        };
        match self.connect(&place).await {
            Ok(connection) => Ok(Life { connection: Arc::new(connection), process }),
            Err(error) => {
                if let Some(process) = process.take() {
                    process.stop().await;
                }
                Err(error)
            }
        }
    }

    /// With the accounts that were open.
    async fn connect(&self, place: &Place) -> Result<Connection> {
        let mut connection = Connection::open(place, self.generation).await?;
        let requests: Vec<_> = self.opened.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for mut request in requests {
            // It was open: that the network is away now is no reason to close it.
            request.queue_when_unreachable = true;
            // One that does not open, because somebody else opened it otherwise, says so in its calls.
            if let Err(status) = connection.accounts.open_account(request).await {
                if is_lost(&status) {
                    return Err(status.into());
                }
            }
        }
        Ok(connection)
    }
}

async fn ended(process: &mut Option<Process>) {
    match process {
        Some(process) => process.ended().await,
        None => std::future::pending().await,
    }
}
