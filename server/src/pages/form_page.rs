//! The page that a form is on, by the address to which it is sent.
//!
//! Owns where Reload and Back lead from the answer to a form, which no browser fetches anew.
//! *Invariant:* every form of the table of routes leads to an address that can be read.

/// Forms of one page: how their addresses begin, and that page.
const OF_A_PAGE: [(&str, &str); 13] = [
    ("/account/second-factor/", "/account/second-factor"),
    ("/account/", "/account"),
    ("/admin/settings/", "/admin/settings"),
    ("/admin/streams/", "/admin/streams"),
    ("/admin/tokens/", "/admin/tokens"),
    ("/changes/", "/approvals"),
    ("/language", "/"),
    ("/phones/columns", "/phones"),
    ("/phones/views", "/phones"),
    ("/run/without-missing", "/run"),
    // What was ticked is in no address.
    ("/selection", "/phones"),
    ("/sign-out", "/"),
    ("/stop-all/", "/stop-all"),
];

/// Forms on the page of one thing: how their addresses end, and how that of the page does.
const OF_A_THING: [(&str, &str); 22] = [
    ("/again", ""),
    ("/approve", ""),
    ("/confirm-pin", ""),
    ("/deny", ""),
    ("/disable", "/edit"),
    ("/do", ""),
    ("/enable", "/edit"),
    ("/forget-pin", ""),
    ("/forget-sign-in", ""),
    ("/held/release", ""),
    ("/held/skip", ""),
    ("/keys", ""),
    ("/legacy-login", ""),
    ("/members", ""),
    ("/number", ""),
    ("/pause", ""),
    ("/reset-factor", "/edit"),
    ("/reset-link", "/edit"),
    ("/resume", ""),
    ("/retry", ""),
    ("/screen", ""),
    ("/sip/remove", "/sip"),
];

/// The page of the form that is sent there; most forms are sent to the address of their page.
pub fn of(path: &str) -> String {
    let page = OF_A_PAGE
        .iter()
        .find(|(begins, _)| path.starts_with(begins));
    if let Some((_, page)) = page {
        return (*page).to_owned();
    }
    let of_a_thing = OF_A_THING.iter().find_map(|(ends, instead)| {
        let thing = path.strip_suffix(ends)?;
        Some(format!("{thing}{instead}"))
    });
    of_a_thing.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::table::Verb;

    #[test]
    fn every_form_leads_to_a_page_that_can_be_read() {
        let (routes, _) = crate::pages::routes().into_parts();
        let of_verb = |verb: Verb| routes.iter().filter(move |route| route.verb == verb);
        let pages: Vec<&str> = of_verb(Verb::Get).map(|route| route.path).collect();
        assert!(of_verb(Verb::Post).count() > 60, "not all forms are asked");
        for form in of_verb(Verb::Post) {
            let page = of(form.path);
            assert!(pages.contains(&page.as_str()), "{} → {page}", form.path);
        }
    }

    #[test]
    fn a_form_leads_to_its_own_page() {
        assert_eq!(of("/groups/new"), "/groups/new");
        assert_eq!(of("/account/password"), "/account");
        assert_eq!(of("/jobs/0192/held/skip"), "/jobs/0192");
        assert_eq!(of("/admin/users/j.doe/disable"), "/admin/users/j.doe/edit");
    }
}
