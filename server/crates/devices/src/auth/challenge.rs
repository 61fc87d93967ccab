//! Reads `WWW-Authenticate`.
//!
//! Owns the grammar of challenges (RFC 9110 §11), read strictly: what does not fit is no
//! challenge. Sizes are bounded, because what is read here is sent back.

/// Bytes of one value.
const MAX_VALUE: usize = 256;
/// Parameters of one challenge.
const MAX_PARAMETERS: usize = 16;

/// One challenge: a scheme with its parameters.
pub(super) struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Whether it is of a scheme, given in lower case.
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme == scheme
    }

    /// The value of a parameter, whose name is given in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the challenges of one header value; `None` when it breaks the grammar anywhere.
pub(super) fn parse(value: &[u8]) -> Option<Vec<Challenge>> {
    let text = std::str::from_utf8(value).ok()?;
    let mut reader = Reader { rest: text };
    let mut challenges: Vec<Challenge> = Vec::new();
    reader.skip_commas();
    while !reader.rest.is_empty() {
        let word = reader.token()?.to_ascii_lowercase();
        let spaced = reader.skip_spaces();
        if reader.rest.starts_with('=') && !challenges.is_empty() {
            let value = reader.value()?;
            challenges.last_mut()?.add(word, value)?;
        } else {
            challenges.push(Challenge {
                scheme: word,
                parameters: Vec::new(),
            });
            // A scheme is followed by its first parameter or token68, or by the next one.
            if spaced && !reader.rest.starts_with(',') && !reader.rest.is_empty() {
                if reader.skip_token68() {
                    reader.separator()?;
                }
                continue;
            }
        }
        reader.separator()?;
    }
    Some(challenges)
}

impl Challenge {
    fn add(&mut self, name: String, value: String) -> Option<()> {
        if self.parameters.len() >= MAX_PARAMETERS || self.get(&name).is_some() {
            return None;
        }
        self.parameters.push((name, value));
        Some(())
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn token(&mut self) -> Option<&'a str> {
        let end = self
            .rest
            .find(|c: char| !is_token(c))
            .unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!token.is_empty() && token.len() <= MAX_VALUE).then_some(token)
    }

    /// Reads `= value`, the value a token or a quoted string.
    fn value(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('=')?;
        self.skip_spaces();
        if self.rest.starts_with('"') {
            self.quoted()
        } else {
            self.token().map(str::to_owned)
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            let character = match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                '\\' => characters.next()?.1,
                other => other,
            };
            if character.is_control() {
                return None;
            }
            value.push(character);
            if value.len() > MAX_VALUE {
                return None;
            }
        }
        None
    }

    /// Skips a token68 such as the blob of `Negotiate`. Leaves parameters alone.
    fn skip_token68(&mut self) -> bool {
        let body = self
            .rest
            .find(|c: char| !is_token68(c))
            .unwrap_or(self.rest.len());
        let padded = self.rest[body..].trim_start_matches('=');
        let after = padded.trim_start_matches([' ', '\t']);
        let is_blob = body > 0 && (after.is_empty() || after.starts_with(','));
        if is_blob {
            self.rest = after;
        }
        is_blob
    }

    fn skip_spaces(&mut self) -> bool {
        let trimmed = self.rest.trim_start_matches([' ', '\t']);
        let skipped = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        skipped
    }

    fn skip_commas(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }

    /// Ends one element of the list: a comma, or the end.
    fn separator(&mut self) -> Option<()> {
        self.skip_spaces();
        if !self.rest.is_empty() && !self.rest.starts_with(',') {
            return None;
        }
        self.skip_commas();
        Some(())
    }
}

const fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(
            character,
            '!' | '#'
                | '$'
                | '%'
                | '&'
                | '\''
                | '*'
                | '+'
                | '-'
                | '.'
                | '^'
                | '_'
                | '`'
                | '|'
                | '~'
        )
}

const fn is_token68(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~' | '+' | '/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schemes(text: &str) -> Option<Vec<String>> {
        parse(text.as_bytes()).map(|list| list.into_iter().map(|c| c.scheme).collect())
    }

    #[test]
    fn one_challenge_with_parameters() {
        let list = parse(br#"Digest realm="a \"b\", c", nonce = "n" ,qop=auth,opaque="""#)
            .expect("readable");
        assert_eq!(list.len(), 1);
        assert!(list[0].is("digest"));
        assert_eq!(list[0].get("realm"), Some("a \"b\", c"));
        assert_eq!(list[0].get("nonce"), Some("n"));
        assert_eq!(list[0].get("qop"), Some("auth"));
        assert_eq!(list[0].get("opaque"), Some(""));
    }

    #[test]
    fn several_in_one_line() {
        assert_eq!(
            schemes(r#"Basic realm="x", Digest realm="y", nonce="n", Negotiate"#),
            Some(vec!["basic".into(), "digest".into(), "negotiate".into()])
        );
        assert_eq!(
            schemes(r#"Negotiate YWJjZA==, Basic realm="x""#),
            Some(vec!["negotiate".into(), "basic".into()])
        );
        assert_eq!(schemes(", ,Basic"), Some(vec!["basic".into()]));
    }

    #[test]
    fn what_breaks_the_grammar_is_refused_whole() {
        for bad in [
            r#"Digest realm="x"#,
            r#"Digest realm="x" nonce="y""#,
            r#"Digest realm="x", realm="y""#,
            r#"realm="x""#,
            r#"Digest realm="a\"#,
            "Digest realm=\"a\tb\"",
            r"Digest realm=",
            r#"Digest ="x""#,
            r#"Digest realm="x",nonce"y""#,
            "Digest, realm",
            r#"Basic "realm""#,
            "Digest realm=ä",
            "@@@",
        ] {
            assert!(
                parse(bad.as_bytes())
                    .is_none_or(|list| list.iter().all(|c| c.parameters.is_empty())),
                "{bad}"
            );
        }
        assert!(parse(&[b'D', 0xff]).is_none());
    }

    #[test]
    fn sizes_are_bounded() {
        let fits = format!("Digest nonce=\"{}\"", "n".repeat(256));
        let exceeds = format!("Digest nonce=\"{}\"", "n".repeat(257));
        assert!(parse(fits.as_bytes()).is_some());
        assert!(parse(exceeds.as_bytes()).is_none());
        let many: Vec<String> = (0..17).map(|i| format!("p{i}=v")).collect();
        assert!(parse(format!("Digest {}", many.join(",")).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn no_header_value_upsets_the_reader(bytes: Vec<u8>, text in r#"[Dd]igest [ ,="\\a-z]{0,60}"#) {
            let _ = parse(&bytes);
            let _ = parse(text.as_bytes());
        }

        #[test]
        fn a_quoted_value_comes_back(value in r#"[ !#-\[\]-~"\\]{0,100}"#) {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let list = parse(format!("Digest realm=\"{quoted}\"").as_bytes()).expect("readable");
            prop_assert_eq!(list[0].get("realm"), Some(value.as_str()));
        }
    }
}
