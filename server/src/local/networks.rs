//! Where phones may be contacted, for who looks after this machine.

use carillon_domain::networks::Stored;
use carillon_engine::{Caller, Engine};
use ipnet::IpNet;

use super::command::{Answer, RulesFor};
use super::execute::Done;
use crate::firewall::{Outside, nftables, systemd};

const FORGED: &str = "the choice was changed outside Carillon and is not believed: no phone is \
                      contacted; see the audit log";
const LOST: &str = "the choice is gone from the database: what was in force stays so until the \
                    server stops; choose again on the page";

pub(super) async fn list(engine: &Engine, caller: &Caller) -> Done {
    let now = engine.networks(caller).await?;
    let note = match (now.stored, now.changed) {
        (Stored::Forged, _) => FORGED.to_owned(),
        (Stored::Lost, _) => LOST.to_owned(),
        (_, Some((who, at))) if !now.chosen.is_empty() => format!("narrowed by {who} at {at}"),
        _ => "all that the settings allow".to_owned(),
    };
    Ok(Answer {
        lines: now.in_force.iter().map(ToString::to_string).collect(),
        notes: vec![note],
        failure: None,
    })
}

pub(super) async fn rules(
    engine: &Engine,
    caller: &Caller,
    form: RulesFor,
    (user, also): (String, Vec<IpNet>),
) -> Done {
    let now = engine.networks(caller).await?;
    let (loopback, networks): (Vec<_>, Vec<_>) = now
        .in_force
        .into_iter()
        .partition(|network| network.network().is_loopback());
    let outside = Outside {
        networks,
        ports: engine.guard().ports().to_vec(),
        also,
        user,
    };
    let text = match form {
        RulesFor::Nftables => nftables(&outside),
        RulesFor::Systemd => systemd(&outside),
    };
    Ok(Answer {
        lines: text.lines().map(str::to_owned).collect(),
        notes: vec![note(!loopback.is_empty())],
        failure: None,
    })
}

/// What a text that was written once cannot know, and what it leaves out.
fn note(leaves_loopback_out: bool) -> String {
    let mut note =
        "these are the networks in force now: what administrators or the settings change \
                    later is not in it, so write and load it anew then"
            .to_owned();
    if leaves_loopback_out {
        note.push_str("; loopback is open for a demo or tests, and left out");
    }
    note
}
