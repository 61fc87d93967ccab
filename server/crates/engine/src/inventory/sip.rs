//! SIP profiles: how the phones of a site are reached by NOTIFY.

use std::net::IpAddr;

use carillon_devices::tls;
use carillon_domain::role::Permission;
use carillon_domain::sip::{MAX_RATE, NotifyWay, SipAddress, SipProfile, SipTransport, SipUse};
use carillon_domain::{FieldError, change, line};
use carillon_store::{Keeps, SipProfileRow, Unit};

use super::{check_version, clear, finish, pbx, record};
use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};

/// A name in a certificate has at most so many characters.
pub(super) const MAX_NAME: usize = 253;

/// A profile as somebody gives it.
#[derive(Clone, Debug)]
pub struct SipProfileInput {
    /// When the phones are sent to by SIP.
    pub used: SipUse,
    /// Who sends: we, or a PBX.
    pub way: NotifyWay,
    /// Address of the SIP server or PBX; blank = straight to the phones.
    pub proxy: String,
    /// Its port, or the phones'; the transport's own when left out.
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: SipTransport,
    /// The name in the SIP server's certificate.
    pub tls_name: String,
    /// PEM of the authority of that certificate.
    pub ca_pem: String,
    /// Who sends.
    pub from: String,
    /// Name of the stored credential that the SIP server asks for.
    pub credential: Option<String>,
    /// The realm that the credential is for; blank = the host of `from`.
    pub realm: String,
    /// NOTIFYs a second at most.
    pub rate: u32,
    /// Also after a phone refused over HTTP with `forbidden`.
    pub after_forbidden: bool,
    /// The SIP profile of a `FreeSWITCH`; blank = `internal`.
    pub pbx_profile: String,
    /// Whether a PBX may be given its password in clear.
    pub password_in_clear: bool,
}

/// What is at fault.
#[derive(Default)]
pub(super) struct Problems(Vec<FieldError>);

impl Problems {
    pub(super) fn say(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, code, message.into()));
    }
}

impl Engine {
    /// The profiles of the sites that have one.
    ///
    /// # Errors
    /// Denied.
    pub async fn sip_profiles(&self, caller: &Caller) -> Result<Vec<SipProfileRow>> {
        let sites = self.sites(caller).await?;
        let mut rows = self.store.sip_profiles().await?;
        rows.retain(|row| sites.iter().any(|site| site.site.slug == row.site));
        Ok(rows)
    }

    /// The profile of a site; `None` when it has none.
    ///
    /// # Errors
    /// Denied, or there is no such site.
    pub async fn sip_profile(&self, caller: &Caller, site: &str) -> Result<Option<SipProfileRow>> {
        self.site(caller, site).await?;
        Ok(self.store.sip_profile(site).await?)
    }

    /// Gives a site a profile, or changes the one it has. Nothing different = nothing written.
    ///
    /// # Errors
    /// Denied, no such site, an old version, or every field at fault.
    pub async fn save_sip_profile(
        &self,
        caller: &Caller,
        site: &str,
        input: &SipProfileInput,
        version: Option<i64>,
    ) -> Result<()> {
        let saved = self.save_profile(caller, site, input, version).await;
        self.told_if_blocked(caller, "the SIP server of a site", saved)
            .await
    }

    async fn save_profile(
        &self,
        caller: &Caller,
        site: &str,
        input: &SipProfileInput,
        version: Option<i64>,
    ) -> Result<()> {
        caller.require(Permission::ManageInventory)?;
        self.follow_networks().await?;
        let new = self.checked_profile(input)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        let name = name_of(&mut unit, site).await?;
        self.check_credential_name(&mut unit, new.credential.as_deref())
            .await?;
        let old = unit.sip_profile(site).await?;
        check_version(old.as_ref().map_or(0, |row| row.version), version)?;
        let stored = old.as_ref().map(|row| &row.profile);
        clear::check_profile(caller, site, stored, &new)?;
        let before = old.as_ref().map(|row| fields(&row.profile));
        let changes = change::between(&before.unwrap_or_else(blank), &fields(&new));
        match &old {
            Some(row) if row.profile == new => return Ok(()),
            Some(row) => {
                let version = row.version;
                unit.update_sip_profile(site, &new, version, now).await?;
            }
            None => unit.insert_sip_profile(site, &new, now).await?,
        }
        let mut event = caller.event(now, "site.sip_changed");
        event.site = Some(site.to_owned());
        event.detail = record::changes(&changes);
        event.detail["name"] = name.into();
        finish(unit, &[event]).await
    }

    /// Takes the profile of a site away: its phones are reached over HTTP only.
    ///
    /// # Errors
    /// Denied, not found, or an old version.
    pub async fn delete_sip_profile(
        &self,
        caller: &Caller,
        site: &str,
        version: Option<i64>,
    ) -> Result<()> {
        caller.require(Permission::ManageInventory)?;
        let now = self.clock.now();
        let mut unit = caller.begin_keeping(&self.store, Keeps::Ways).await?;
        let old = unit.sip_profile(site).await?.ok_or(EngineError::NotFound)?;
        let name = name_of(&mut unit, site).await?;
        check_version(old.version, version)?;
        unit.delete_sip_profile(site).await?;
        let mut event = caller.event(now, "site.sip_removed");
        event.site = Some(site.to_owned());
        let changes = change::between(&fields(&old.profile), &blank());
        event.detail = record::changes(&changes);
        event.detail["name"] = name.into();
        finish(unit, &[event]).await
    }

    fn checked_profile(&self, input: &SipProfileInput) -> Result<SipProfile> {
        let mut problems = Problems::default();
        let proxy = self.checked_proxy(input, &mut problems);
        let from = checked_from(input, proxy, &mut problems);
        let named = proxy.is_some() && input.transport == SipTransport::Tls;
        let tls_name = checked_name(&input.tls_name, named, &mut problems);
        let ca_pem = checked_authority(input, &mut problems);
        let realm = checked_realm(&input.realm, &mut problems);
        let pbx_profile = pbx::checked(input, proxy, &mut problems);
        let rate = u16::try_from(input.rate).unwrap_or(0);
        if !(1..=MAX_RATE).contains(&rate) {
            let message = format!("give a number from 1 to {MAX_RATE}");
            problems.say("rate", "out_of_range", message);
        }
        match from {
            Some(from) if problems.0.is_empty() => Ok(SipProfile {
                used: input.used,
                way: input.way,
                proxy,
                port: input.port,
                transport: input.transport,
                tls_name,
                ca_pem,
                from,
                credential: input
                    .credential
                    .clone()
                    .filter(|name| !name.trim().is_empty()),
                realm,
                rate,
                after_forbidden: input.after_forbidden,
                pbx_profile,
                password_in_clear: input.password_in_clear,
            }),
            _ => Err(EngineError::Invalid(problems.0)),
        }
    }

    /// The address of the SIP server, if it may be contacted at all.
    fn checked_proxy(&self, input: &SipProfileInput, problems: &mut Problems) -> Option<IpAddr> {
        let text = input.proxy.trim();
        if input.port == Some(0) {
            problems.say("port", "out_of_range", "give a number from 1 to 65535");
        }
        if text.is_empty() {
            return None;
        }
        let usual = input.way.default_port(input.transport);
        let port = input.port.unwrap_or(usual);
        let guard = self.gateway.guard();
        let checked = guard
            .check_text(text)
            .and_then(|address| guard.check(address, port));
        match checked {
            Ok(address) => Some(address.ip()),
            Err(blocked @ carillon_devices::Blocked::Port(_)) => {
                problems.say("port", "blocked_address", blocked.to_string());
                None
            }
            Err(blocked) => {
                problems.say("proxy", "blocked_address", blocked.to_string());
                None
            }
        }
    }
}

/// Who sends. A PBX names itself, whatever stands here.
fn checked_from(
    input: &SipProfileInput,
    proxy: Option<IpAddr>,
    problems: &mut Problems,
) -> Option<SipAddress> {
    let text = input.from.trim();
    if input.way.is_pbx() && text.is_empty() {
        return proxy.and_then(|proxy| SipAddress::of("carillon", proxy));
    }
    let from = text.parse();
    if from.is_err() {
        let message = "write the address that sends, such as carillon@pbx.example";
        problems.say("from", "invalid", message);
    }
    from.ok()
}

fn checked_name(text: &str, needed: bool, problems: &mut Problems) -> String {
    let name = text.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    if needed && name.is_empty() {
        let message = "give the name in the SIP server's certificate";
        problems.say("tls_name", "missing", message);
    } else if name.len() > MAX_NAME || !name.bytes().all(plain) {
        problems.say("tls_name", "invalid", "this is no name of a server");
    }
    name.to_owned()
}

fn checked_realm(text: &str, problems: &mut Problems) -> String {
    let realm = text.trim();
    if realm.len() > MAX_NAME || !line::is_plain(realm) {
        problems.say(
            "realm",
            "invalid",
            "give one line, as the SIP server says it",
        );
    }
    realm.to_owned()
}

fn checked_authority(input: &SipProfileInput, problems: &mut Problems) -> Option<String> {
    let pem = Some(input.ca_pem.trim()).filter(|pem| !pem.is_empty());
    match pem.map(tls::check_authority) {
        None if input.transport == SipTransport::Tls => {
            let message = "paste the certificate of the authority that vouches for it";
            problems.say("ca_pem", "missing", message);
        }
        Some(Err(problem)) => problems.say("ca_pem", "invalid", problem.to_string()),
        None | Some(Ok(_)) => {}
    }
    pem.map(str::to_owned)
}

/// What people call a site.
async fn name_of(unit: &mut Unit, site: &str) -> Result<String> {
    let row = unit.site(site).await?.ok_or(EngineError::NotFound)?;
    Ok(row.site.name)
}

/// What a site without a profile has.
fn blank() -> Vec<(&'static str, String)> {
    NAMES.iter().map(|name| (*name, String::new())).collect()
}

const NAMES: [&str; 14] = [
    "use",
    "way",
    "proxy",
    "port",
    "transport",
    "tls_name",
    "ca_pem",
    "from",
    "credential",
    "realm",
    "rate",
    "after_forbidden",
    "pbx_profile",
    "password_in_clear",
];

fn fields(profile: &SipProfile) -> Vec<(&'static str, String)> {
    let authority = profile.ca_pem.as_ref().map(|_| "(a certificate)");
    let values = [
        profile.used.to_string(),
        profile.way.to_string(),
        change::text(profile.proxy.as_ref()),
        change::text(profile.port.as_ref()),
        profile.transport.to_string(),
        profile.tls_name.clone(),
        change::text(authority),
        profile.from.to_string(),
        change::text(profile.credential.as_ref()),
        profile.realm.clone(),
        profile.rate.to_string(),
        profile.after_forbidden.to_string(),
        profile.pbx_profile.clone(),
        profile.password_in_clear.to_string(),
    ];
    NAMES.into_iter().zip(values).collect()
}
