//! The navigation: the nouns of the product, those that this person may see.

use carillon_contract::{FrameView, May};
use carillon_language::{say, text};
use leptos::prelude::*;

use crate::components::icon;

/// One place: address, symbol, word, who sees it, and whether it begins a new group.
struct Place {
    href: &'static str,
    symbol: &'static str,
    word: &'static str,
    seen_by: fn(&May) -> bool,
    group: u8,
}

const PLACES: [Place; 14] = [
    Place {
        href: "/",
        symbol: "overview",
        word: text!("Overview"),
        seen_by: |_| true,
        group: 0,
    },
    Place {
        href: "/phones",
        symbol: "phone",
        word: text!("Phones"),
        seen_by: |may| may.view_inventory,
        group: 0,
    },
    Place {
        href: "/groups",
        symbol: "group",
        word: text!("Groups"),
        seen_by: |may| may.view_inventory,
        group: 0,
    },
    Place {
        href: "/sites",
        symbol: "site",
        word: text!("Sites"),
        seen_by: |may| may.view_inventory,
        group: 0,
    },
    Place {
        href: "/run",
        symbol: "run",
        word: text!("Run"),
        seen_by: |may| may.run_jobs,
        group: 1,
    },
    Place {
        href: "/jobs",
        symbol: "jobs",
        word: text!("Jobs"),
        seen_by: |may| may.view_jobs,
        group: 1,
    },
    Place {
        href: "/approvals",
        symbol: "check",
        word: text!("Approvals"),
        seen_by: |may| may.approve,
        group: 1,
    },
    Place {
        href: "/audit",
        symbol: "audit",
        word: text!("Audit"),
        seen_by: |may| may.view_audit,
        group: 1,
    },
    Place {
        href: "/admin/credentials",
        symbol: "lock",
        word: text!("Credentials"),
        seen_by: |may| may.manage_inventory,
        group: 2,
    },
    Place {
        href: "/admin/users",
        symbol: "user",
        word: text!("Accounts"),
        seen_by: |may| may.administer,
        group: 2,
    },
    Place {
        href: "/admin/tokens",
        symbol: "key",
        word: text!("Tokens"),
        seen_by: |may| may.administer,
        group: 2,
    },
    Place {
        href: "/admin/streams",
        symbol: "send",
        word: text!("Streams"),
        seen_by: |may| may.administer,
        group: 2,
    },
    Place {
        href: "/admin/networks",
        symbol: "network",
        word: text!("Networks"),
        seen_by: |may| may.administer,
        group: 2,
    },
    Place {
        href: "/admin/settings",
        symbol: "danger",
        word: text!("Limits"),
        seen_by: |may| may.administer,
        group: 2,
    },
];

/// The navigation of a page.
pub(super) fn navigation(frame: &FrameView) -> AnyView {
    let Some(user) = &frame.user else {
        return ().into_any();
    };
    let lists: Vec<AnyView> = (0..=2)
        .map(|group| {
            PLACES
                .iter()
                .filter(|place| place.group == group && (place.seen_by)(&user.may))
                .map(|place| link(place, frame))
                .collect::<Vec<_>>()
        })
        .filter(|links| !links.is_empty())
        .map(|links| view! { <ul>{links}</ul> }.into_any())
        .collect();
    view! { <nav class="side" aria-label=say("Main")>{lists}</nav> }.into_any()
}

fn link(place: &Place, frame: &FrameView) -> AnyView {
    let current = is_here(place.href, &frame.path);
    let waits = place.href == "/approvals" && frame.waiting_changes > 0;
    let waiting = waits.then(|| format!(" ({})", frame.waiting_changes));
    view! {
        <li>
            <a href=place.href aria-current=current.then_some("page")>
                {icon(place.symbol)}<span>{say(place.word)}{waiting}</span>
            </a>
        </li>
    }
    .into_any()
}

/// Whether a path is a place or lies below it.
fn is_here(place: &str, path: &str) -> bool {
    match place {
        "/" => path == "/",
        // What is done with ticked phones belongs to their list, also where it is refused.
        "/phones" if path == "/selection" => true,
        _ => path == place || path.starts_with(&format!("{place}/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_belongs_to_its_place() {
        assert!(is_here("/phones", "/phones/00:15:65:aa:bb:cc"));
        assert!(!is_here("/phones", "/phonesx"));
        assert!(is_here("/phones", "/selection"));
        assert!(!is_here("/groups", "/selection"));
        assert!(!is_here("/", "/phones"));
    }
}
