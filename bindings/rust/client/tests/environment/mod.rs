//! The real daemon of this repository, on a real network of one machine.
#![allow(dead_code)]
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chat_client::{Account, AccountOptions, Conversation, Daemon, InviteOptions, Options};
use tempfile::TempDir;

pub struct World {
    pub folder: TempDir,
    pub peers: Vec<String>,
    pub chatd: PathBuf,
    devnet: Child,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.devnet.kill();
        let _ = self.devnet.wait();
    }
}

/// None where nothing is built; where it has to be, `CHAT_REQUIRE_RUST` makes that a failure.
pub fn world() -> Option<World> {
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../apps");
    let built = |app: &str| apps.join(app).join("dist/main.js").exists();
    if !built("chatd") || !built("devnet") {
        assert!(std::env::var_os("CHAT_REQUIRE_RUST").is_none(), "chatd and devnet are not built");
        eprintln!("skipped: chatd and devnet are not built; run `npm test` in the repository");
        return None;
    }
    let mut devnet = Command::new("node")
        .arg(apps.join("devnet/bin/devnet.js"))
        .args(["--port", "0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("node");
    let mut line = String::new();
    BufReader::new(devnet.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let announced: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let peers = announced["peers"].as_array().expect("peers");
    let peers = peers.iter().map(|peer| peer.as_str().expect("a peer").to_owned()).collect();
    let chatd = apps.join("chatd/bin/chatd.js").canonicalize().expect("chatd");
    Some(World { folder: TempDir::with_prefix("chat").expect("a folder"), peers, chatd, devnet })
}

impl World {
    pub fn options(&self) -> Options {
        let chatd = self.chatd.to_str().expect("UTF-8").to_owned();
        Options::default().command(["node".to_owned(), chatd]).data_dir(self.folder.path()).peers(&self.peers)
    }

    pub async fn start(&self) -> Daemon {
        Daemon::start(self.options()).await.expect("a daemon")
    }
}

pub async fn open(daemon: &Daemon, name: &str) -> Account {
    let options = AccountOptions { acknowledgement_delay: Some(Duration::ZERO), ..AccountOptions::default() };
    daemon.open_account(name, options).await.expect("an account")
}

/// Two accounts and a conversation.
pub async fn introduce(daemon: &Daemon) -> (Account, Account, Conversation) {
    let (raya, saro) = (open(daemon, "raya").await, open(daemon, "saro").await);
    let link = raya.create_invite(InviteOptions::default()).await.expect("a link");
    let to_raya = saro.accept(&link, Some("hello".into())).await.expect("a conversation");
    (raya, saro, to_raya)
}
