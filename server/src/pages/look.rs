//! `POST /account/look`: how somebody wants the pages to look.
//!
//! Owns the one way to choose it. It goes with the account, into every browser.

use carillon_domain::look::{Density, Look, Theme};
use carillon_domain::role::Permission;
use carillon_engine::Caller;
use carillon_language::say;

use super::visit::{PageResult, Visit, done};
use crate::fields::{Fields, Form};
use crate::problem::Problem;
use crate::router::table::{Access, Table};

pub(super) fn routes(table: Table) -> Table {
    let own = Access::Needs(Permission::OwnAccount);
    table.post("/account/look", own, choose)
}

/// `POST /account/look`: `theme`, `density` (empty = as the system has it).
async fn choose(visit: Visit, caller: Caller, Form(form): Form) -> PageResult {
    let form = form.only(&["theme", "density"])?;
    let look = Look {
        theme: one_of::<Theme>(&form, "theme")?,
        density: one_of::<Density>(&form, "density")?,
    };
    visit.app.engine().choose_look(&caller, look).await?;
    let text = say("The pages look as you chose.");
    Ok(visit.see_other_saying("/account", &done(text)))
}

fn one_of<T: std::str::FromStr>(form: &Fields, name: &'static str) -> Result<Option<T>, Problem> {
    let Some(word) = form.filled(name) else {
        return Ok(None);
    };
    let chosen = word.parse();
    chosen.map(Some).map_err(|_| {
        Problem::field(
            name,
            "invalid",
            say("Choose one of those that are offered."),
        )
    })
}
