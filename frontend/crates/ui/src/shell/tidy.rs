//! Takes out the marks that Leptos leaves for waking a page.
//!
//! Only islands are woken, so only they keep theirs; the rest of the page gets smaller and
//! becomes valid HTML. *Invariant:* nothing inside a tag or a text is touched.

const ISLAND: &str = "<leptos-island";
const ISLAND_END: &str = "</leptos-island>";

/// The document without marks outside its islands.
pub(super) fn tidy(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with(ISLAND) {
            rest.find(ISLAND_END)
                .map_or(rest.len(), |end| end + ISLAND_END.len())
        } else {
            tag_length(rest)
        };
        let (tag, after) = rest.split_at(length);
        if !tag.starts_with("<!") {
            out.push_str(tag);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// How long the tag or mark is that this text begins with. A `>` inside quotes ends no tag.
fn tag_length(text: &str) -> usize {
    if text.starts_with("<!--") {
        return text.find("-->").map_or(text.len(), |end| end + 3);
    }
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn marks_go_and_texts_stay() {
        assert_eq!(tidy("<p>a<!>b<!--<() />--></p>"), "<p>ab</p>");
        assert_eq!(
            tidy("<input value=\"<!>\"/>&lt;!>"),
            "<input value=\"<!>\"/>&lt;!>"
        );
        assert_eq!(tidy("<i title=\"a>b\">x<!></i>"), "<i title=\"a>b\">x</i>");
    }

    #[test]
    fn islands_keep_theirs() {
        let island = "<leptos-island data-props=\"&quot;\">a<!>b<!></leptos-island>";
        assert_eq!(tidy(&format!("<!>{island}<!>")), island);
    }
}
