//! Where phones may be contacted, for who looks after this machine.

use carillon_engine::{Caller, Engine};
use ipnet::IpNet;

use super::command::{Answer, RulesFor};
use super::execute::Done;
use crate::firewall::{Outside, nftables, systemd};

pub(super) async fn list(engine: &Engine, caller: &Caller) -> Done {
    let now = engine.networks(caller).await?;
    let note = match now.changed {
        Some((who, at)) if !now.chosen.is_empty() => format!("narrowed by {who} at {at}"),
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
    let notes = (!loopback.is_empty())
        .then(|| "loopback is open for a demo or tests: it is left out".to_owned());
    Ok(Answer {
        lines: text.lines().map(str::to_owned).collect(),
        notes: notes.into_iter().collect(),
        failure: None,
    })
}
