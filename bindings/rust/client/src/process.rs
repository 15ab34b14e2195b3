//! One life of a daemon that we started. It ends when its standard input does, so also with us, however we end.
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::connection::Place;
use crate::daemon::Options;
use crate::error::{Error, Result};

/// For the daemon to say where it listens.
const START: Duration = Duration::from_secs(30);
/// For the daemon to make everything durable when it is told to end.
const STOP: Duration = Duration::from_secs(10);
const PROBLEM_BYTES: usize = 2_000;

pub(crate) struct Process {
    child: Child,
    /// Apart from the child, which would close it to wait for its end.
    input: Option<ChildStdin>,
    pub place: Place,
}

impl Process {
    pub async fn start(options: &Options) -> Result<Self> {
        let mut command = command_of(options)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| Error::Unreachable(format!("it cannot be started: {error}")))?;
        let problem = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(keep_end(stderr, Arc::clone(&problem)));
        }
        let announced = match child.stdout.take() {
            Some(stdout) => tokio::time::timeout(START, first_line(stdout)).await.ok().flatten(),
            None => None,
        };
        let Some(place) = announced.as_deref().and_then(place_of) else {
            let _ = child.kill().await;
            let text = problem.lock().map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
            return Err(Error::Unreachable(format!("it did not start: {}", text.trim())));
        };
        let input = child.stdin.take();
        Ok(Self { child, input, place })
    }

    /// Resolves when it has ended, whoever ended it.
    pub async fn ended(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Ends it in an orderly way, and by force if that takes too long.
    pub async fn stop(mut self) {
        drop(self.input.take());
        if tokio::time::timeout(STOP, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

fn command_of(options: &Options) -> Result<Command> {
    let (program, arguments) = match options.command.split_first() {
        Some((program, arguments)) => (PathBuf::from(program), arguments),
        None => (find_chatd().ok_or(Error::DaemonNotFound)?, &[][..]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg("--exit-with-parent");
    if let Some(folder) = &options.data_dir {
        command.arg("--data-dir").arg(folder);
    }
    if let Some(socket) = &options.socket {
        command.arg("--socket").arg(socket);
    }
    if let Some(network) = &options.network {
        command.arg("--network").arg(network);
    }
    for peer in &options.peers {
        command.arg("--peer").arg(peer);
    }
    Ok(command)
}

/// In PATH, then where the npm package puts it: here, and in the folders above.
fn find_chatd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let here = std::env::current_dir().ok();
    let modules = here.iter().flat_map(|folder| folder.ancestors()).map(|folder| folder.join("node_modules/.bin"));
    std::env::split_paths(&path).chain(modules).map(|folder| folder.join("chatd")).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

async fn first_line(stdout: tokio::process::ChildStdout) -> Option<String> {
    let mut lines = BufReader::new(stdout).lines();
    let line = lines.next_line().await.ok().flatten();
    // Whatever it says later is read and forgotten, or it would stand still one day.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    line
}

fn place_of(line: &str) -> Option<Place> {
    let announced: serde_json::Value = serde_json::from_str(line).ok()?;
    let path = |name: &str| announced.get(name)?.as_str().map(PathBuf::from);
    Some(Place { socket: path("socket")?, token_file: path("tokenFile")? })
}

/// Of what is written there, the last bytes: the reason why a program ended is in them.
async fn keep_end(mut from: tokio::process::ChildStderr, to: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        if let Ok(mut text) = to.lock() {
            text.extend_from_slice(&chunk[..length]);
            let over = text.len().saturating_sub(PROBLEM_BYTES);
            text.drain(..over);
        }
    }
}
