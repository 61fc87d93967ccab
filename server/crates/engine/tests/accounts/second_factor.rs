//! A code of an app beside the password, recovery codes, and showing who one is.

use std::collections::BTreeSet;

use carillon_domain::event::EventResult;
use carillon_domain::role::Role;
use carillon_engine::accounts::{FactorMade, PROOF_LASTS, SessionContext, SignIn, SignedIn};
use carillon_engine::rows::{RowName, SignedRows};
use carillon_engine::{Caller, EngineError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

use crate::house::{House, PASSWORD, contains, on_postgres, secret};

const NEW: &str = "another evening bell";

/// Somebody's app: the secret as it was typed in.
pub(crate) struct App(Vec<u8>);

impl App {
    fn new(secret: &str) -> Self {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits: Vec<String> = secret
            .chars()
            .map(|letter| format!("{:05b}", alphabet.find(letter).unwrap()))
            .collect();
        let bits = bits.concat();
        let bytes = bits.as_bytes().chunks_exact(8);
        let byte = |eight: &[u8]| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2);
        Self(bytes.map(|eight| byte(eight).unwrap()).collect())
    }

    pub(crate) fn code(&self, house: &House) -> String {
        let step = house.clock.now().micros() / 30_000_000;
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap();
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(digest[19] & 15);
        let four: [u8; 4] = digest[at..at + 4].try_into().unwrap();
        format!(
            "{:06}",
            (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
        )
    }
}

/// Sets up a second factor for this session: the app, the recovery codes, the session after it.
pub(crate) async fn set_up(
    house: &House,
    session: &SessionContext,
) -> (App, Vec<SecretString>, SignedIn) {
    let id = house.engine.begin_second_factor(&session.caller).await;
    let id = id.unwrap();
    let shown = house.engine.second_factor_setup(&session.caller, &id);
    let app = App::new(&shown.await.unwrap().secret);
    let code = secret(&app.code(house));
    let made = house.engine.confirm_second_factor(session, &id, &code);
    let made = made.await.unwrap();
    let codes = taken(house, &made).await;
    (app, codes, made.signed_in)
}

/// The codes of a second factor, as its owner is shown them.
async fn taken(house: &House, made: &FactorMade) -> Vec<SecretString> {
    let caller = &made.signed_in.session.caller;
    let codes = house.engine.take_recovery_codes(caller, &made.codes).await;
    codes.unwrap().into_iter().map(SecretString::from).collect()
}

pub(crate) async fn sign_in(
    house: &House,
    name: &str,
    password: &str,
    code: &str,
) -> Option<SignedIn> {
    let attempt = SignIn {
        name: name.to_owned(),
        password: secret(password),
        code: secret(code),
        ip: Some("10.0.0.9".to_owned()),
        ..SignIn::default()
    };
    house.engine.sign_in(attempt).await.unwrap()
}

async fn prove(
    house: &House,
    session: &SessionContext,
    password: &str,
    code: &str,
) -> Option<SignedIn> {
    let code = secret(code);
    let proof = house.engine.prove(session, secret(password), &code);
    proof.await.unwrap()
}

#[tokio::test]
async fn a_code_is_needed_once_it_is_set_up_and_each_works_once() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let other = house.enter("operator").await;
    let (app, codes, renewed) = set_up(&house, &mine.session).await;
    assert_eq!(codes.len(), 10);
    for old in [&mine.token, &other.token] {
        assert!(
            house.session(old).await.is_none(),
            "a new token, no other session"
        );
    }
    assert!(house.session(&renewed.token).await.unwrap().has_factor);

    let code = app.code(&house);
    assert!(
        sign_in(&house, "operator", PASSWORD, &code).await.is_none(),
        "used to set it up"
    );
    house.pass(30);
    let code = app.code(&house);
    assert!(sign_in(&house, "operator", PASSWORD, "").await.is_none());
    assert!(sign_in(&house, "operator", "wrong", &code).await.is_none());
    let typed = format!("{} {}", &code[..3], &code[3..]);
    let entered = sign_in(&house, "operator", PASSWORD, &typed).await.unwrap();
    assert_eq!(entered.session.caller.actor.auth, "password+app");
    assert!(
        sign_in(&house, "operator", PASSWORD, &code).await.is_none(),
        "used"
    );
    let event = house.events().await.pop().unwrap();
    assert_eq!(
        (&*event.action, event.result),
        ("account.sign_in_failed", EventResult::Failed)
    );
    assert_eq!(event.detail["why"], "wrong_code");
}

#[tokio::test]
async fn two_at_once_with_one_code_are_one_sign_in() {
    let house = House::inhabited().await;
    let (app, ..) = set_up(&house, &house.enter("operator").await.session).await;
    house.pass(60);
    let code = app.code(&house);
    let (a, b) = tokio::join!(
        sign_in(&house, "operator", PASSWORD, &code),
        sign_in(&house, "operator", PASSWORD, &code),
    );
    assert_eq!(u8::from(a.is_some()) + u8::from(b.is_some()), 1);
}

#[tokio::test]
async fn wrong_codes_are_slowed_like_wrong_passwords() {
    let house = House::inhabited().await;
    let (app, ..) = set_up(&house, &house.enter("operator").await.session).await;
    for _ in 0..5 {
        assert!(
            sign_in(&house, "operator", PASSWORD, "000000")
                .await
                .is_none()
        );
    }
    house.pass(1);
    let code = app.code(&house);
    assert!(
        sign_in(&house, "operator", PASSWORD, &code).await.is_none(),
        "inside the delay"
    );
    house.pass(30);
    let code = app.code(&house);
    assert!(sign_in(&house, "operator", PASSWORD, &code).await.is_some());
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_replace_the_old() {
    let house = House::inhabited().await;
    let (_, codes, renewed) = set_up(&house, &house.enter("operator").await.session).await;
    let first = codes[0].expose_secret().to_uppercase();
    let entered = sign_in(&house, "operator", PASSWORD, &first).await.unwrap();
    assert_eq!(entered.session.caller.actor.auth, "password+recovery");
    assert!(
        sign_in(&house, "operator", PASSWORD, &first)
            .await
            .is_none()
    );
    let left = house.engine.recovery_codes_left(&entered.session.caller);
    assert_eq!(left.await.unwrap(), 9);
    let renewed = house.session(&renewed.token).await.unwrap();
    let made = house.engine.renew_recovery_codes(&renewed).await.unwrap();
    let old = codes[1].expose_secret();
    assert!(sign_in(&house, "operator", PASSWORD, old).await.is_none());
    let new = taken(&house, &made).await;
    let new = new[1].expose_secret();
    assert!(sign_in(&house, "operator", PASSWORD, new).await.is_some());
}

#[tokio::test]
async fn recovery_codes_that_somebody_else_put_there_open_nothing() {
    let house = House::inhabited().await;
    let (_, mine, _) = set_up(&house, &house.enter("operator").await.session).await;
    let (_, others, _) = set_up(&house, &house.enter("viewer").await.session).await;
    let id = |name: &str| format!("(SELECT id FROM users WHERE name = '{name}')");
    let (operator, viewer) = (id("operator"), id("viewer"));
    for (change, codes, name) in [
        (
            format!("SET user_id = {operator} WHERE user_id = {viewer}"),
            &others,
            "operator",
        ),
        (
            format!("SET mac = NULL WHERE user_id = {operator}"),
            &mine,
            "operator",
        ),
    ] {
        house.raw(&format!("UPDATE recovery_codes {change}")).await;
        let looked = house.engine.look_through_rows().await.unwrap();
        assert!(looked.forged.len() >= 10, "{change}: {looked:?}");
        let code = codes[0].expose_secret();
        assert!(
            sign_in(&house, name, PASSWORD, code).await.is_none(),
            "{change}"
        );
    }
    let told = house.actions().await;
    assert_eq!(
        told.iter().filter(|action| *action == "row.forged").count(),
        20
    );
}

#[tokio::test]
async fn who_needs_a_factor_is_everybody_where_somebody_else_wrote_that() {
    for change in [
        "UPDATE orders SET value = '[\"viewer\"]' WHERE name = 'second_factor_roles'",
        "DELETE FROM orders WHERE name = 'second_factor_roles'",
    ] {
        let house = House::inhabited().await;
        let entered = house.enter("operator").await;
        let session = house.session(&entered.token).await.unwrap();
        assert!(!session.must_set_up);
        house.raw(change).await;
        let session = house.session(&entered.token).await.unwrap();
        assert!(session.must_set_up, "{change}");
        let roles = house.engine.second_factor_roles().await.unwrap();
        assert_eq!(roles, Role::ALL.iter().copied().collect());
        let system = Caller::system();
        let none = BTreeSet::new();
        let over = house.engine.demand_second_factor(&system, &none, "").await;
        assert!(matches!(over, Err(EngineError::Conflict(_))), "{over:?}");
        house.engine.look_through_rows().await.unwrap();
        assert!(house.actions().await.contains(&"row.forged".to_owned()));
        let row = RowName {
            rows: SignedRows::Orders,
            name: "second_factor_roles".to_owned(),
        };
        house
            .engine
            .accept_row(&system, &row, "looked")
            .await
            .unwrap();
        house
            .engine
            .demand_second_factor(&system, &none, "")
            .await
            .unwrap();
        assert_eq!(house.engine.look_through_rows().await.unwrap().forged, []);
    }
}

#[tokio::test]
async fn neither_the_secret_nor_a_code_is_written_down() {
    if on_postgres() {
        return;
    }
    let house = House::inhabited().await;
    let session = house.enter("operator").await.session;
    let id = house
        .engine
        .begin_second_factor(&session.caller)
        .await
        .unwrap();
    let shown = house.engine.second_factor_setup(&session.caller, &id);
    let shown = shown.await.unwrap();
    let app = App::new(&shown.secret);
    let code = secret(&app.code(&house));
    let made = house.engine.confirm_second_factor(&session, &id, &code);
    let codes = taken(&house, &made.await.unwrap()).await;
    let disk = house.bytes_on_disk();
    assert!(contains(&disk, "second_factor.set_up"));
    assert!(!contains(&disk, &shown.secret));
    assert!(!disk.windows(app.0.len()).any(|window| window == app.0));
    for code in &codes {
        let code = code.expose_secret();
        assert!(!contains(&disk, code) && !contains(&disk, &code.replace('-', "")));
    }
}

#[tokio::test]
async fn a_wrong_first_code_changes_nothing_and_the_secret_waits() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let caller = &mine.session.caller;
    let id = house.engine.begin_second_factor(caller).await.unwrap();
    let wrong = house
        .engine
        .confirm_second_factor(&mine.session, &id, &secret("000000"))
        .await;
    assert!(matches!(wrong, Err(EngineError::Invalid(_))));
    assert!(house.engine.second_factor_setup(caller, &id).await.is_ok());
    let other = house.enter("viewer").await.session.caller;
    let theirs = house.engine.second_factor_setup(&other, &id).await;
    assert!(matches!(theirs, Err(EngineError::NotFound)));
    house.pass(15 * 60);
    let late = house.engine.second_factor_setup(caller, &id).await;
    assert!(matches!(late, Err(EngineError::NotFound)));
}

#[tokio::test]
async fn administrators_need_one_where_nobody_decided_and_roles_can_be_named() {
    let house = House::new().await;
    for role in [Role::Admin, Role::Operator] {
        house.add(role.as_str(), role).await;
    }
    let must = async |name: &str| {
        let token = house.enter(name).await.token;
        house.session(&token).await.unwrap().must_set_up
    };
    assert!(must("admin").await);
    assert!(!must("operator").await);
    let both = BTreeSet::from([Role::Admin, Role::Operator]);
    let system = Caller::system();
    house
        .engine
        .demand_second_factor(&system, &both, "")
        .await
        .unwrap();
    assert!(must("operator").await);

    let session = house.enter("operator").await;
    let (.., renewed) = set_up(&house, &session.session).await;
    let renewed = house.session(&renewed.token).await.unwrap();
    assert!(!renewed.must_set_up);
    let without = house.engine.remove_second_factor(&renewed).await;
    assert!(matches!(without, Err(EngineError::Conflict(_))));
}

#[tokio::test]
async fn an_administrator_takes_it_from_others_and_not_from_themselves() {
    let house = House::inhabited().await;
    let (.., theirs) = set_up(&house, &house.enter("operator").await.session).await;
    let (.., own) = set_up(&house, &house.enter("admin").await.session).await;
    let admin = house.session(&own.token).await.unwrap().caller;
    let own = house.engine.reset_second_factor(&admin, "admin", "").await;
    assert!(matches!(own, Err(EngineError::Conflict(_))));
    house
        .engine
        .reset_second_factor(&admin, "operator", "")
        .await
        .unwrap();
    assert!(house.session(&theirs.token).await.is_none());
    assert!(!house.enter("operator").await.session.has_factor);
    assert!(
        house
            .actions()
            .await
            .contains(&"second_factor.reset".to_owned())
    );
    let operator = house.enter("operator").await.session.caller;
    let denied = house
        .engine
        .reset_second_factor(&operator, "admin", "")
        .await;
    assert!(matches!(denied, Err(EngineError::Denied(_))));
}

#[tokio::test]
async fn a_proof_lasts_five_minutes_and_gives_the_session_another_token() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let (app, _, renewed) = set_up(&house, &mine.session).await;
    let session = renewed.session;
    assert!(session.is_proved(house.clock.now()));
    house.pass(PROOF_LASTS.as_secs());
    assert!(!session.is_proved(house.clock.now()));

    assert!(prove(&house, &session, PASSWORD, "").await.is_none());
    assert!(
        prove(&house, &session, "wrong", &app.code(&house))
            .await
            .is_none()
    );
    let proved = prove(&house, &session, PASSWORD, &app.code(&house))
        .await
        .unwrap();
    assert!(house.session(&renewed.token).await.is_none());
    let after = house.session(&proved.token).await.unwrap();
    assert!(after.is_proved(house.clock.now()));
    assert_eq!(after.created_at, mine.session.created_at, "no longer life");
}

#[tokio::test]
async fn guesses_at_a_proof_are_slowed() {
    let house = House::inhabited().await;
    let session = house.enter("operator").await.session;
    for _ in 0..5 {
        assert!(prove(&house, &session, "guess", "").await.is_none());
    }
    let early = prove(&house, &session, PASSWORD, "").await;
    assert!(early.is_none(), "inside the delay");
    house.pass(2);
    assert!(prove(&house, &session, PASSWORD, "").await.is_some());
}

#[tokio::test]
async fn a_right_password_alone_forgives_no_code() {
    let house = House::inhabited().await;
    let mine = house.enter("operator").await;
    let (app, _, renewed) = set_up(&house, &mine.session).await;
    let session = renewed.session;
    house.pass(60);
    let words = [PASSWORD, NEW];
    for guess in 0..8 {
        let (now, next) = (words[guess % 2], words[(guess + 1) % 2]);
        assert!(prove(&house, &session, now, "000000").await.is_none());
        let changed = house
            .engine
            .change_own_password(&session, secret(now), secret(next));
        changed.await.unwrap();
    }
    house.pass(1);
    let early = prove(&house, &session, PASSWORD, &app.code(&house)).await;
    assert!(early.is_none(), "the guesses count");
    house.pass(15 * 60);
    let late = prove(&house, &session, PASSWORD, &app.code(&house)).await;
    assert!(late.is_some());
}

async fn sign_in_with(
    house: &House,
    (password, code): (&str, &str),
    browser: Option<&SecretString>,
) -> Option<SignedIn> {
    let attempt = SignIn {
        name: "operator".to_owned(),
        password: secret(password),
        code: secret(code),
        browser: browser.cloned(),
        ..SignIn::default()
    };
    house.engine.sign_in(attempt).await.unwrap()
}

#[tokio::test]
async fn all_browsers_together_guess_codes_no_faster_than_one() {
    let house = House::inhabited().await;
    let (app, ..) = set_up(&house, &house.enter("operator").await.session).await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        house.pass(60);
        let code = app.code(&house);
        let entered = sign_in_with(&house, (PASSWORD, &code), None).await.unwrap();
        browsers.push(entered.browser.unwrap());
    }
    for guess in 0..5 {
        let browser = &browsers[guess % 2];
        let guessed = sign_in_with(&house, (PASSWORD, "000000"), Some(browser)).await;
        assert!(guessed.is_none());
    }
    house.pass(1);
    let code = app.code(&house);
    let third = Some(&browsers[2]);
    let early = sign_in_with(&house, (PASSWORD, &code), third).await;
    assert!(
        early.is_none(),
        "its own bucket is empty, the account's is not"
    );
    assert_eq!(
        house.events().await.pop().unwrap().detail["why"],
        "too_many_tries"
    );
    house.pass(60);
    let code = app.code(&house);
    assert!(
        sign_in_with(&house, (PASSWORD, &code), third)
            .await
            .is_some()
    );
}

#[tokio::test]
async fn strangers_with_the_password_do_not_keep_the_owner_out() {
    let house = House::inhabited().await;
    let (app, ..) = set_up(&house, &house.enter("operator").await.session).await;
    house.pass(60);
    let code = app.code(&house);
    let entered = sign_in_with(&house, (PASSWORD, &code), None).await.unwrap();
    let known = entered.browser.unwrap();
    for _ in 0..20 {
        house.pass(60);
        let guessed = sign_in_with(&house, (PASSWORD, "000000"), None).await;
        assert!(guessed.is_none());
    }
    let code = app.code(&house);
    let stranger = sign_in_with(&house, (PASSWORD, &code), None).await;
    assert!(stranger.is_none(), "strangers wait");
    let owner = sign_in_with(&house, (PASSWORD, &code), Some(&known)).await;
    let session = owner.expect("the owner does not").session;
    house.pass(60);
    let proved = prove(&house, &session, PASSWORD, &app.code(&house)).await;
    assert!(proved.is_some());
}

#[tokio::test]
async fn a_browser_is_known_until_password_or_factor_change() {
    let house = House::inhabited().await;
    let entered = house.enter("operator").await;
    let known = entered.browser.unwrap();
    let again = sign_in_with(&house, (PASSWORD, ""), Some(&known)).await;
    let again = again.unwrap();
    assert!(again.browser.is_none(), "known");
    let (app, _, renewed) = set_up(&house, &again.session).await;
    house.pass(60);
    let code = app.code(&house);
    let entered = sign_in_with(&house, (PASSWORD, &code), Some(&known)).await;
    let with_factor = entered.unwrap().browser.expect("another one");
    let session = house.session(&renewed.token).await.unwrap();
    let changed = house
        .engine
        .change_own_password(&session, secret(PASSWORD), secret(NEW));
    let fresh = changed
        .await
        .unwrap()
        .expect("a cookie of the new password");
    house.pass(60);
    let code = app.code(&house);
    let entered = sign_in_with(&house, (NEW, &code), Some(&fresh)).await;
    assert!(entered.unwrap().browser.is_none(), "known by it");
    house.pass(60);
    let code = app.code(&house);
    let entered = sign_in_with(&house, (NEW, &code), Some(&with_factor)).await;
    let after = entered.unwrap().browser.expect("another one again");
    house.engine.remove_second_factor(&session).await.unwrap();
    let entered = sign_in_with(&house, (NEW, ""), Some(&after)).await;
    assert!(entered.unwrap().browser.is_some());
}

#[tokio::test]
async fn a_feed_ends_when_a_factor_is_demanded() {
    let house = House::inhabited().await;
    let session = house.enter("operator").await.session;
    assert!(house.engine.session_lives(&session).await.unwrap());
    let demanded = BTreeSet::from([Role::Operator]);
    let system = Caller::system();
    let asked = house.engine.demand_second_factor(&system, &demanded, "");
    asked.await.unwrap();
    assert!(!house.engine.session_lives(&session).await.unwrap());
}
