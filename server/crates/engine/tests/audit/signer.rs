//! The signer: a process of its own, here a task of its own behind a real socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use carillon_engine::Random;
use carillon_engine::audit::{
    Journal, Memory, MemoryError, Notary, NotaryParts, RemoteSigner, Seal, SignedCheckpoint,
    Signer, SigningKey, Verdict, bind, serve,
};
use carillon_store::Frontier;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::house::{Database, House, event};
use crate::tampering::rebuild;

/// A signer that runs.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(house: &House) -> Self {
        let key = SigningKey::load(&house.key_source()).unwrap();
        let memory = Memory::open(&house.file("signed"), &key).unwrap();
        Self::serve(&house.file("socket"), Signer::new(key, memory))
    }

    fn serve(socket: &Path, signer: Signer) -> Self {
        let listener = bind(socket, 0o600).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, signer, stop.clone()));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// A key, and the memory of one that signed nothing.
fn new_signer(house: &House) -> Running {
    let key = SigningKey::create(&house.key_source(), &Random::system()).unwrap();
    Memory::begin_empty(&house.file("signed"), &key).unwrap();
    Running::start(house)
}

fn notary(house: &House) -> Notary {
    Notary::new(NotaryParts {
        store: house.store.clone(),
        clock: house.clock.clone(),
        seal: Ok(Seal::Signer(RemoteSigner::new(house.file("socket")))),
        journal: Journal::new(house.file("checkpoints")),
        anchors: vec![Journal::new(house.file("anchor"))],
    })
}

fn remembered(house: &House) -> SignedCheckpoint {
    let text = std::fs::read_to_string(house.file("signed")).unwrap();
    text.parse().unwrap()
}

async fn size(house: &House) -> u64 {
    house.store.audit_head().await.unwrap().size()
}

/// A log of 600 records, signed at 200, 400 and 600 by a signer.
async fn signed(database: &Database) -> (House, Running) {
    let house = House::new(database).await;
    let signer = new_signer(&house);
    let notary = notary(&house);
    // The first look names the key, which is a record.
    notary.look(true).await.unwrap();
    house.record(199).await;
    for more in [200, 200, 0] {
        notary.look(true).await.unwrap();
        house.record(more).await;
    }
    assert_eq!(remembered(&house).checkpoint.size, 600);
    (house, signer)
}

pub(crate) async fn a_signer_signs_what_continues(database: &Database) {
    let (house, signer) = signed(database).await;
    let (one, other) = (notary(&house), notary(&house));
    // Of two servers, each finds that the other was there before.
    for (notary, more) in [
        (&one, 1),
        (&other, 2),
        (&one, 255),
        (&other, 999),
        (&one, 1),
    ] {
        house.record(more).await;
        notary.look(true).await.unwrap();
        let last = remembered(&house).checkpoint;
        assert_eq!(last.size, size(&house).await);
        assert_eq!(last.root, house.store.audit_head().await.unwrap().root());
    }
    let told = house.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!(told.note.parse(), Ok(remembered(&house)));
    let intact = matches!(house.verdict(house.kept()).await, Verdict::Intact(_));
    assert!(intact, "what a signer signed does not fit the log");
    assert_eq!(one.state().problem, None);
    signer.stop().await;
    house.close().await;
}

pub(crate) async fn a_signer_that_is_away_holds_up_nothing(database: &Database) {
    let house = House::new(database).await;
    let first = notary(&house);
    house.record(3).await;
    assert!(first.look(true).await.unwrap_err().is_away());
    assert_eq!(first.key(), None, "nobody knows the key yet");
    let signer = new_signer(&house);
    first.look(true).await.unwrap();
    let named = first.key().unwrap().to_string();
    let key = SigningKey::load(&house.key_source()).unwrap();
    assert_eq!(named, key.public().to_string());
    signer.stop().await;

    // Four records are signed: what comes now is not.
    house.record(700).await;
    house.clock.advance(Duration::from_mins(20));
    assert!(first.look(false).await.unwrap_err().is_away());
    let state = first.state();
    let unsigned = house.store.audit_leaves(4, 5).await.unwrap()[0].1;
    assert_eq!(state.unsigned_since, Some(unsigned));
    assert!(state.signer_away && !state.alarm);
    assert!(state.problem.unwrap().contains("not reached"));
    assert_eq!(house.store.audit_tiles(0, 9).await.unwrap().len(), 2);
    let again = notary(&house);
    assert!(again.look(false).await.unwrap_err().is_away());
    assert_eq!(again.key().map(ToString::to_string), Some(named));
    assert_eq!(again.state().unsigned_since, Some(unsigned), "no new lag");

    let signer = Running::start(&house);
    first.look(false).await.unwrap();
    let state = first.state();
    assert_eq!((state.problem, state.unsigned_since), (None, None));
    assert_eq!(remembered(&house).checkpoint.size, 704);
    let anchor = std::fs::read_to_string(house.file("anchor")).unwrap();
    assert!(anchor.contains("\n704\n"), "{anchor}");
    signer.stop().await;
    house.close().await;
}

pub(crate) async fn a_signature_that_got_lost_is_made_up_for(database: &Database) {
    let (house, signer) = signed(database).await;
    // As if the server had died before it kept the last two.
    house
        .tamper(&["DELETE FROM audit_checkpoints WHERE size > 200".to_owned()])
        .await;
    let kept = std::fs::read_to_string(house.file("checkpoints")).unwrap();
    let first = kept.split("\n\n").take(2).collect::<Vec<_>>().join("\n\n");
    std::fs::write(house.file("checkpoints"), format!("{first}\n\n")).unwrap();
    std::fs::remove_file(house.file("anchor")).unwrap();
    let notary = notary(&house);
    notary.look(true).await.unwrap();
    let last = house.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!(last.size, 600, "the same is signed again");
    house.record(5).await;
    notary.look(true).await.unwrap();
    assert_eq!(remembered(&house).checkpoint.size, 605);
    signer.stop().await;
    house.close().await;
}

/// Forgets what a database's owner can make forgotten: all but what the signer remembers.
async fn forget(house: &House) {
    house
        .tamper(&[
            "DELETE FROM audit_checkpoints".to_owned(),
            "DELETE FROM audit_tiles".to_owned(),
        ])
        .await;
    std::fs::remove_file(house.file("checkpoints")).unwrap();
    std::fs::remove_file(house.file("anchor")).unwrap();
}

/// Looks as a new process does, and is refused with an alarm.
async fn alarm(house: &House, why: &str) {
    let before = remembered(house);
    let notary = notary(house);
    let fault = notary.look(true).await.unwrap_err();
    assert!(fault.is_alarm(), "{why}");
    let size = house.store.audit_head().await.unwrap().size();
    notary.record_alarm(&fault).await.unwrap();
    let head = house.store.audit_head().await.unwrap();
    assert_eq!(head.size(), size + 1, "it is written down");
    let state = notary.state();
    assert!(state.alarm && !state.signer_away);
    let problem = state.problem.unwrap();
    assert!(problem.contains(why), "{problem}");
    assert!(problem.contains("the signer refused"), "{problem}");
    // More records change nothing, and neither does time.
    house.record(3).await;
    assert!(notary.look(true).await.unwrap_err().is_alarm());
    house.clock.advance(Duration::from_mins(2));
    assert!(notary.look(false).await.unwrap_err().is_alarm());
    assert_eq!(remembered(house), before);
    assert_eq!(house.store.last_checkpoint().await.unwrap(), None);
}

pub(crate) async fn a_history_that_was_rewritten_is_not_signed_again(database: &Database) {
    for seq in [7, 399, 599] {
        let (house, signer) = signed(database).await;
        house.tamper(&rebuild(&house, seq).await).await;
        forget(&house).await;
        alarm(&house, "another root of 600 records was signed").await;
        signer.stop().await;
        house.close().await;
    }
    let (house, signer) = signed(database).await;
    house.record(50).await;
    house.tamper(&rebuild(&house, 100).await).await;
    forget(&house).await;
    alarm(&house, "nothing proves that 650 records continue the 600").await;
    signer.stop().await;
    house.close().await;
}

pub(crate) async fn an_older_copy_is_not_signed_again(database: &Database) {
    let (house, signer) = signed(database).await;
    let mut frontier = Frontier::default();
    for (hash, _) in house.store.audit_leaves(0, 590).await.unwrap() {
        frontier.push(hash);
    }
    let cut = [
        "DELETE FROM audit WHERE seq >= 590".to_owned(),
        format!(
            "UPDATE audit_head SET size = 590, frontier = {}",
            house.bytes(&frontier.to_bytes())
        ),
    ];
    house.tamper(&cut).await;
    forget(&house).await;
    alarm(&house, "the log has 590 records, and 600 were signed").await;
    // Others have come in the place of those that were cut off.
    let others: Vec<_> = (0..30).map(event).collect();
    let unit = house.store.begin().await.unwrap();
    unit.record(&others).await.unwrap().commit().await.unwrap();
    alarm(&house, "nothing proves that 624 records continue the 600").await;
    signer.stop().await;
    house.close().await;
}

pub(crate) async fn another_signer_is_not_believed(database: &Database) {
    let (house, signer) = signed(database).await;
    signer.stop().await;
    std::fs::remove_file(house.key_source().path()).unwrap();
    std::fs::remove_file(house.file("signed")).unwrap();
    let signer = new_signer(&house);
    let notary = notary(&house);
    house.record(1).await;
    let fault = notary.look(true).await.unwrap_err();
    assert!(fault.to_string().contains("another key"), "{fault}");
    assert!(!fault.is_alarm() && !fault.is_away());
    let last = house.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!(last.size, 600);
    signer.stop().await;
    house.close().await;
}

pub(crate) async fn a_log_goes_over_to_a_signer_and_back(database: &Database) {
    let house = House::signed(database).await;
    let key = house.key().await.unwrap();
    let named = key.public().clone();
    let begun = Memory::begin_from(&house.file("signed"), &house.file("checkpoints"), &key);
    assert_eq!(begun.unwrap().checkpoint.size, 600);
    let signer = Running::start(&house);
    let asking = notary(&house);
    house.record(70).await;
    asking.look(true).await.unwrap();
    assert_eq!(asking.key(), Some(&named));
    assert_eq!(remembered(&house).checkpoint.size, 670);
    signer.stop().await;
    // Whoever has the key may hold it again; a signer that slept through that finds its way.
    house.record(5).await;
    house.notary().await.look(true).await.unwrap();
    let signer = Running::start(&house);
    house.record(5).await;
    asking.look(true).await.unwrap();
    assert_eq!(remembered(&house).checkpoint.size, 680);
    let sizes = house
        .kept()
        .into_iter()
        .map(|(_, note)| note.checkpoint.size);
    assert_eq!(sizes.collect::<Vec<_>>(), [200, 400, 600, 670, 675, 680]);
    let intact = matches!(house.verdict(house.kept()).await, Verdict::Intact(_));
    assert!(intact, "what was signed does not fit the log");
    signer.stop().await;
    house.close().await;
}

/// Answers each question with the next of these, whatever it is.
fn imitate(socket: &Path, answers: Vec<String>) -> JoinHandle<()> {
    let listener = bind(socket, 0o600).unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = String::new();
            let (reader, mut writer) = stream.split();
            BufReader::new(reader).read_line(&mut asked).await.unwrap();
            // Whoever heard enough may not read the rest.
            let _ = writer.write_all(format!("{answer}\n").as_bytes()).await;
        }
    })
}

pub(crate) async fn what_stands_in_the_place_of_a_signer_is_not_believed(database: &Database) {
    let (house, signer) = signed(database).await;
    signer.stop().await;
    let key = SigningKey::load(&house.key_source()).unwrap();
    let last = remembered(&house).checkpoint;
    house.record(3).await;
    let head = house.store.audit_head().await.unwrap();
    let public = key.public().to_string();
    let honest = json!({ "last": { "key": public, "note": key.sign(600, last.root) } }).to_string();
    let signed = |size, root| json!({ "signed": { "note": key.sign(size, root) } }).to_string();
    let refused = json!({ "refused": { "why": "failed", "told": "x\ny" } }).to_string();
    let stranger = tempfile::tempdir().unwrap();
    let stranger = self::key(stranger.path()).sign(603, head.root());
    let foreign = json!({ "last": { "key": public, "note": stranger } }).to_string();
    let imitations = [
        vec![String::new()],
        vec!["[".repeat(5000)],
        vec!["x".repeat(1 << 20)],
        vec![json!({ "last": { "key": "", "note": "" } }).to_string()],
        vec![foreign],
        vec![signed(603, head.root())],
        vec![honest.clone(), honest.clone()],
        vec![honest.clone(), signed(600, last.root)],
        vec![honest.clone(), signed(604, head.root())],
        vec![honest.clone(), signed(603, [7; 32])],
        vec![
            honest.clone(),
            json!({ "signed": { "note": stranger } }).to_string(),
        ],
        vec![honest.clone(), refused],
    ];
    let notary = notary(&house);
    for answers in imitations {
        let told = answers.last().unwrap().chars().take(60).collect::<String>();
        let imitation = imitate(&house.file("socket"), answers);
        let fault = notary.look(true).await.unwrap_err();
        assert!(fault.is_away(), "{told}: {fault}");
        assert!(!fault.to_string().contains('\n'), "{fault}");
        imitation.await.unwrap();
    }
    let kept = house.store.last_checkpoint().await.unwrap().unwrap();
    assert_eq!(kept.size, 600);
    let true_one = imitate(
        &house.file("socket"),
        vec![honest, signed(603, head.root())],
    );
    notary.look(true).await.unwrap();
    true_one.await.unwrap();
    house.close().await;
}

/// A signer alone, as somebody meets it who took the server over.
struct Alone {
    dir: TempDir,
    origin: String,
    running: Running,
}

impl Alone {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = key(dir.path());
        let state = dir.path().join("signed");
        Memory::begin_empty(&state, &key).unwrap();
        let origin = key.public().name().to_owned();
        let memory = Memory::open(&state, &key).unwrap();
        let running = Running::serve(&dir.path().join("socket"), Signer::new(key, memory));
        Self {
            dir,
            origin,
            running,
        }
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("signed")
    }

    async fn connect(&self) -> UnixStream {
        let socket = self.dir.path().join("socket");
        UnixStream::connect(socket).await.unwrap()
    }

    /// What is answered to these bytes, after which nothing comes.
    async fn told(&self, bytes: &[u8]) -> Value {
        let mut stream = self.connect().await;
        // A signer that heard enough may not read the rest.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn asked(&self, old: u64, size: u64, root: [u8; 32], proof: &[[u8; 32]]) -> Value {
        let ask = wish(&self.origin, old, (size, root), proof);
        self.told(format!("{ask}\n").as_bytes()).await
    }
}

fn key(dir: &Path) -> SigningKey {
    let source = carillon_engine::secrets::KeySource::File(dir.join("signing.key"));
    SigningKey::create(&source, &Random::system()).unwrap()
}

fn wish(origin: &str, old: u64, (size, root): (u64, [u8; 32]), proof: &[[u8; 32]]) -> Value {
    use base64::Engine as _;
    let text = |hash: &[u8; 32]| base64::engine::general_purpose::STANDARD.encode(hash);
    let proof: Vec<_> = proof.iter().map(text).collect();
    let root = text(&root);
    json!({ "sign": { "origin": origin, "old": old, "size": size, "root": root, "proof": proof } })
}

fn why(answer: &Value) -> &str {
    answer["refused"]["why"].as_str().unwrap_or("signed")
}

#[tokio::test]
async fn whoever_asks_gets_nothing_signed_that_contradicts() {
    let alone = Alone::new();
    let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
    let pair = |left, right| carillon_store::node_hash(left, right);
    let (two, four) = (pair(&a, &b), pair(&pair(&a, &b), &c));
    assert_eq!(why(&alone.asked(0, 2, two, &[c]).await), "unproven");
    assert_eq!(why(&alone.asked(0, 2, two, &[]).await), "signed");
    // The same again is the same.
    let once = alone.asked(0, 2, two, &[]).await;
    assert_eq!(alone.asked(9, 2, two, &[c]).await, once);
    let note: SignedCheckpoint = once["signed"]["note"].as_str().unwrap().parse().unwrap();
    assert_eq!((note.checkpoint.size, note.checkpoint.root), (2, two));
    let before = std::fs::read(alone.state()).unwrap();
    let refused = [
        ("smaller", alone.asked(2, 1, a, &[]).await),
        ("smaller", alone.asked(0, 0, [0; 32], &[]).await),
        ("other", alone.asked(2, 2, four, &[]).await),
        ("moved", alone.asked(0, 3, four, &[]).await),
        ("moved", alone.asked(3, 4, four, &[c]).await),
        ("unproven", alone.asked(2, 3, four, &[]).await),
        ("unproven", alone.asked(2, 3, two, &[c]).await),
        ("unproven", alone.asked(2, 3, four, &[b]).await),
        ("unproven", alone.asked(2, 3, four, &[c, c]).await),
        ("unproven", alone.asked(2, u64::MAX, four, &[c]).await),
    ];
    for (expected, answer) in &refused {
        assert_eq!(why(answer), *expected, "{answer}");
    }
    let foreign = wish("carillon/other", 2, (3, four), &[c]);
    let answer = alone.told(format!("{foreign}\n").as_bytes()).await;
    assert_eq!(why(&answer), "foreign");
    assert_eq!(std::fs::read(alone.state()).unwrap(), before);
    assert_eq!(why(&alone.asked(2, 3, four, &[c]).await), "signed");
    alone.running.stop().await;
}

#[tokio::test]
async fn what_is_no_question_is_refused_and_holds_up_nobody() {
    let alone = Alone::new();
    let good = wish(&alone.origin, 0, (1, [1; 32]), &[]).to_string();
    let more = good.replacen('{', "{\"more\":1,", 2);
    let many = wish(&alone.origin, 0, (1, [1; 32]), &vec![[1; 32]; 1000]).to_string();
    let endless = vec![b'x'; 1 << 20];
    let no_hash = good.replace("AQEB", "");
    let questions: [&[u8]; 10] = [
        b"",
        b"\n",
        b"{}\n",
        b"\"first\"\n",
        b"\xff\xfe\n",
        good.as_bytes(),
        more.as_bytes(),
        many.as_bytes(),
        no_hash.as_bytes(),
        &endless,
    ];
    // Somebody who says nothing.
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(alone.connect().await);
    }
    for bytes in questions {
        let bytes = if bytes == good.as_bytes() {
            bytes.to_vec()
        } else {
            [bytes, b"\n"].concat()
        };
        let answer = alone.told(&bytes).await;
        assert_eq!(why(&answer), "malformed", "{answer}");
    }
    let answer = alone.told(format!("{good}\n").as_bytes()).await;
    assert_eq!(why(&answer), "signed");
    drop(silent);
    alone.running.stop().await;
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_signed() {
    let alone = Alone::new();
    assert_eq!(why(&alone.asked(0, 1, [1; 32], &[]).await), "signed");
    // In the way of the file that takes the name.
    let beside = alone.dir.path().join("signed.new");
    std::fs::create_dir(&beside).unwrap();
    let two = carillon_store::node_hash(&[1; 32], &[2; 32]);
    let answer = alone.asked(1, 2, two, &[[2; 32]]).await;
    assert_eq!(why(&answer), "failed", "{answer}");
    std::fs::remove_dir(&beside).unwrap();
    // What a crash left half written is no obstacle.
    std::fs::write(&beside, "carillon/").unwrap();
    assert_eq!(why(&alone.asked(1, 2, two, &[[2; 32]]).await), "signed");
    assert!(!beside.exists());
    alone.running.stop().await;
}

#[tokio::test]
async fn without_its_memory_a_signer_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let key = key(dir.path());
    let state = file("signed");
    let opened = |key: &SigningKey| Memory::open(&state, key);
    assert!(matches!(opened(&key), Err(MemoryError::Missing(_))));
    let notes = [3, 70, 9].map(|size| format!("{}\n", key.sign(size, [7; 32])));
    std::fs::write(file("kept"), notes.concat()).unwrap();
    let last = Memory::begin_from(&state, &file("kept"), &key).unwrap();
    assert_eq!(last.checkpoint.size, 70);
    let again = Memory::begin_from(&state, &file("kept"), &key);
    assert!(matches!(again, Err(MemoryError::Exists(_))));
    let open = opened(&key).unwrap();
    assert!(matches!(opened(&key), Err(MemoryError::InUse(_))));
    drop(open);
    let whole = std::fs::read_to_string(&state).unwrap();
    for damaged in [&whole[..whole.len() - 9], "", &whole.replace("70", "71")] {
        std::fs::write(&state, damaged).unwrap();
        assert!(matches!(opened(&key), Err(MemoryError::Damaged(_))));
    }
    std::fs::remove_file(&state).unwrap();
    let other = tempfile::tempdir().unwrap();
    let other = self::key(other.path());
    let foreign = Memory::begin_from(&state, &file("kept"), &other);
    assert!(matches!(foreign, Err(MemoryError::Nothing(_))));
    let fork = format!("{}{}\n", notes.concat(), key.sign(70, [8; 32]));
    std::fs::write(file("kept"), fork).unwrap();
    let forked = Memory::begin_from(&state, &file("kept"), &key);
    assert!(matches!(forked, Err(MemoryError::Forked { size: 70, .. })));
    assert!(!state.exists());
}

#[tokio::test]
async fn only_a_socket_that_nobody_uses_is_replaced() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    let first = bind(&path, 0o660).unwrap();
    assert_eq!(mode(), 0o660);
    assert!(bind(&path, 0o600).is_err(), "somebody listens there");
    drop(first);
    let second = bind(&path, 0o600).unwrap();
    assert_eq!(mode(), 0o600);
    drop(second);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "mine").unwrap();
    assert!(bind(&path, 0o600).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
}
