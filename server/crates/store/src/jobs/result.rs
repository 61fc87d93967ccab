//! What came of claims.
//!
//! Owns the ways out of `sending` and `verifying`. *Invariant:* a result counts only with the
//! id of the attempt that stands in the row; anything else changes nothing.

use std::sync::Arc;

use carillon_domain::outcome::Transport;
use carillon_domain::{Cause, Mac, TargetState, Timestamp};

use crate::phones::contact::ContactUpdate;

use super::claim::ClaimedTarget;
use super::targets::TargetRow;

/// What came of one claim.
#[derive(Clone, Debug)]
pub struct TargetResult {
    /// The target as the claim, or the result before this one, left it. Its attempt and its state
    /// must still stand in the database, else the result came too late.
    pub before: Arc<TargetRow>,
    /// `verifying`, a terminal state, or `waiting` when it is tried again.
    pub state: TargetState,
    /// Why, if not simply well.
    pub cause: Option<Cause>,
    /// What the phone answered.
    pub http_status: Option<u16>,
    /// The way taken.
    pub transport: Option<Transport>,
    /// Now.
    pub at: Timestamp,
    /// How long the exchange took.
    pub duration_ms: Option<i64>,
    /// The beginning of the answer, made safe to show.
    pub excerpt: String,
    /// What proved the effect.
    pub evidence: String,
    /// What the contact taught; `None` when nobody was contacted.
    pub contact: Option<ContactUpdate>,
    /// When it may be tried again, where it waits again.
    pub retry_at: Option<Timestamp>,
    /// Nothing was sent, and the claim is undone: the target is as it was before.
    pub given_back: bool,
}

/// A target that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTarget {
    /// The state it left.
    pub from: TargetState,
    /// The target as it is now.
    pub target: TargetRow,
    /// Whether its claim was undone before anything was sent.
    pub given_back: bool,
}

impl TargetResult {
    /// Which phone.
    pub fn mac(&self) -> Mac {
        self.before.mac
    }

    /// A claim that ends without any contact.
    pub fn unsent(claimed: &ClaimedTarget, cause: Cause, at: Timestamp) -> Self {
        Self {
            before: claimed.target.clone(),
            state: cause.state(),
            cause: Some(cause),
            http_status: None,
            transport: None,
            at,
            duration_ms: None,
            excerpt: String::new(),
            evidence: String::new(),
            contact: None,
            retry_at: None,
            given_back: false,
        }
    }

    /// A claim that is undone before anything was sent.
    pub fn given_back(claimed: &ClaimedTarget, at: Timestamp) -> Self {
        Self {
            state: TargetState::Waiting,
            cause: claimed.last_cause,
            retry_at: Some(at),
            given_back: true,
            ..Self::unsent(claimed, Cause::Interrupted, at)
        }
    }

    /// The target as this result leaves it.
    pub fn after(&self) -> TargetRow {
        let mut target = TargetRow::clone(&self.before);
        target.state = self.state;
        target.cause = self.cause;
        target.finished_at = self.ended_at();
        target.retry_at = self.retry_at;
        if !self.given_back {
            self.tell(&mut target);
        }
        if self.given_back || self.cause == Some(Cause::NoAddress) {
            // Nothing was sent, or there was nowhere to send it to: that is no attempt.
            target.attempts -= 1;
            target.sent_at = target.sent_at.filter(|_| target.attempts > 0);
        }
        target
    }

    /// What was heard. What is seen of an effect comes on top of the answer before it; a claim
    /// begins with nothing, so that no answer to an earlier one, or by another way, is told as its.
    fn tell(&self, target: &mut TargetRow) {
        if !self.adds() {
            target.http_status = None;
            target.transport = None;
            target.duration_ms = None;
            target.excerpt.clear();
            target.evidence.clear();
        }
        target.http_status = self.http_status.or(target.http_status);
        target.transport = self.transport.or(target.transport);
        target.duration_ms = self.duration_ms.or(target.duration_ms);
        for (kept, new) in [
            (&mut target.excerpt, &self.excerpt),
            (&mut target.evidence, &self.evidence),
        ] {
            if !new.is_empty() {
                kept.clone_from(new);
            }
        }
    }

    /// Whether it adds to what stands there already.
    fn adds(&self) -> bool {
        self.before.state == TargetState::Verifying
    }

    pub(super) fn ended_at(&self) -> Option<Timestamp> {
        self.state.is_terminal().then_some(self.at)
    }

    /// Whether it leads anywhere from where the target stood.
    pub(super) fn leads_on(&self) -> bool {
        let on = self.state == TargetState::Verifying || self.may_wait_again();
        match self.before.state {
            TargetState::Sending => self.state.is_terminal() || on,
            TargetState::Verifying => self.state.is_terminal(),
            _ => false,
        }
    }

    /// Whether it may lead back to waiting: never one that may have happened.
    fn may_wait_again(&self) -> bool {
        let surely_not = self.cause.is_some_and(|cause| !cause.may_have_happened());
        let surely_not = surely_not || self.given_back;
        self.state == TargetState::Waiting && self.retry_at.is_some() && surely_not
    }
}
