//! Reads answers. What comes here is hostile.
//!
//! Owns the grammar of an answer as far as we need it, and its bounds. What does not fit is no
//! answer; nothing is guessed.

use std::str;

/// Bytes of a message's head.
pub(super) const MAX_HEAD: usize = 8 * 1024;
/// Lines of headers.
const MAX_HEADERS: usize = 64;

/// A readable answer.
pub(super) struct SipAnswer {
    pub(super) status: u16,
    /// The status line, as it came.
    pub(super) line: String,
    /// Whether it came so late that a server in between may have waited for somebody in vain.
    pub(super) is_late: bool,
    pub(super) branch: String,
    call_id: String,
    number: u32,
    method: String,
    challenges: Vec<(Asker, Vec<u8>)>,
}

/// Who asks for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The one that the request is for: 401.
    Server,
    /// A proxy on the way: 407.
    Proxy,
}

impl Asker {
    /// The header that answers it.
    pub(super) const fn header(self) -> &'static str {
        match self {
            Self::Server => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }
}

impl SipAnswer {
    /// Whether it belongs to this transaction of this call.
    pub(super) fn fits(&self, branch: &str, call_id: &str, number: u32) -> bool {
        self.branch == branch
            && self.call_id == call_id
            && self.number == number
            && self.method == super::request::METHOD
    }

    /// The same, as an answer that came late or not.
    pub(super) fn late(self, is_late: bool) -> Self {
        Self { is_late, ..self }
    }

    /// Whether more will come.
    pub(super) const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// The challenges of one asker.
    pub(super) fn challenges(&self, asker: Asker) -> impl Iterator<Item = &[u8]> {
        let of_asker = move |(by, _): &&(Asker, Vec<u8>)| *by == asker;
        self.challenges
            .iter()
            .filter(of_asker)
            .map(|(_, value)| value.as_slice())
    }
}

/// Where the head ends: the place behind its empty line.
pub(super) fn head_end(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(at + 4)
}

/// Reads one message; `None` when it is no answer.
pub(super) fn parse(bytes: &[u8]) -> Option<SipAnswer> {
    let end = head_end(&bytes[..bytes.len().min(MAX_HEAD)])?;
    let head = str::from_utf8(&bytes[..end - 4]).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?;
    let mut answer = SipAnswer {
        status: status(line)?,
        line: line.to_owned(),
        is_late: false,
        branch: String::new(),
        call_id: String::new(),
        number: 0,
        method: String::new(),
        challenges: Vec::new(),
    };
    for (name, value) in headers(lines)? {
        answer.take(&name, &value)?;
    }
    let whole = !answer.branch.is_empty() && !answer.call_id.is_empty() && answer.number > 0;
    whole.then_some(answer)
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("SIP/2.0 ")?;
    let digits = rest.get(..3)?;
    let ends = rest.len() == 3 || rest.as_bytes()[3] == b' ';
    let status = digits.bytes().all(|byte| byte.is_ascii_digit()) && ends;
    let status = status.then(|| digits.parse().ok())??;
    (100..700).contains(&status).then_some(status)
}

/// The headers, with lines that go on put together.
fn headers<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (count, line) in lines.enumerate() {
        if count >= MAX_HEADERS {
            return None;
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = found.last_mut()?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line.split_once(':')?;
        found.push((full_name(name.trim_end()), value.trim().to_owned()));
    }
    Some(found)
}

/// A header's name in lower case, the short forms spelled out.
fn full_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "v" => "via".to_owned(),
        "i" => "call-id".to_owned(),
        "l" => "content-length".to_owned(),
        _ => name,
    }
}

impl SipAnswer {
    fn take(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            // The top one is ours, or the answer is not.
            "via" if self.branch.is_empty() => self.branch = branch(value)?,
            "call-id" if self.call_id.is_empty() => value.clone_into(&mut self.call_id),
            "cseq" if self.number == 0 => {
                let (number, method) = value.split_once([' ', '\t'])?;
                self.number = number.parse().ok()?;
                method.trim_start().clone_into(&mut self.method);
            }
            // A second one would make it two answers in one.
            "call-id" | "cseq" => return None,
            "www-authenticate" => self.challenges.push((Asker::Server, value.into())),
            "proxy-authenticate" => self.challenges.push((Asker::Proxy, value.into())),
            _ => {}
        }
        Some(())
    }
}

/// The branch of the first element of a `Via`.
fn branch(via: &str) -> Option<String> {
    let first = via.split(',').next()?;
    let mut parameters = first.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_branch = name.trim().eq_ignore_ascii_case("branch");
        is_branch.then(|| value.trim().to_owned())
    })
}

/// The length that a head says of its body; `Err` when it says so in no readable way.
pub(super) fn body_length(head: &[u8]) -> Result<usize, ()> {
    let text = str::from_utf8(head).map_err(|_| ())?;
    let mut length = None;
    for line in text.split("\r\n").skip(1) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if full_name(name.trim_end()) == "content-length" {
            let value = value.trim();
            let plain = !value.is_empty() && value.len() <= 6;
            let digits = plain && value.bytes().all(|byte| byte.is_ascii_digit());
            let value = digits.then(|| value.parse().ok()).flatten().ok_or(())?;
            if length.replace(value).is_some_and(|other| other != value) {
                return Err(());
            }
        }
    }
    Ok(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "SIP/2.0 407 Proxy Authentication Required\r\n\
        v: SIP/2.0/UDP 10.0.0.1:5060;rport=1;BRANCH = z9hG4bKab;received=10.0.0.1, SIP/2.0/UDP x;branch=no\r\n\
        Via: SIP/2.0/UDP y;branch=other\r\n\
        From: <sip:a@b>;tag=1\r\n\
        To: <sip:c@d>;tag=2\r\n\
        i: abc\r\n\
        CSEQ:  2  NOTIFY\r\n\
        Proxy-Authenticate: Digest realm=\"r\",\r\n nonce=\"n\"\r\n\
        Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256\r\n\
        WWW-Authenticate: Digest realm=\"phone\", nonce=\"n\"\r\n\
        Content-Length: 0\r\n\r\n";

    #[test]
    fn a_whole_answer_is_read() {
        let answer = parse(GOOD.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 407);
        assert_eq!(answer.line, "SIP/2.0 407 Proxy Authentication Required");
        assert!(answer.fits("z9hG4bKab", "abc", 2));
        for (branch, call, number) in [
            ("z9hG4bKaB", "abc", 2),
            ("z9hG4bKab", "abd", 2),
            ("z9hG4bKab", "abc", 1),
        ] {
            assert!(!answer.fits(branch, call, number));
        }
        assert_eq!(answer.challenges(Asker::Proxy).count(), 2);
        assert_eq!(
            answer.challenges(Asker::Proxy).next(),
            Some(br#"Digest realm="r", nonce="n""#.as_slice())
        );
        assert_eq!(answer.challenges(Asker::Server).count(), 1);
    }

    #[test]
    fn an_answer_to_another_method_is_not_ours() {
        let other = GOOD.replace("NOTIFY", "OPTIONS");
        let answer = parse(other.as_bytes()).expect("an answer");
        assert!(!answer.fits("z9hG4bKab", "abc", 2));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let without = |line: &str| GOOD.replace(line, "");
        let many = format!("{}\r\n", "X: y\r\n".repeat(65));
        for bad in [
            String::new(),
            "SIP/2.0 200 OK\r\n\r\n".to_owned(),
            GOOD.replace("SIP/2.0 407", "SIP/3.0 407"),
            GOOD.replace("SIP/2.0 407", "SIP/2.0 099"),
            GOOD.replace("SIP/2.0 407", "SIP/2.0 700"),
            GOOD.replace("SIP/2.0 407", "SIP/2.0 4070"),
            GOOD.replace("SIP/2.0 407", "SIP/2.0 +07"),
            GOOD.replace("SIP/2.0 407 P", "NOTIFY sip:a SIP/2.0 "),
            GOOD.replace("CSEQ:  2", "CSEQ:  99999999999"),
            GOOD.replace("CSEQ:  2  NOTIFY", "CSEQ: 2"),
            GOOD.replace("i: abc", "i: abc\r\nCall-ID: abd"),
            GOOD.replace("i: abc", "no colon"),
            without("i: abc\r\n"),
            without("CSEQ:  2  NOTIFY\r\n"),
            GOOD.replace("branch", "b").replace("BRANCH", "b"),
            GOOD.replace("\r\n\r\n", &many),
            GOOD.replace("\r\n", "\n"),
            GOOD.replace("From:", &format!("X: {}\r\nFrom:", "a".repeat(MAX_HEAD))),
        ] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(parse(b"SIP/2.0 200 \xff\xfe\r\n\r\n").is_none());
    }

    #[test]
    fn a_length_is_small_digits_or_an_error() {
        let of = |value: &str| body_length(format!("S\r\nX: y\r\nl: {value}\r\n\r\n").as_bytes());
        assert_eq!(of("0"), Ok(0));
        assert_eq!(of("65536"), Ok(65_536));
        for bad in [
            "",
            "-1",
            "+1",
            "1 2",
            "18446744073709551615",
            "0x10",
            "1\r\nl: 2",
        ] {
            assert_eq!(of(bad), Err(()), "{bad:?}");
        }
        assert_eq!(body_length(b"SIP/2.0 200 OK\r\n\r\n"), Ok(0));
    }

    proptest! {
        #[test]
        fn no_bytes_upset_the_reader(bytes: Vec<u8>, text in "SIP/2.0 [0-9 :;=,\r\na-z]{0,80}") {
            let _ = parse(&bytes);
            let _ = parse(text.as_bytes());
            let _ = body_length(&bytes);
        }
    }
}
