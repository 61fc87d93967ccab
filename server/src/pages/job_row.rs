//! One job as a line of a list.
//!
//! Shared by the list of jobs, the overview and the page of a group.

use carillon_contract::jobs::JobRow as Line;
use carillon_contract::list::Link;
use carillon_store::{JobRow, LonePhone};
use serde_json::Value;

use super::{action_words, actor_words};
use carillon_language::{say, say_many};

/// One line.
pub fn row_view(row: &JobRow) -> Line {
    Line {
        id: row.id.clone(),
        action: row.action.clone(),
        title: title(&row.action),
        targets: targets(&row.targets_shown),
        phone: row.lone_phone.as_ref().map(phone),
        state: row.state,
        counts: row.counts,
        total: row.total,
        actor: actor_words::shown(&row.actor.name),
        reason: row.reason.clone(),
        created_at: row.created_at,
        start_at: row.start_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

/// The only phone of a job; one without a name is told by its MAC.
fn phone((mac, name): &LonePhone) -> Link {
    let href = format!("/phones/{mac}");
    if name.is_empty() {
        return Link::new(mac.to_string(), href);
    }
    Link::new(name.clone(), href)
}

/// The name of an action for people.
pub fn title(name: &str) -> String {
    action_words::short_title(name)
}

/// What was asked for, in words: `group vertrieb, site:kiel, 3 phones`.
pub fn targets(shown: &Value) -> String {
    let mut parts = Vec::new();
    let groups = shown["groups"].as_array().map_or(&[][..], Vec::as_slice);
    parts.extend(
        groups
            .iter()
            .filter_map(Value::as_str)
            .map(|slug| say!("group {slug}", slug)),
    );
    match shown["filter"].as_str() {
        Some("") => parts.push(say("all phones").to_owned()),
        Some(filter) => parts.push(filter.to_owned()),
        None => {}
    }
    match shown["phones"].as_i64().unwrap_or_default() {
        0 => {}
        many => {
            let phones = say_many!(many, "{count} phone", "{count} phones");
            parts.push(match shown["picked_by"].as_str() {
                Some(filter) => say!("{phones} picked by {filter}", phones, filter),
                None => phones,
            });
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lone_phone_is_told_by_its_name_or_else_its_mac() {
        let mac = "00:15:65:00:00:01".parse().unwrap();
        let told = phone(&(mac, "Reception".to_owned()));
        assert_eq!(
            (told.text.as_str(), told.href),
            ("Reception", format!("/phones/{mac}"))
        );
        assert_eq!(phone(&(mac, String::new())).text, mac.to_string());
    }

    #[test]
    fn targets_read_as_they_were_asked_for() {
        let shown = json!({"phones": 3, "groups": ["vip"], "filter": "site:kiel"});
        assert_eq!(targets(&shown), "group vip, site:kiel, 3 phones");
        assert_eq!(
            targets(&json!({"phones": 0, "groups": [], "filter": ""})),
            "all phones"
        );
        assert_eq!(
            targets(&json!({"phones": 120, "groups": [], "picked_by": "site:hamburg"})),
            "120 phones picked by site:hamburg"
        );
    }
}
