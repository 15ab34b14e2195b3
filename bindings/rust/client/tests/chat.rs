//! Two accounts of a daemon talk; the daemon is killed; what is wrong is refused with its code.
mod environment;

use std::time::Duration;

use chat_client::{
    AccountOptions, Content, Daemon, Error, FileInfo, History, InviteOptions, Item, Options, Priority, Result,
    SendOptions, Standing, Status, Subscribe,
};
use environment::{introduce, open, world};
use tokio_stream::StreamExt;

/// Fails a test that hangs.
async fn limited<F: Future<Output = ()>>(test: F) {
    tokio::time::timeout(Duration::from_secs(90), test).await.expect("a test that ends");
}

fn code<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "none".to_owned(),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.code().to_owned()
        }
    }
}

#[tokio::test]
async fn what_is_said_arrives_and_is_delivered() {
    let Some(world) = world() else { return };
    limited(async {
        let daemon = world.start().await;
        let (raya, saro, to_raya) = introduce(&daemon).await;
        assert_ne!(raya.id(), saro.id());
        assert_eq!(to_raya.id, raya.id());
        let sent = to_raya.send("how are you?").await.expect("sent");
        let mut messages = raya.messages(None);
        let first = messages.next().await.expect("a message").expect("a message");
        assert_eq!(first.message.content, Content::from("hello"));
        let second = messages.next().await.expect("a message").expect("a message");
        assert_eq!((second.message.content.text(), second.message.status), (Some("how are you?"), Status::Received));
        sent.delivered().await.expect("delivered");
        assert!(sent.status().await.expect("a status") >= Status::Delivered);

        let to_saro = raya.conversation(&second.message.conversation_id);
        let contents = [
            Content::Reply { message_id: sent.id.clone(), text: "fine".to_owned() },
            Content::Reaction { message_id: sent.id.clone(), emoji: "👍".to_owned(), removed: false },
            Content::Edit { message_id: sent.id.clone(), text: "better".to_owned() },
            Content::Deletion { message_id: sent.id.clone() },
            Content::Json { name: "org.example/1".to_owned(), value: r#"{"a":1}"#.to_owned() },
            Content::Custom { domain: 7, tag: 9, version: 2, payload: vec![1, 2], fallback: "seven".to_owned() },
        ];
        for content in &contents {
            let options = SendOptions { priority: Priority::Normal, key: None };
            let answer = to_saro.send_with(content.clone(), options).await.expect("sent");
            answer.delivered().await.expect("delivered");
        }
        let page = to_raya.history(History::After(sent.id.clone()), 0).await.expect("a page");
        let got: Vec<_> = page.into_iter().map(|message| message.content).collect();
        assert_eq!(got, contents);

        // From the first cursor on, everything but the first comes again.
        let mut again = raya.messages(Some(first.cursor));
        assert_eq!(again.next().await.expect("a message").expect("a message").message.id, second.message.id);
        daemon.close().await;
    })
    .await;
}

#[tokio::test]
async fn files_go_up_and_come_down() {
    let Some(world) = world() else { return };
    limited(async {
        let daemon = world.start().await;
        let (raya, _saro, to_raya) = introduce(&daemon).await;
        let bytes: Vec<u8> = (0..1_600_000_u32).map(|index| (index % 251) as u8).collect();
        let info = FileInfo { name: "photo.png".to_owned(), media_type: "image/png".to_owned(), size: 1_600_000 };
        let content = || std::io::Cursor::new(bytes.clone());
        let sent = to_raya.send_file(info.clone(), content(), SendOptions::default()).await.expect("sent");
        sent.delivered().await.expect("delivered");
        assert_eq!(raya.message(&sent.id).await.expect("a message").content, Content::File(info.clone()));
        let mut got = Vec::new();
        raya.download(&sent.id, &mut got).await.expect("a file");
        assert!(got == bytes);
        for (size, wanted) in
            [(1_600_001, "INVALID_OPTION"), (1_599_999, "INVALID_OPTION"), (1 << 30, "MESSAGE_TOO_LARGE")]
        {
            let other = FileInfo { size, ..info.clone() };
            assert_eq!(code(to_raya.send_file(other, content(), SendOptions::default()).await), wanted);
        }
    })
    .await;
}

#[tokio::test]
async fn lists_numbers_and_health() {
    let Some(world) = world() else { return };
    limited(async {
        let daemon = world.start().await;
        let (raya, _saro, to_raya) = introduce(&daemon).await;
        let mut updates = raya.subscribe(Subscribe { events: true, ..Subscribe::default() });
        while let Some(update) = updates.next().await {
            if matches!(update.expect("an update").item, Item::Message(_)) {
                break;
            }
        }
        let many = InviteOptions { multi_use: true, expires_in: Some(Duration::from_secs(60)), ..Default::default() };
        raya.create_invite(many).await.expect("a link");
        let invites = raya.invites().await.expect("invites");
        assert!(invites.len() == 1 && invites[0].multi_use && invites[0].expires_at.is_some());
        raya.revoke_invite(&invites[0].id).await.expect("revoked");
        let overviews = raya.conversations(0, None).await.expect("a list");
        assert_eq!((overviews.len(), overviews[0].unread, overviews[0].standing), (1, 1, Standing::Open));
        let to_saro = overviews[0].conversation.clone();
        to_saro.mark_read(None).await.expect("read");
        to_saro.set_typing(true).await.expect("typing");
        let numbers = (to_saro.safety_number().await.expect("ours"), to_raya.safety_number().await.expect("theirs"));
        assert_eq!(numbers.0, numbers.1);
        let health = raya.health().await.expect("health");
        assert!(health.connection == "connected" && health.quota.total > 0);
        assert!(to_saro.health().await.expect("health").can_send);
        to_saro.block().await.expect("blocked");
        assert_eq!(code(to_saro.send("x").await), "BLOCKED");
        to_saro.delete().await.expect("deleted");
        assert_eq!(daemon.accounts().await.expect("names"), ["raya", "saro"]);
    })
    .await;
}

#[tokio::test]
async fn errors_have_their_codes() {
    let Some(world) = world() else { return };
    limited(async {
        let daemon = world.start().await;
        let (raya, saro, _to_raya) = introduce(&daemon).await;
        let link = raya.create_invite(InviteOptions::default()).await.expect("a link");
        assert_eq!(code(raya.message("x").await), "NOT_FOUND");
        assert_eq!(code(saro.accept("x", None).await), "INVALID_INVITE");
        assert_eq!(code(raya.accept(&link, None).await), "OWN_INVITE");
        assert_eq!(code(daemon.open_account("../x", AccountOptions::default()).await), "INVALID_OPTION");
        let other = AccountOptions { passphrase: Some("x".to_owned()), ..AccountOptions::default() };
        assert_eq!(code(daemon.open_account("raya", other).await), "ACCOUNT_DIFFERS");
        assert_eq!(code(Daemon::start(Options::default().command(["no-such-chatd"])).await), "DAEMON_UNREACHABLE");
        assert_eq!(code(Daemon::start(world.options()).await), "DAEMON_UNREACHABLE"); // its socket is in use
        assert_eq!(code(Daemon::attach(Options::default()).await), "INVALID_OPTION");
        assert_eq!(code(Daemon::attach(Options::default().socket("/no/such/socket")).await), "DAEMON_UNREACHABLE");
        raya.close().await.expect("closed");
        assert_eq!(code(raya.health().await), "ACCOUNT_NOT_OPEN");
        let mut ended = raya.messages(None);
        assert_eq!(code(ended.next().await.expect("an error")), "ACCOUNT_NOT_OPEN");
        daemon.close().await;
        assert!(matches!(saro.health().await, Err(Error::Closed)));
    })
    .await;
}

/// Subscriptions, sends and waits go on over the death of the daemon, and everything comes once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_daemon_costs_nothing() {
    let Some(world) = world() else { return };
    limited(async {
        const COUNT: usize = 40;
        let daemon = world.start().await;
        let (raya, _saro, to_raya) = introduce(&daemon).await;
        let attached = Daemon::attach(Options::default().data_dir(world.folder.path())).await.expect("attached");
        let mut messages = raya.messages(None);
        let reading = tokio::spawn(async move {
            let mut texts = Vec::new();
            while texts.len() <= COUNT {
                let received = messages.next().await.expect("a message").expect("a message");
                texts.push(received.message.content.text().expect("a text").to_owned());
            }
            texts
        });
        let mut wanted = vec!["hello".to_owned()];
        let mut last = None;
        for number in 0..COUNT {
            let text = format!("message {number}");
            last = Some(to_raya.send(text.as_str()).await.expect("sent"));
            wanted.push(text);
            if number % 15 == 7 {
                let pid = daemon.process_id().await.expect("a process");
                let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
                assert!(killed.expect("kill").success());
            }
        }
        last.expect("a message").delivered().await.expect("delivered");
        assert_eq!(reading.await.expect("texts"), wanted);
        // Who was attached finds the new one, with its new token.
        assert_eq!(attached.accounts().await.expect("names"), ["raya", "saro"]);
        assert_eq!(attached.process_id().await.expect("a process"), daemon.process_id().await.expect("a process"));
    })
    .await;
}

#[tokio::test]
async fn what_has_a_key_is_sent_once() {
    let Some(world) = world() else { return };
    limited(async {
        let options = || SendOptions { key: Some("order 17".to_owned()), ..SendOptions::default() };
        let daemon = world.start().await;
        let (_raya, _saro, to_raya) = introduce(&daemon).await;
        let first = to_raya.send_with("once", options()).await.expect("sent");
        daemon.close().await;
        let later = world.start().await;
        let again = open(&later, "saro").await.conversation(&to_raya.id).send_with("once", options()).await;
        assert_eq!(again.expect("sent").id, first.id);
    })
    .await;
}
