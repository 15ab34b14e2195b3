//! One account that does what it is told by lines of JSON on its standard input, and tells what it receives: how the tests in
//! `bindings/interop` have clients in several languages chat with each other.
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use chat_client::{
    Account, AccountOptions, Content, Conversation, Daemon, FileInfo, InviteOptions, Options, SendOptions,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio_stream::StreamExt;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The first line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begin {
    name: String,
    data_dir: String,
    command: Vec<String>,
    peers: Vec<String>,
}

/// Each other line. What it asks for is answered by a line with its id.
#[derive(Deserialize)]
struct Order {
    id: u32,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum What {
    Invite,
    Accept { link: String },
    Talk { conversation: String, count: u32 },
    File { conversation: String, path: String },
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let Some(line) = lines.next_line().await? else { return Ok(()) };
    let begin: Begin = serde_json::from_str(&line)?;
    let options = Options::default().command(begin.command).data_dir(begin.data_dir).peers(begin.peers);
    let daemon = Daemon::start(options).await?;
    let options = AccountOptions { acknowledgement_delay: Some(Duration::ZERO), ..AccountOptions::default() };
    let account = daemon.open_account(&begin.name, options).await?;
    println!("{}", json!({ "account": account.id() }));
    tokio::spawn(listen(account.clone()));
    while let Some(line) = lines.next_line().await? {
        let Order { id, what } = serde_json::from_str(&line)?;
        let account = account.clone();
        tokio::spawn(async move {
            let mut answer = obey(&account, what).await.unwrap_or_else(|error| json!({ "failed": error.to_string() }));
            answer["id"] = id.into();
            println!("{answer}");
        });
    }
    daemon.close().await;
    Ok(())
}

async fn obey(account: &Account, what: What) -> Outcome<Value> {
    match what {
        What::Invite => Ok(json!({ "link": account.create_invite(InviteOptions::default()).await? })),
        What::Accept { link } => {
            let conversation = account.accept(&link, Some("hello".into())).await?;
            Ok(json!({ "conversation": conversation.id }))
        }
        What::Talk { conversation, count } => {
            talk(account.name(), &account.conversation(&conversation), count).await?;
            Ok(json!({}))
        }
        What::File { conversation, path } => {
            send_file(&account.conversation(&conversation), Path::new(&path)).await?;
            Ok(json!({}))
        }
    }
}

/// Returns when everything is delivered.
async fn talk(name: &str, to: &Conversation, count: u32) -> Outcome<()> {
    let mut all = Vec::new();
    for number in 1..=count {
        all.push(to.send(format!("{name} {number}")).await?);
    }
    for sent in all {
        sent.delivered().await?;
    }
    Ok(())
}

async fn send_file(to: &Conversation, path: &Path) -> Outcome<()> {
    let content = tokio::fs::File::open(path).await?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let info = FileInfo { name, size: content.metadata().await?.len(), ..FileInfo::default() };
    to.send_file(info, content, SendOptions::default()).await?.delivered().await?;
    Ok(())
}

async fn listen(account: Account) {
    let mut messages = account.messages(None);
    while let Some(message) = messages.next().await {
        let line = match message {
            Ok(received) => said(&account, &received.message).await,
            Err(error) => json!({ "failed": error.to_string() }),
        };
        println!("{line}");
    }
}

async fn said(account: &Account, message: &chat_client::Message) -> Value {
    let from = &message.conversation_id;
    match &message.content {
        Content::Text(text) => json!({ "from": from, "text": text }),
        Content::File(FileInfo { name, size, .. }) => {
            let mut bytes = Vec::new();
            match account.download(&message.id, &mut bytes).await {
                Ok(()) => {
                    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                    json!({ "from": from, "file": { "name": name, "size": size, "sha256": sha256 } })
                }
                Err(error) => json!({ "from": from, "failed": error.to_string() }),
            }
        }
        _ => json!({ "from": from }),
    }
}
