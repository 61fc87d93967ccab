//! A browser as people call it.
//!
//! Owns the reading of what browsers say of themselves. It never decides anything: whoever asks
//! may say what they like.

use carillon_language::say;

/// Marks and names of browsers. Most name others too, so the order counts.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("node", "Node.js"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox, Windows`; what is not known stays as it says itself, cut where it is long.
pub(crate) fn name_of(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        let mut names = names.iter();
        names
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) => one.to_owned(),
        _ if agent.is_empty() => say("unknown browser").to_owned(),
        _ => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_their_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(name_of(edge), "Edge, Windows");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E Safari/604.1";
        assert_eq!(name_of(safari), "Safari, iPhone");
        assert_eq!(name_of("curl/8.5.0"), "curl");
        assert_eq!(name_of(""), "unknown browser");
        assert_eq!(name_of(&"x".repeat(300)).len(), 40);
    }
}
