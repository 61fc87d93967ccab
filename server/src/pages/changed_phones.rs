//! The phones that a request would delete, in words: how many, which, and where they stand.

use carillon_contract::changes::{ChangeLine, LeavingPhone};
use carillon_language::{number, say, say_many};
use serde_json::Value;

use super::changes::line;

/// The title of the request, and what it says of its phones.
pub(super) fn in_words(base: &Value) -> (String, Vec<ChangeLine>) {
    let count = i64::try_from(list(&base["value"]).count()).unwrap_or(i64::MAX);
    let title = say!("Delete {phones}", phones = phones(count));
    let mut lines = vec![gone(say("Phones"), number(count))];
    lines.extend(list(&base["sites"]).map(|site| {
        let name = site[0].as_str().filter(|name| !name.is_empty());
        let label = name.unwrap_or_else(|| say("no site"));
        gone(label, phones(site[1].as_i64().unwrap_or(0)))
    }));
    let in_jobs = base["jobs"].as_object().map_or(0, serde_json::Map::len);
    let warned = [
        (say("Protected"), base["protected"].as_i64().unwrap_or(0)),
        (
            say("In jobs under way"),
            i64::try_from(in_jobs).unwrap_or(i64::MAX),
        ),
    ];
    let warned = warned.into_iter().filter(|(_, count)| *count > 0);
    lines.extend(warned.map(|(label, count)| gone(label, phones(count))));
    (title, lines)
}

/// Which phones they are: all of them, by name.
pub(super) fn named(base: &Value) -> Vec<LeavingPhone> {
    let all = base["phones"].as_object().into_iter().flatten();
    let phone = |(mac, facts): (&String, &Value)| {
        let name = facts[0].as_str().unwrap_or(mac).to_owned();
        let site = base["places"][mac].as_str().unwrap_or_default();
        Some(LeavingPhone {
            mac: mac.parse().ok()?,
            beside: beside(&name, [site.to_owned(), mac.clone()]),
            name,
        })
    };
    let mut phones: Vec<LeavingPhone> = all.filter_map(phone).collect();
    by_name(&mut phones);
    phones
}

/// In the order of the list of phones.
pub(super) fn by_name(phones: &mut [LeavingPhone]) {
    phones.sort_by_cached_key(|phone| (phone.name.to_lowercase(), phone.mac));
}

/// What stands beside the name of a phone, that it has not in it already.
pub(super) fn beside(name: &str, parts: impl IntoIterator<Item = String>) -> String {
    let parts = parts.into_iter();
    let told = parts.filter(|part| !part.is_empty() && part != name);
    told.collect::<Vec<_>>().join(" · ")
}

/// What is said once they are gone.
pub(super) fn deleted(base: &Value) -> String {
    let count = i64::try_from(list(&base["value"]).count()).unwrap_or(i64::MAX);
    say_many!(
        count,
        "{count} phone was deleted.",
        "{count} phones were deleted."
    )
}

fn gone(label: &str, before: String) -> ChangeLine {
    line(label, before, say("deleted"))
}

fn phones(count: i64) -> String {
    say_many!(count, "{count} phone", "{count} phones")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_is_named_by_name_with_its_site() {
        let mac = |last: u8| format!("00:15:65:00:00:{last:02x}");
        let base = json!({
            "phones": { mac(1): ["Lab (20)", "x"], mac(2): ["desk (21)", "y"], mac(3): [mac(3), "z"] },
            "places": { mac(1): "Kiel", mac(2): "" },
        });
        let said = named(&base).into_iter();
        let said: Vec<_> = said.map(|phone| (phone.name, phone.beside)).collect();
        let line = |name: &str, beside: &str| (name.to_owned(), beside.to_owned());
        let (first, second) = (mac(1), mac(2));
        assert_eq!(
            said,
            [
                line(&mac(3), ""),
                line("desk (21)", &second),
                line("Lab (20)", &format!("Kiel · {first}")),
            ]
        );
    }

    #[test]
    fn the_phones_and_the_sites_are_counted() {
        let names: Vec<String> = (1..=12).map(|number| format!("Desk {number}")).collect();
        let base = json!({
            "value": names, "sites": [["", 2], ["Kiel", 10]], "protected": 1, "jobs": {},
        });
        let (title, lines) = in_words(&base);
        assert_eq!(title, "Delete 12 phones");
        assert_eq!(deleted(&base), "12 phones were deleted.");
        let said: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.label.as_str(),
                    line.before.as_str(),
                    line.after.as_str(),
                )
            })
            .collect();
        assert_eq!(
            said,
            [
                ("Phones", "12", "deleted"),
                ("no site", "2 phones", "deleted"),
                ("Kiel", "10 phones", "deleted"),
                ("Protected", "1 phone", "deleted"),
            ]
        );
    }
}
