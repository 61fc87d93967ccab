//! The keys and the database that belongs to them.

use carillon_domain::Timestamp;
use carillon_engine::audit::{Evidence, Verdict, signing_key, verify};
use carillon_engine::secrets::{KeyCheckError, KeySource, Keyring, check_keys};
use carillon_engine::{Caller, Random};

use crate::house::{House, engine, secret};

fn other_keys(house: &House) -> Keyring {
    let source = KeySource::File(house.directory.path().join("other.keys"));
    source
        .create(&Random::system(), Timestamp::default())
        .unwrap()
}

#[tokio::test]
async fn the_right_keys_pass_again_and_are_noted_once() {
    let house = House::new().await;
    let keyring = house.engine.keyring().unwrap();
    check_keys(&house.engine.store, keyring, house.clock.now())
        .await
        .unwrap();
    assert_eq!(house.actions().await, ["key.first_used"]);
}

#[tokio::test]
async fn other_keys_leave_the_house_sealed_and_change_nothing() {
    let house = House::new().await;
    let other = other_keys(&house);
    let refused = check_keys(&house.engine.store, &other, house.clock.now()).await;
    let Err(KeyCheckError::Missing(key)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(key, house.engine.keyring().unwrap().active().to_string());
    assert_eq!(house.actions().await, ["key.first_used"]);
}

#[tokio::test]
async fn a_changed_check_value_is_noticed() {
    let house = House::new().await;
    let keyring = house.engine.keyring().unwrap();
    let name = format!("keycheck:{}", keyring.active());
    let mut unit = house.engine.store.begin().await.unwrap();
    unit.set_meta(&name, "00").await.unwrap();
    unit.commit_bookkeeping().await.unwrap();
    let refused = check_keys(&house.engine.store, keyring, house.clock.now()).await;
    assert!(
        matches!(refused, Err(KeyCheckError::Different(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn of_two_keys_that_meet_an_empty_database_one_is_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let store = crate::house::open(&directory).await;
    let keyring = |name| {
        let source = KeySource::File(directory.path().join(name));
        source
            .create(&Random::system(), Timestamp::default())
            .unwrap()
    };
    let (one, two) = (keyring("one.keys"), keyring("two.keys"));
    let now = Timestamp::default();
    let (a, b) = futures_util::join!(check_keys(&store, &one, now), check_keys(&store, &two, now));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert_eq!(store.metas("keycheck:").await.unwrap().len(), 1);
}

/// Another node seals with the key before while this one seals everything anew, and is killed in
/// the middle: nobody changed anything behind the log's back.
#[tokio::test]
async fn a_rewrap_that_is_killed_looks_like_no_tampering() {
    let house = House::inhabited().await;
    let file = house.directory.path().join("secret.keys");
    let copy = house.directory.path().join("copy.keys");
    std::fs::copy(&file, &copy).unwrap();
    let other = KeySource::File(copy).load().unwrap();
    let other = engine(house.engine.store.clone(), Some(other), house.clock.clone());
    let system = Caller::system();
    let key = house.engine.add_key(&system).await.unwrap();
    house.engine.activate_key(&system, key).await.unwrap();
    let new = secret("another evening bell");
    other
        .reset_password(&system, "operator", new)
        .await
        .unwrap();
    assert_no_finding(&house).await;
    let killed = house.engine.clone();
    let killed = tokio::spawn(async move {
        killed
            .rewrap(&Caller::system(), |_| panic!("killed"))
            .await
            .map(drop)
    });
    assert!(killed.await.unwrap_err().is_panic());
    assert_no_finding(&house).await;
    let rest = house.engine.rewrap(&system, |_| ()).await.unwrap();
    assert_eq!(rest.done, 0, "all passwords were in the batch before");
}

async fn assert_no_finding(house: &House) {
    let (store, clock) = (&house.engine.store, &house.clock);
    let source = KeySource::File(house.directory.path().join("signing.key"));
    let key = signing_key(store, &source, clock, &Random::system()).await;
    let key = Some(key.unwrap().unwrap().public().clone());
    let kept = Vec::new();
    let verdict = verify(store, &Evidence { key, kept }).await.unwrap();
    // Nothing is signed here, so that the best verdict is that all fits.
    assert!(
        matches!(&verdict, Verdict::CannotTell(why) if why.contains("fit each other")),
        "{verdict:?}"
    );
}
