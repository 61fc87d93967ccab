//! Reads the catalogue format of gettext, as far as catalogues here use it.
//!
//! `msgctxt`, `msgid`, `msgid_plural`, `msgstr`, `msgstr[0]`, `msgstr[1]`; strings may go on in
//! the lines below. Comments are passed over.

use crate::CONTEXT_END;
use crate::catalogue::Translation;

/// One entry: its key, and what is said.
pub(crate) type Entry = (String, Translation);

/// All entries that are translated, in order.
pub(crate) fn entries(file: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut raw = Raw::default();
    for line in file.lines().map(str::trim) {
        if line.is_empty() {
            found.extend(std::mem::take(&mut raw).entry());
        } else if !line.starts_with('#') {
            raw.take(line);
        }
    }
    found.extend(raw.entry());
    found
}

#[derive(Default)]
struct Raw {
    fields: Vec<(String, String)>,
}

impl Raw {
    fn take(&mut self, line: &str) {
        let Some((word, text)) = line.split_once('"') else {
            return;
        };
        let text = unescaped(text.strip_suffix('"').unwrap_or(text));
        let word = word.trim();
        match self.fields.last_mut() {
            Some((_, last)) if word.is_empty() => last.push_str(&text),
            _ => self.fields.push((word.to_owned(), text)),
        }
    }

    fn field(&self, word: &str) -> Option<&str> {
        let (_, text) = self.fields.iter().find(|(known, _)| known == word)?;
        Some(text)
    }

    fn entry(&self) -> Option<Entry> {
        let id = self.field("msgid").filter(|id| !id.is_empty())?;
        let key = match self.field("msgctxt") {
            Some(context) => format!("{context}{CONTEXT_END}{id}"),
            None => id.to_owned(),
        };
        let translation = match self.field("msgid_plural") {
            None => Translation::Text(self.field("msgstr")?.to_owned()),
            Some(plural) => Translation::Counted {
                source: plural.to_owned(),
                one: self.field("msgstr[0]")?.to_owned(),
                many: self.field("msgstr[1]")?.to_owned(),
            },
        };
        Some((key, translation))
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_with_context_plural_and_lines() {
        let file = "# a head\nmsgid \"\"\nmsgstr \"Language: de\\n\"\n\n#: where\nmsgctxt \"job\"\nmsgid \"Stopped\"\n\
                    msgstr \"Abge\"\n\"brochen\"\n\nmsgid \"{count} phone\"\nmsgid_plural \"{count} phones\"\n\
                    msgstr[0] \"{count} Telefon\"\nmsgstr[1] \"{count} Telefone\"\n";
        let counted = Translation::Counted {
            source: "{count} phones".to_owned(),
            one: "{count} Telefon".to_owned(),
            many: "{count} Telefone".to_owned(),
        };
        let stopped = Translation::Text("Abgebrochen".to_owned());
        let expected = [
            (format!("job{CONTEXT_END}Stopped"), stopped),
            ("{count} phone".to_owned(), counted),
        ];
        assert_eq!(entries(file), expected);
    }

    #[test]
    fn marks_inside_strings_are_read() {
        assert_eq!(unescaped(r#"a \"b\" \\ c\n"#), "a \"b\" \\ c\n");
    }
}
