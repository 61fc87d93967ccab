//! An Asterisk and a `FreeSWITCH` that pass commands on to the simulated phones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use carillon_domain::sip::{NotifyWay, SipProfile, SipTransport, SipUse};
use carillon_engine::secrets;
use carillon_store::CredentialRow;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::house::House;
use crate::sip;

/// What it makes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Takes,
    Refuses,
    KnowsNobody,
    SaysNothing,
    /// Answers a sign-in when it is told to; until then each counts as a command.
    LetsInLate,
}

/// A PBX; gone when dropped.
pub(crate) struct Pbx {
    way: NotifyWay,
    port: u16,
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
    commands: watch::Receiver<usize>,
    door: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Pbx {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Desk {
    way: NotifyWay,
    manner: Manner,
    phones: Option<u16>,
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
    count: Arc<watch::Sender<usize>>,
    door: watch::Receiver<bool>,
}

impl Pbx {
    pub(crate) async fn new(house: &House, way: NotifyWay, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (count, commands) = watch::channel(0);
        let (door, closed) = watch::channel(false);
        let desk = Desk {
            way,
            manner,
            phones: house.fleet.sip_port(),
            asked: Arc::default(),
            count: Arc::new(count),
            door: closed,
        };
        let asked = Arc::clone(&desk.asked);
        let task = tokio::spawn(async move {
            // With this task end all that it began.
            let mut calls = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                calls.spawn(desk.clone().serve(BufReader::new(stream)));
            }
        });
        Self {
            way,
            port,
            asked,
            commands,
            door,
            task,
        }
    }

    /// How often it was asked for each user.
    pub(crate) fn asked(&self) -> BTreeMap<String, u32> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits for so many commands.
    pub(crate) async fn until(&mut self, commands: usize) {
        self.commands
            .wait_for(|seen| *seen >= commands)
            .await
            .unwrap();
    }

    /// Lets in who waits.
    pub(crate) fn let_in(&self) {
        self.door.send_replace(true);
    }

    /// Reaches the phones of the fleet's site by this PBX.
    pub(crate) async fn give(&self, house: &House, used: SipUse) {
        let known = house.engine.store.credential("pbx").await.unwrap();
        if known.is_none() {
            store_credential(house).await;
        }
        let profile = SipProfile {
            way: self.way,
            port: Some(self.port),
            transport: SipTransport::Tcp,
            credential: Some("pbx".to_owned()),
            pbx_profile: "internal".to_owned(),
            ..sip::profile(house, used)
        };
        sip::give(house, &profile).await;
    }
}

async fn store_credential(house: &House) {
    let engine = &house.engine;
    let place = secrets::Place::credential("pbx", 1);
    let keyring = engine.keyring().unwrap();
    let credential = CredentialRow {
        name: "pbx".to_owned(),
        username: "carillon".to_owned(),
        secret: keyring.seal(&engine.random, &place, b"to the pbx").unwrap(),
        secret_version: 1,
        phone: None,
        changed_at: engine.clock.now(),
        version: 1,
    };
    let mut unit = engine.store.begin().await.unwrap();
    unit.insert_credential(&credential).await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
}

impl Desk {
    async fn serve(self, mut stream: BufReader<TcpStream>) {
        let greeting = match self.way {
            NotifyWay::Ami => "Asterisk Call Manager/9.0.0\r\n",
            _ => "Content-Type: auth/request\n\n",
        };
        let _gone = stream.write_all(greeting.as_bytes()).await;
        while let Some(asked) = read(&mut stream).await {
            let answer = self.answer(&asked).await;
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, asked: &str) -> String {
        let user = of(
            asked,
            if self.way == NotifyWay::Ami {
                "Endpoint"
            } else {
                "user"
            },
        );
        if user.is_empty() {
            if self.manner == Manner::LetsInLate {
                self.count.send_modify(|count| *count += 1);
                self.door.clone().wait_for(|open| *open).await.unwrap();
            }
            return self.signs_in(asked);
        }
        *self.asked.lock().unwrap().entry(user.clone()).or_default() += 1;
        if self.manner == Manner::Takes {
            self.pass_on(&user, asked).await;
        }
        self.count.send_modify(|count| *count += 1);
        match self.manner {
            Manner::SaysNothing => String::new(),
            Manner::Takes => self.says(asked, true, "NOTIFY sent"),
            _ => self.says(asked, false, "Unable to retrieve endpoint"),
        }
    }

    fn signs_in(&self, asked: &str) -> String {
        if of(asked, "Action") == "Challenge" {
            let id = of(asked, "ActionID");
            return format!("Response: Success\r\nActionID: {id}\r\nChallenge: 4711\r\n\r\n");
        }
        self.says(
            asked,
            self.manner != Manner::KnowsNobody,
            "signed in, or not",
        )
    }

    fn says(&self, asked: &str, yes: bool, words: &str) -> String {
        if self.way == NotifyWay::Ami {
            let word = if yes { "Success" } else { "Error" };
            let id = of(asked, "ActionID");
            return format!("Response: {word}\r\nActionID: {id}\r\nMessage: {words}\r\n\r\n");
        }
        let word = if yes { "+OK" } else { "-ERR" };
        format!("Content-Type: command/reply\nReply-Text: {word} {words}\n\n")
    }

    /// Sends the NOTIFY to the phone, and waits for its answer, which nobody is told.
    async fn pass_on(&self, user: &str, asked: &str) {
        let variable = |name: &str| {
            let start = format!("Variable: {name}=");
            let mut lines = asked.lines();
            lines.find_map(|line| line.strip_prefix(&start).map(str::to_owned))
        };
        let (event, body) = if self.way == NotifyWay::Ami {
            (variable("Event").unwrap(), variable("Content"))
        } else {
            let body = asked.split_once("\n\n").map(|(_, body)| body.to_owned());
            (of(asked, "event-string"), body)
        };
        let body = body.unwrap_or_default();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        let branch = format!("{user}x{}", self.count.borrow().wrapping_add(1));
        let request = format!(
            "NOTIFY sip:{user}@pbx.test SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{branch}\r\n\
             From: <sip:pbx@pbx.test>;tag=1\r\nTo: <sip:{user}@pbx.test>\r\nCall-ID: {local}\r\n\
             CSeq: 1 NOTIFY\r\nEvent: {event}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let phones = ("127.0.0.1", self.phones.unwrap());
        socket.send_to(request.as_bytes(), phones).await.unwrap();
        socket.recv_from(&mut [0; 2048]).await.unwrap();
    }
}

/// One whole message; `None` when nobody is there any more.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut text = String::new();
    while !text.ends_with("\n\n") && !text.ends_with("\r\n\r\n") {
        if stream.read_line(&mut text).await.ok()? == 0 {
            return None;
        }
    }
    if let Ok(length) = of(&text, "content-length").parse() {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        text.push_str(std::str::from_utf8(&body).ok()?);
    }
    Some(text)
}

/// The value of a header, or nothing.
fn of(text: &str, name: &str) -> String {
    let mut headers = text.lines().filter_map(|line| line.split_once(": "));
    let found = headers.find(|(known, _)| *known == name);
    found.map_or_else(String::new, |(_, value)| value.to_owned())
}
