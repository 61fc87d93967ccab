//! Who signs, and how a signer is asked.
//!
//! *Invariant:* what a signer is asked is the log as it is: whether that continues what it signed
//! is for the signer to say, so that its own log tells of one that does not.

use carillon_domain::Timestamp;
use carillon_store::{Frontier, Hash};

use super::super::adopt;
use super::super::consistency;
use super::super::note::{SignedCheckpoint, VerifierKey};
use super::super::signer::{Offer, RemoteSigner, SignedLast, SignerFault, Why};
use super::desk::Desk;
use super::fault::NotaryFault;
use super::{Notary, Seal};

impl Notary {
    /// Finds out which key is that of the log, where a signer holds it: the one that the log names,
    /// or for a log that never had one, the signer's.
    pub(super) async fn identify(&self) -> Result<(), NotaryFault> {
        let parts = &self.0.parts;
        let Ok(Seal::Signer(signer)) = &parts.seal else {
            return Ok(());
        };
        if self.key().is_some() {
            return Ok(());
        }
        let owners = adopt::owners(&parts.store).await?;
        let owner = match owners.as_slice() {
            [] => {
                let key = signer.last().await?.key.to_string();
                adopt::claim(&parts.store, &parts.clock, &key).await?
            }
            [owner] => owner.clone(),
            several => return Err(several_keys(several)),
        };
        let key = owner.parse::<VerifierKey>();
        let key = key.map_err(|error| {
            NotaryFault::Unusable(format!("what the database names as the log's key: {error}"))
        })?;
        tracing::info!(%key, "the audit log is signed by a process of its own");
        let _known_before = self.0.key.set(key);
        Ok(())
    }

    /// Whether a signer was not asked since this process began: at its first look it hears how
    /// the log stands.
    pub(super) fn is_unasked(&self, desk: &Desk) -> bool {
        matches!(self.0.parts.seal, Ok(Seal::Signer(_))) && desk.asked.is_none()
    }

    /// The signed note of this head; `None` where nobody signs.
    pub(super) async fn sealed(
        &self,
        desk: &mut Desk,
        head: &Frontier,
        now: Timestamp,
    ) -> Result<Option<String>, NotaryFault> {
        match &self.0.parts.seal {
            Err(_) => Ok(None),
            Ok(Seal::Key(key)) => Ok(Some(key.sign(head.size(), head.root()))),
            Ok(Seal::Signer(signer)) => {
                if let Some(why) = desk.still_refused(now) {
                    return Err(NotaryFault::NotTheSame(why.to_owned()));
                }
                desk.refused = None;
                let asked = self.asked(signer, desk, head).await;
                if let Err(NotaryFault::NotTheSame(why)) = &asked {
                    desk.refused = Some((now, why.clone()));
                }
                asked.map(Some)
            }
        }
    }

    async fn asked(
        &self,
        signer: &RemoteSigner,
        desk: &mut Desk,
        head: &Frontier,
    ) -> Result<String, NotaryFault> {
        let last = signer.last().await?;
        let key = self.key().filter(|key| **key == last.key);
        let key = key.ok_or_else(|| another_key(signer, self.key()))?;
        let offer = Offer {
            origin: key.name(),
            old: last.note.checkpoint.size,
            head,
            proof: self.proof(desk, &last, head).await?,
        };
        let note = match signer.sign(offer).await {
            Err(SignerFault::Refused {
                why: Why::Smaller, ..
            }) if self.is_behind(signer).await? => return Err(behind()),
            other => other?,
        };
        desk.asked = Some(head.clone());
        let read = note.parse::<SignedCheckpoint>().ok();
        let says = |note: &SignedCheckpoint| {
            let said = (note.checkpoint.size, note.checkpoint.root);
            note.is_signed_by(key) && said == (head.size(), head.root())
        };
        match read.filter(says) {
            Some(_) => Ok(note),
            None => Err(signer.nonsense().into()),
        }
    }

    /// Whether another server had more of this log signed since its head was read: then the log has
    /// grown by now. A log that was cut has not.
    async fn is_behind(&self, signer: &RemoteSigner) -> Result<bool, NotaryFault> {
        let signed = signer.last().await?.note.checkpoint.size;
        let size = self.0.parts.store.audit_head().await?.size();
        Ok(size >= signed)
    }

    /// That the log continues what the signer signed last, as far as it does.
    async fn proof(
        &self,
        desk: &Desk,
        last: &SignedLast,
        head: &Frontier,
    ) -> Result<Vec<Hash>, NotaryFault> {
        let size = last.note.checkpoint.size;
        if size == 0 || size >= head.size() {
            return Ok(Vec::new());
        }
        let known = [Some(&desk.signed), desk.asked.as_ref()];
        let known = known.into_iter().flatten();
        let known = known.filter(|tree| tree.size() <= size);
        let largest = known.max_by_key(|tree| tree.size());
        let mut tree = largest.cloned().unwrap_or_default();
        // Another process was the last to ask, or a signature got lost on its way.
        if tree.size() < size {
            self.carry_on(&mut tree, size).await?;
        }
        Ok(consistency::proof(&self.0.parts.store, &tree, head.size()).await?)
    }
}

fn several_keys(keys: &[String]) -> NotaryFault {
    NotaryFault::Unusable(format!(
        "nothing is signed: more than one key is named as the one of this log ({})",
        keys.join(", ")
    ))
}

fn behind() -> NotaryFault {
    NotaryFault::Away("another server had more of the log signed meanwhile".to_owned())
}

fn another_key(signer: &RemoteSigner, own: Option<&VerifierKey>) -> NotaryFault {
    let own = own.map(ToString::to_string).unwrap_or_default();
    NotaryFault::Unusable(format!(
        "nothing is signed: the signer at {} holds another key than the one of this log ({own})",
        signer.socket().display()
    ))
}

impl From<SignerFault> for NotaryFault {
    fn from(fault: SignerFault) -> Self {
        match &fault {
            SignerFault::Refused { why, told } if why.is_alarm() => Self::NotTheSame(format!(
                "the audit log is not the one that was signed: the signer refused: {told}: run \
                 `carillon audit verify`"
            )),
            _ => Self::Away(fault.to_string()),
        }
    }
}
