use chat_client::{AccountOptions, Daemon, InviteOptions, Options, Result};
use tokio_stream::StreamExt;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::default().data_dir("chat-data").peers(std::env::args().skip(1));
    let daemon = Daemon::start(options).await?;
    let raya = daemon.open_account("raya", AccountOptions::default()).await?;
    let saro = daemon.open_account("saro", AccountOptions::default()).await?;

    let invite = raya.create_invite(InviteOptions::default()).await?;
    let sent = saro.accept(&invite, None).await?.send("hello").await?;

    if let Some(received) = raya.messages(None).next().await {
        println!("raya reads: {}", received?.message.content.text().unwrap_or_default());
    }
    sent.delivered().await?;
    println!("saro sees: delivered");
    daemon.close().await;
    Ok(())
}
