//! What a request asks for.
//!
//! Owns the grammar of the phones' URLs, as strict as the strictest phone: `key` comes first,
//! case matters, and anything behind it that does not belong there makes the request one
//! without effect.

use std::borrow::Cow;

use carillon_domain::phone::UrlForm;
use percent_encoding::percent_decode_str;

/// A request target, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Which door was used.
    pub(crate) door: Door,
    /// What for.
    pub(crate) wish: Wish,
    /// User and password of the legacy login.
    pub(crate) login: Option<(String, String)>,
    /// Path and query without the login.
    pub(crate) shown: String,
}

/// The paths that a phone serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Form(UrlForm),
    Screen,
    Other,
}

/// What the query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Values to run in order.
    Keys(Vec<String>),
    /// A number to dial.
    Dial(String),
    /// Settings to show.
    Settings(Shown),
    /// The screen.
    Screen,
    /// Nothing that a phone understands.
    Nothing,
}

/// Which parts of the settings were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) accounts: bool,
    pub(crate) dnd: bool,
    pub(crate) firmware: bool,
}

impl Asked {
    pub(crate) fn parse(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let door = Door::of(path);
        let (login, rest) = take_login(query);
        let wish = match door {
            Door::Screen => Wish::Screen,
            Door::Form(_) => Wish::parse(&rest),
            Door::Other => Wish::Nothing,
        };
        let shown = if rest.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{rest}")
        };
        Self {
            door,
            wish,
            login,
            shown,
        }
    }
}

impl Door {
    fn of(path: &str) -> Self {
        if matches!(path, "/screencapture" | "/screencapture/download") {
            return Self::Screen;
        }
        UrlForm::ALL
            .iter()
            .find(|form| form.path() == path)
            .map_or(Self::Other, |form| Self::Form(*form))
    }
}

/// Cuts the legacy login out of a query: what is left is the request proper.
fn take_login(query: &str) -> (Option<(String, String)>, Cow<'_, str>) {
    if !query.split('&').any(|part| part.starts_with("pwd=")) {
        return (None, Cow::Borrowed(query));
    }
    let (mut user, mut password) = (String::new(), String::new());
    let mut rest = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("username", value)) => user = decode(value),
            Some(("pwd", value)) => password = decode(value),
            Some(("p" | "q" | "jumpto", _)) => {}
            _ => rest.push(part),
        }
    }
    (Some((user, password)), Cow::Owned(rest.join("&")))
}

impl Wish {
    fn parse(query: &str) -> Self {
        let (first, rest) = match query.split_once('&') {
            Some((first, rest)) => (first, Some(rest)),
            None => (query, None),
        };
        match (first.split_once('='), rest) {
            (Some(("key", value)), rest) => Self::key(value, rest),
            (Some(("number", number)), rest) if is_account(rest) => Self::Dial(decode(number)),
            (Some(("phonecfg", "get")), rest) => Self::settings(rest),
            (Some(("command", "screenshot")), None)
            | (Some(("m", "mod_action")), Some("command=screenshot")) => Self::Screen,
            _ => Self::Nothing,
        }
    }

    fn key(value: &str, rest: Option<&str>) -> Self {
        match (value.strip_prefix("number="), rest) {
            (Some(number), rest) if is_account(rest) => Self::Dial(decode(number)),
            (None, None) => Self::Keys(decode(value).split(';').map(str::to_owned).collect()),
            _ => Self::Nothing,
        }
    }

    fn settings(rest: Option<&str>) -> Self {
        let Some(rest) = rest else {
            return Self::Settings(Shown {
                accounts: true,
                dnd: true,
                firmware: true,
            });
        };
        let asked = |name| rest.split('&').any(|part| part == name);
        Self::Settings(Shown {
            accounts: asked("accounts=1"),
            dnd: asked("dnd=1"),
            firmware: asked("fw=1"),
        })
    }
}

/// Behind a number only the account to dial from may follow.
fn is_account(rest: Option<&str>) -> bool {
    rest.is_none_or(|rest| rest.starts_with("outgoing_uri=") && !rest.contains('&'))
}

/// Form decoding: a bare `+` is a space, as real phones take it.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(target: &str) -> Wish {
        Asked::parse(target).wish
    }

    fn keys(values: &[&str]) -> Wish {
        Wish::Keys(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn the_manuals_forms_are_understood() {
        assert_eq!(wish("/servlet?key=OK"), keys(&["OK"]));
        assert_eq!(wish("/cgi-bin/ConfigManApp.com?key=OK"), keys(&["OK"]));
        assert_eq!(wish("/cgi-bin/cgiServer.exx?key=OK"), keys(&["OK"]));
        assert_eq!(wish("/servlet?key=ASW;MUTE"), keys(&["ASW", "MUTE"]));
        assert_eq!(wish("/servlet?key=ASW:33093"), keys(&["ASW:33093"]));
        assert_eq!(
            wish("/servlet?key=NoAnswFwdOn=1001=24"),
            keys(&["NoAnswFwdOn=1001=24"])
        );
        let number = Wish::Dial("+4930123".to_owned());
        assert_eq!(
            wish("/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48"),
            number
        );
        assert_eq!(wish("/servlet?number=%2B4930123"), number);
        assert_eq!(wish("/screencapture"), Wish::Screen);
        assert_eq!(
            wish("/servlet?m=mod_action&command=screenshot"),
            Wish::Screen
        );
    }

    #[test]
    fn what_phones_do_not_take_has_no_effect() {
        for target in [
            "/servlet?Key=Reboot",
            "/servlet?key=Reboot&",
            "/servlet?a=1&key=Reboot",
            "/servlet?key=Reboot&a=1",
            "/servlet",
        ] {
            assert_eq!(wish(target), Wish::Nothing, "{target}");
        }
        assert_eq!(
            wish("/servlet?number=+4930"),
            Wish::Dial(" 4930".to_owned())
        );
    }

    #[test]
    fn parts_of_the_settings() {
        let all = wish("/servlet?phonecfg=get");
        assert_eq!(all, wish("/servlet?phonecfg=get&accounts=1&dnd=1&fw=1"));
        let Wish::Settings(shown) = wish("/servlet?phonecfg=get&accounts=0&dnd=1") else {
            panic!("settings");
        };
        assert!(shown.dnd && !shown.accounts && !shown.firmware);
    }

    #[test]
    fn the_login_is_cut_out() {
        let asked = Asked::parse(
            "/servlet?p=login&q=login&username=admin&pwd=s%26cret&jumpto=URI&key=Reboot",
        );
        assert_eq!(asked.login, Some(("admin".into(), "s&cret".into())));
        assert_eq!(asked.shown, "/servlet?key=Reboot");
        assert_eq!(asked.wish, keys(&["Reboot"]));
    }
}
