//! How everything begins that people and tokens write.
//!
//! Owns the second look at who asks. A request is judged by what was read when it began; meanwhile
//! somebody may have been disabled or narrowed, or their session or token may have ended. *Invariant:*
//! the unit that writes reads all of that again, and keeps it as it is until it is over: what is
//! written was allowed at the moment at which it became true, and stands before the record of a change
//! that would have forbidden it. Which files may begin a unit otherwise is a house rule.

use carillon_domain::Reach;
use carillon_domain::role::Role;
use carillon_store::{Keeps, Store, Unit, UserRow};

use super::access::{reach_of, reach_of_token};
use super::bearer::capped_role;
use crate::caller::{Caller, Pass};
use crate::error::{EngineError, Result};

/// What is known of an account by its session or token.
struct Standing {
    disabled: bool,
    role: Role,
    reach: Reach,
}

impl Caller {
    /// Begins what this caller writes.
    ///
    /// # Errors
    /// [`EngineError::RightsChanged`] when what they were let in for does not hold any more.
    pub(crate) async fn begin(&self, store: &Store) -> Result<Unit> {
        self.begin_keeping(store, Keeps::Nothing).await
    }

    /// The same for what keeps something to itself from its beginning.
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn begin_keeping(&self, store: &Store, keeps: Keeps) -> Result<Unit> {
        let mut unit = store.begin_keeping(keeps).await?;
        let Some(pass) = self.pass() else {
            return Ok(unit);
        };
        let holds = match standing(&mut unit, pass).await? {
            Some(now) => !now.disabled && (now.role, &now.reach) == (self.role, &self.reach),
            None => false,
        };
        if holds {
            Ok(unit)
        } else {
            Err(EngineError::RightsChanged)
        }
    }
}

/// As it stands in this unit and stays until its end; `None` where the session or token ended.
async fn standing(unit: &mut Unit, pass: &Pass) -> Result<Option<Standing>> {
    Ok(match pass {
        Pass::Session(hash) => {
            let found = unit.session_to_keep(hash).await?;
            found.map(|found| of(&found.user, found.user.role, reach_of(&found.user)))
        }
        Pass::Token(id) => {
            let found = unit.token_to_keep(id).await?;
            let found = found.filter(|(token, _)| token.revoked_at.is_none());
            found.map(|(token, user)| {
                let role = capped_role(token.scope, user.role);
                of(&user, role, reach_of_token(&token, &user))
            })
        }
    })
}

const fn of(user: &UserRow, role: Role, reach: Reach) -> Standing {
    Standing {
        disabled: user.disabled,
        role,
        reach,
    }
}
