//! Every page is whole, labelled and safe: read as a browser would read it.

#![expect(clippy::panic, reason = "a test says what is broken")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use carillon_domain::role::Role;

mod html;
mod languages;
mod samples;

use html::{Element, Html};

/// Text that would become markup, an attribute or a script wherever it is not escaped.
fn hostile(text: &str) -> String {
    format!(
        "{text}\"'><script>alert(1)</script><img src=x onerror=alert(2)></textarea></title><!--{{}}&amp;"
    )
}

fn every_page() -> &'static [(String, Html)] {
    static PAGES: OnceLock<Vec<(String, Html)>> = OnceLock::new();
    PAGES.get_or_init(read_every_page)
}

fn read_every_page() -> Vec<(String, Html)> {
    let mut pages = Vec::new();
    for role in Role::ALL {
        for (kind, say) in [
            ("plain", str::to_owned as fn(&str) -> String),
            ("hostile", hostile),
        ] {
            for (name, text) in samples::Samples::new(say, *role).pages() {
                let label = format!("{name} ({kind}, {role})");
                let html = Html::read(&text).unwrap_or_else(|why| panic!("{label}: {why}"));
                pages.push((label, html));
            }
        }
    }
    pages
}

fn check(problems_of: impl Fn(&Html) -> Vec<String>) {
    let problems: Vec<String> = every_page()
        .iter()
        .flat_map(|(label, html)| {
            problems_of(html)
                .into_iter()
                .map(move |problem| format!("{label}: {problem}"))
        })
        .collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn the_title_is_the_first_heading() {
    check(|html| {
        let headings: Vec<String> = html.all("h1").map(|h1| html.text(h1)).collect();
        let titles: Vec<String> = html.all("title").map(|title| html.text(title)).collect();
        if headings.len() == 1 && headings == titles && !headings[0].trim().is_empty() {
            vec![]
        } else {
            vec![format!("titles {titles:?}, headings {headings:?}")]
        }
    });
}

#[test]
fn regions_are_there_and_named() {
    check(|html| {
        let mut problems = Vec::new();
        for region in ["main", "header"] {
            if html.all(region).count() != 1 {
                problems.push(format!("not exactly one {region}"));
            }
        }
        let Some(html_element) = html.all("html").next() else {
            return vec!["no html".to_owned()];
        };
        if html_element.attr("lang") != Some("en") {
            problems.push("no language".to_owned());
        }
        if !html
            .elements
            .iter()
            .any(|e| e.attr("role") == Some("status"))
        {
            problems.push("no place for status messages".to_owned());
        }
        problems
    });
}

#[test]
fn the_sites_of_the_overview_look_like_links() {
    let pages = every_page().iter();
    for (label, html) in pages.filter(|(label, _)| label.starts_with("overview (")) {
        let links = html.all("a").filter(|link| {
            let to = link.attr("href").unwrap_or_default();
            to.starts_with("/phones?site=") && html.ancestors(link).any(|outer| outer.name == "th")
        });
        let classes: Vec<_> = links.map(|link| link.attr("class")).collect();
        assert!(!classes.is_empty(), "{label}");
        assert!(classes.iter().all(Option::is_none), "{label}: {classes:?}");
    }
}

#[test]
fn every_field_has_a_name_to_read() {
    check(|html| {
        let labelled: BTreeSet<&str> = html.all("label").filter_map(|l| l.attr("for")).collect();
        html.elements
            .iter()
            .filter(|e| matches!(e.name.as_str(), "input" | "select" | "textarea"))
            .filter(|e| e.attr("type") != Some("hidden"))
            .filter(|e| {
                let by_id = e.attr("id").is_some_and(|id| labelled.contains(id));
                let inside = html
                    .ancestors(e)
                    .any(|up| up.name == "label" && !html.text(up).trim().is_empty());
                !by_id && !inside && e.attr("aria-label").is_none()
            })
            .map(|e| format!("no label: {e:?}"))
            .collect()
    });
}

#[test]
fn every_button_and_link_says_what_it_does() {
    check(|html| {
        html.elements
            .iter()
            .filter(|e| matches!(e.name.as_str(), "button" | "a" | "summary"))
            .filter(|e| e.attr("aria-label").is_none() && html.text(e).trim().is_empty())
            .map(|e| format!("no words: {e:?}"))
            .collect()
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    check(|html| {
        let mut problems = Vec::new();
        let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
        for id in html.elements.iter().filter_map(|e| e.attr("id")) {
            *ids.entry(id).or_default() += 1;
        }
        problems.extend(
            ids.iter()
                .filter(|(_, n)| **n > 1)
                .map(|(id, _)| format!("twice: #{id}")),
        );
        for element in &html.elements {
            for name in ["for", "aria-labelledby", "aria-describedby"] {
                for id in element.attr(name).unwrap_or("").split_whitespace() {
                    if !ids.contains_key(id) {
                        problems.push(format!("{name}={id} leads nowhere"));
                    }
                }
            }
            if let Some(id) = element.attr("href").and_then(|href| href.strip_prefix('#'))
                && element.name == "a"
                && !ids.contains_key(id)
            {
                problems.push(format!("#{id} leads nowhere"));
            }
        }
        problems
    });
}

#[test]
fn tables_have_a_caption_and_real_headings() {
    check(|html| {
        let mut problems = Vec::new();
        for table in html.all("table") {
            let inside = |name: &str| html.all(name).filter(|e| e.is_inside(table)).count();
            if inside("caption") != 1 || inside("thead") != 1 || inside("tbody") != 1 {
                problems.push(format!("no caption, head or body: {table:?}"));
            }
        }
        problems.extend(
            html.all("th")
                .filter(|th| th.attr("scope").is_none())
                .map(|th| format!("no scope: {th:?}")),
        );
        problems
    });
}

#[test]
fn no_cell_is_missing_in_any_row() {
    check(|html| {
        let mut widths: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for row in html.all("tr") {
            let cells = html
                .children(row)
                .filter(|e| matches!(e.name.as_str(), "td" | "th"))
                .count();
            let table = html
                .ancestors(row)
                .find(|up| up.name == "table")
                .map_or(0, |table| table.index);
            widths.entry(table).or_default().insert(cells);
        }
        widths
            .values()
            .filter(|widths| widths.len() != 1)
            .map(|widths| format!("rows of {widths:?} cells"))
            .collect()
    });
}

#[test]
fn rows_of_phones_are_ticked_by_name() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let (_, text) = pages
        .iter()
        .find(|(name, _)| *name == "phones")
        .expect("the list");
    let html = Html::read(text).expect("readable");
    let first = html
        .all("input")
        .find(|input| input.attr("data-row").is_some())
        .and_then(|input| input.attr("aria-label"));
    assert_eq!(first, Some("Select T46S 2000 Reception"));
}

#[test]
fn a_phone_that_restarts_leads_to_its_job() {
    let pages = samples::Samples::new(str::to_owned, Role::Viewer).pages();
    for name in ["phones", "phone-new"] {
        let (_, text) = pages.iter().find(|(known, _)| *known == name).expect("it");
        let (_, link) = around(text, "href=\"/jobs/0192f0ab\"");
        let (link, _) = around(link, "</a>");
        assert!(link.contains("Restarting"), "{name}: {link}");
    }
}

#[test]
fn columns_are_moved_by_buttons_and_enter_moves_none() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = |name: &str| {
        let (_, text) = pages.iter().find(|(known, _)| *known == name).expect("it");
        let (_, form) = around(text, "action=\"/phones/columns\"");
        around(form, "</form>").0
    };
    let usual = page("phones");
    for word in ["Move Model up", "Move Model down", "Move Site up"] {
        assert!(usual.contains(&format!("title=\"{word}\"")), "{word}");
    }
    assert!(!usual.contains("autofocus"));
    assert_eq!(
        usual.matches(" disabled").count(),
        2,
        "the first and the last"
    );
    let (before, first) = around(usual, "<button");
    assert!(!before.contains("moved") && !around(first, ">").0.contains("moved"));
    assert!(usual.contains("<legend>More columns</legend>"));

    let all = page("phones-3");
    assert!(!all.contains("More columns"));
    let (button, _) = around(all, " autofocus");
    let (_, value) = button.rsplit_once("value=\"").expect("a value");
    assert!(
        value.starts_with("down.extension\""),
        "at the edge: {value}"
    );
}

#[test]
fn cells_that_say_nothing_by_themselves_are_named_on_narrow_screens() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let (_, text) = pages
        .iter()
        .find(|(name, _)| *name == "phones-3")
        .expect("the list with all columns");
    let html = Html::read(text).expect("readable");
    for (heading, named) in [("Firmware", true), ("Last result", true), ("Model", false)] {
        let mut cells = html.all("td");
        let cell = cells.find(|cell| cell.attr("data-label") == Some(heading));
        let class = cell.expect(heading).attr("class");
        assert_eq!(class == Some("named"), named, "{heading}");
    }
}

#[test]
fn a_reason_is_asked_for_where_none_was_given() {
    let pages = samples::Samples::new(str::to_owned, Role::Operator).pages();
    for (page, asks) in [("run", false), ("run-chosen", true)] {
        let (_, text) = pages.iter().find(|(name, _)| *name == page).expect("it");
        assert_eq!(text.contains("This command needs a reason"), asks, "{page}");
    }
}

#[test]
fn sites_are_ticked_beside_groups_and_many_are_unfolded() {
    let pages = samples::Samples::new(str::to_owned, Role::Operator).pages();
    let (_, text) = pages.iter().find(|(name, _)| *name == "run").expect("it");
    let html = Html::read(text).expect("readable");
    for (name, boxes) in [("site", 30), ("group", 5)] {
        let inputs = html.all("input");
        let of_name = inputs.filter(|input| input.attr("name") == Some(name));
        assert_eq!(of_name.count(), boxes, "{name}");
    }
    let (before, _) = around(text, "name=\"site\"");
    let (_, list) = before.rsplit_once("<details").expect("a list to unfold");
    assert!(list.contains(">Sites<") && list.contains(">30<"), "{list}");
}

#[test]
fn an_old_picture_says_so_and_enter_presses_no_key() {
    let pages = samples::Samples::new(str::to_owned, Role::Operator).pages();
    let (_, text) = pages.iter().find(|(name, _)| *name == "phone").expect("it");
    let (_, panel) = around(text, "id=\"keypad\"");
    let (first, _) = around(around(panel, "form=\"keys\"").1, ">");
    assert!(first.contains("disabled"), "Enter presses it: {first}");
    let (before, keys) = around(panel, "id=\"keys\"");
    assert!(before.contains(", before the last key.") && before.contains("Take it again"));
    assert!(!before.contains("Look again"), "one way to a picture");
    for kept in [
        "name=\"screen\" value=\"s1\"",
        "name=\"older\" value=\"on\"",
    ] {
        assert!(keys.contains(kept), "{kept}");
    }
    let look = "form=\"keys\" name=\"look\" value=\"on\" checked";
    assert!(before.contains(look), "{before}");
}

#[test]
fn long_texts_of_tables_go_on_in_a_second_line() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    for (page, table) in [
        ("approvals", "changes"),
        ("audit-record", "diff"),
        ("group-changes", "member-changes"),
        ("sites", "sites"),
    ] {
        let (_, text) = pages.iter().find(|(name, _)| *name == page).expect("it");
        let html = Html::read(text).expect("readable");
        let class = format!("table {table} wraps");
        let mut tables = html.all("table");
        assert!(
            tables.any(|one| one.attr("class") == Some(class.as_str())),
            "{page}"
        );
    }
}

#[test]
fn a_log_without_a_match_says_what_to_do() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "audit-none");
    let (_, text) = page.expect("the sample");
    let main = around(text, "class=\"note is-warning\"").1;
    for shown in [
        "No action is called “",
        "quux",
        "href=\"/audit?action=restart\"",
        "Records whose action is: login",
        "href=\"/audit?action=login\"",
        "Remove filter reason: INC-4711",
        "Look at all time",
    ] {
        assert!(main.contains(shown), "{shown}");
    }
}

#[test]
fn phones_of_one_name_are_told_apart_in_the_log() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "audit-by-job");
    let (_, text) = page.expect("the sample");
    let beside = |name: &str| {
        let (_, after) = around(text, &format!(">{name}</a>"));
        after.split("</td>").next().expect("a cell").to_owned()
    };
    assert!(beside("Reception").contains("muted sub"), "{text}");
    assert!(!beside("Lab 2").contains("muted sub"), "{text}");
}

#[test]
fn an_account_begins_with_what_people_look_for() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "account");
    let (_, text) = page.expect("the sample");
    let html = Html::read(text).expect("readable");
    let panels = html.all("section").filter_map(|panel| panel.attr("id"));
    let panels: Vec<&str> = panels.collect();
    let order = "look language password second-factor sessions tokens";
    assert_eq!(panels.join(" "), order);
}

#[test]
fn what_holds_now_is_one_box_on_the_ground_of_the_worst() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "stop-all-stopped");
    let (_, text) = page.expect("the sample");
    let html = Html::read(text).expect("readable");
    let classes = html.all("div").filter_map(|div| div.attr("class"));
    let classes: Vec<&str> = classes.collect();
    let boxes = classes.iter().filter(|class| class.starts_with("banners"));
    assert_eq!(boxes.collect::<Vec<_>>(), [&"banners is-bad"]);
    let lines = classes
        .iter()
        .filter_map(|class| class.strip_prefix("banner is-"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines, ["bad", "bad", "warning", "warning", "neutral"]);
}

#[test]
fn what_a_pause_allows_is_there_before_somebody_pauses() {
    let pages = samples::Samples::new(str::to_owned, Role::Operator).pages();
    let page = pages.iter().find(|(name, _)| *name == "job-running");
    let (_, text) = page.expect("the sample");
    let html = Html::read(text).expect("readable");
    let controls = html.all("div").filter_map(|control| {
        let states = control.attr("data-while")?;
        Some((states, control.attr("hidden").is_none()))
    });
    let controls: Vec<_> = controls.take(2).collect();
    assert_eq!(controls, [("paused interrupted", false), ("running", true)]);
}

#[test]
fn every_change_carries_the_token_and_no_question_does() {
    check(|html| {
        html.all("form")
            .filter(|form| {
                let tokens = html
                    .all("input")
                    .filter(|input| input.attr("name") == Some("csrf"))
                    .filter(|input| input.is_inside(form))
                    .count();
                tokens != usize::from(form.attr("method") == Some("post"))
            })
            .map(|form| format!("wrong token: {form:?}"))
            .collect()
    });
}

#[test]
fn forms_are_not_nested() {
    check(|html| {
        html.all("form")
            .filter(|form| html.ancestors(form).any(|up| up.name == "form"))
            .map(|form| format!("inside another: {form:?}"))
            .collect()
    });
}

#[test]
fn nothing_runs_or_is_styled_inline() {
    check(|html| {
        let mut problems = Vec::new();
        for element in &html.elements {
            // The one picture that pages show: a phone's screen, written anew by us.
            let screen = element
                .attr("src")
                .is_some_and(|src| src.contains("/screen/"));
            if element.name == "img" && screen {
                continue;
            }
            if matches!(
                element.name.as_str(),
                "img" | "iframe" | "object" | "embed" | "style" | "base"
            ) {
                problems.push(format!("not ours: {element:?}"));
            }
            if element.name == "script"
                && (element.attr("nonce") != Some("bm9uY2U")
                    || element.attr("src").is_none()
                    || element.attr("type") != Some("module")
                    || !html.text(element).is_empty())
            {
                problems.push(format!("not a module of ours: {element:?}"));
            }
            for (name, value) in &element.attrs {
                if name == "style" || name.starts_with("on") {
                    problems.push(format!("inline {name}: {element:?}"));
                }
                if matches!(name.as_str(), "href" | "src" | "action" | "formaction")
                    && value
                        .trim_start()
                        .to_ascii_lowercase()
                        .starts_with("javascript:")
                {
                    problems.push(format!("runs: {value}"));
                }
            }
        }
        problems
    });
}

#[test]
fn hostile_text_stays_text() {
    for (name, text) in samples::Samples::new(hostile, Role::Admin).pages() {
        let html = Html::read(&text).expect("readable");
        let seen = html
            .texts
            .iter()
            .any(|text| text.contains("<script>alert(1)</script>"))
            || html
                .elements
                .iter()
                .any(|e| e.attrs.iter().any(|(_, v)| v.contains("<script>alert(1)")));
        assert!(
            seen || name.ends_with("-empty")
                || ["sign-in", "setup-used", "reset-used"].contains(&name)
                || name.ends_with("-new")
                || name.ends_with("-none"),
            "{name} shows no text of its view"
        );
    }
}

#[test]
fn passwords_are_never_filled_in() {
    check(|html| {
        html.all("input")
            .filter(|input| input.attr("type") == Some("password") && input.attr("value").is_some())
            .map(|input| format!("filled in: {input:?}"))
            .collect()
    });
}

#[test]
fn icons_exist() {
    let sprite = of_static("icons.svg");
    check(|html| {
        html.all("use")
            .filter_map(|e| e.attr("href"))
            .filter_map(|href| href.split_once('#'))
            .filter(|(_, name)| !sprite.contains(&format!("id=\"{name}\"")))
            .map(|(_, name)| format!("no icon {name}"))
            .collect()
    });
}

fn of_static(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../static");
    std::fs::read_to_string(format!("{folder}/{name}"))
        .unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// What stands around a word, or nothing would be tested.
fn around<'a>(text: &'a str, word: &str) -> (&'a str, &'a str) {
    text.split_once(word)
        .unwrap_or_else(|| panic!("there is no {word}"))
}

/// What the stylesheet says of a drawn symbol: its line in the sprite, in the colour of a meaning.
fn drawn_line(sprite: &str, css: &str, class: &str, dark: bool) -> String {
    let colour = |token: &str| {
        let (_, rest) = around(css, &format!("--{token}: light-dark("));
        let (light, night) = around(around(rest, ")").0, ", ");
        if dark { night } else { light }
    };
    let (meaning, symbol) = around(class, "-");
    let stroke = colour(if meaning == "plain" { "ink" } else { meaning });
    let symbol = format!("<symbol id=\"{symbol}\" viewBox=\"0 0 24 24\">");
    let shape = around(around(sprite, &symbol).1, "</symbol>").0;
    let shape = shape
        .replace("currentColor", stroke)
        .replace("var(--icon-ground, Canvas)", colour("ground"));
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='{stroke}' \
         stroke-width='2' stroke-linecap='round' stroke-linejoin='round'>{shape}</svg>"
    );
    let svg = svg.replace('"', "'").replace('#', "%23");
    format!(".drawn.{class} {{ background-image: url(\"data:image/svg+xml,{svg}\"); }}")
}

#[test]
fn drawn_symbols_exist_in_both_themes() {
    let (css, dark, sprite) = symbols();
    check(|html| {
        html.all("span")
            .filter_map(|span| {
                span.attr("class")?
                    .strip_prefix("drawn ")?
                    .split(' ')
                    .next()
            })
            .flat_map(|class| [false, true].map(|dark| drawn_line(&sprite, &css, class, dark)))
            .filter(|line| !css.contains(line) && !dark.contains(line))
            .map(|line| format!("the stylesheet has no {line}"))
            .collect()
    });
}

fn symbols() -> (String, String, String) {
    let [css, dark, sprite] = ["app.css", "dark.css", "icons.svg"].map(of_static);
    (css, dark, sprite)
}

#[test]
fn drawn_symbols_are_those_of_the_sprite() {
    let (css, dark, sprite) = symbols();
    let [light, dark] = [&css, &dark].map(|sheet| {
        let (_, section) = around(sheet, "@layer drawn {");
        around(section, "\n}").0
    });
    let classes = |half: &str| -> Vec<String> {
        let lines = half.lines().filter_map(|line| {
            let rest = line.trim().strip_prefix(".drawn.")?;
            Some(rest.split_once(' ')?.0.to_owned())
        });
        lines.collect()
    };
    assert_eq!(classes(light), classes(dark));
    for (half, is_dark) in [(light, false), (dark, true)] {
        for class in classes(half) {
            let line = drawn_line(&sprite, &css, &class, is_dark);
            assert!(half.contains(&line), "should be: {line}");
        }
    }
}

#[test]
fn marks_for_the_browser_half_stand_only_in_islands() {
    for (name, text) in samples::Samples::new(str::to_owned, Role::Admin).pages() {
        let marks = text.matches("<!>").count();
        assert!(
            marks == 0 || text.contains("<leptos-island"),
            "{name} has {marks}"
        );
    }
}

#[test]
fn a_stop_of_which_nobody_knows_since_when_tells_no_year() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "stop-all-unknown");
    let (_, text) = page.expect("the sample");
    assert_eq!(text.matches("since an unknown time").count(), 2);
    assert!(!text.contains("1970"));
}

#[test]
fn approvals_say_of_jobs_only_that_nobody_is_asked_and_lead_to_the_accounts() {
    let page = |role| {
        let pages = samples::Samples::new(str::to_owned, role).pages();
        let found = pages.into_iter().find(|(name, _)| *name == "approvals");
        found.expect("the sample").1
    };
    let told = "New dangerous jobs run without a second person";
    let text = page(Role::Admin);
    let (changes, jobs) = text.split_once(told).expect("it is said");
    assert!(changes.contains("Approve this change") && !jobs.contains("Approve this change"));
    assert!(jobs.contains("Give two people the right: <a href=\"/admin/users\">Accounts</a>."));
    let text = page(Role::Operator);
    let (_, jobs) = text.split_once(told).expect("it is said");
    assert!(jobs.contains("An administrator gives two people the right."));
}

#[test]
fn another_administrator_decides_only_where_one_can() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "approvals");
    let (_, text) = page.expect("the sample");
    for told in [
        "You asked for it: another administrator decides.",
        "You asked for it, and it ends before anybody can approve it.",
        "You asked for it, and nobody can approve it yet. No second factor yet: petra.",
    ] {
        assert_eq!(text.matches(told).count(), 1, "{told}: {text}");
    }
}

#[test]
fn why_an_import_is_taken_back_by_one_person_is_said() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = pages.iter().find(|(name, _)| *name == "import-undo");
    let (_, text) = page.expect("the sample");
    assert!(text.contains("No second person is needed: only what your import added goes"));
}

#[test]
fn accounts_say_who_may_approve() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let (_, text) = pages.iter().find(|(name, _)| *name == "users").expect("it");
    assert!(text.contains("<th scope=\"col\">May approve</th>"));
    let cells = text.split("data-label=\"May approve\"").skip(1);
    let words: Vec<bool> = cells.map(|cell| cell.contains(">yes<")).collect();
    assert!(words.contains(&true), "{text}");
}

#[test]
fn jobs_that_are_paused_are_not_counted_as_running() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let (_, text) = pages
        .iter()
        .find(|(name, _)| *name == "overview")
        .expect("it");
    assert!(text.contains("1 job running, 1 paused"));
    assert!(text.contains(">Under way</h2>"));
    assert!(text.contains("<a href=\"/phones/001565a0b1c2\">Reception</a>"));
}

#[test]
fn what_is_left_out_or_could_be_mistaken_is_told() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = |name: &str| pages.iter().find(|(known, _)| *known == name).expect("it");
    let (_, overview) = page("overview");
    assert!(overview.contains("href=\"/?causes=all#causes\">… and 3 more causes</a>"));
    let (_, deleting) = page("phones-delete");
    let who = "<strong>Reception</strong></a> <span class=\"muted\">Kiel · 2041</span>";
    assert!(deleting.contains(who), "{deleting}");
    assert!(deleting.contains("<a href=\"/selection?sel=s1&amp;list=q%3Dsite:kiel\">10 more</a>"));
    assert!(deleting.contains("nothing changes before they approve it"));
    let (_, limits) = page("settings");
    assert!(limits.contains("aria-describedby=\"roles-reason-hint\""));
    assert!(deleting.contains("name=\"reason\""));
}

#[test]
fn that_nobody_could_approve_is_said_before_anybody_asks() {
    let page = |role, name: &str| {
        let pages = samples::Samples::new(str::to_owned, role).pages();
        let found = pages.into_iter().find(|(known, _)| *known == name);
        found.expect("the sample").1
    };
    let deleting = page(Role::Admin, "phones-delete");
    for told in [
        "it needs a second administrator with a second factor.",
        "No second factor yet: petra, k.lee.",
        "<p>Delete these phones one by one instead.</p>",
        "<span>Ask to delete 12 phones</span>",
    ] {
        assert!(deleting.contains(told), "{told}: {deleting}");
    }
    for untrue in [
        "Nobody can approve it before",
        "give the right to somebody",
        "<span>Delete 12 phones</span>",
    ] {
        assert!(!deleting.contains(untrue), "{untrue}: {deleting}");
    }
    let review = page(Role::Operator, "review-alone");
    let told = "An administrator can also give the right to somebody who has one.";
    assert!(review.contains(told), "{review}");
    assert!(review.contains("Nobody can approve it before"), "{review}");
    assert!(!page(Role::Operator, "review").contains("Nobody can approve"));
}

#[test]
fn who_shows_who_they_are_reads_what_for() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = |name: &str| pages.iter().find(|(known, _)| *known == name).expect("it");
    let general = "What you asked for is dangerous in wrong hands.";
    let (_, known) = page("prove");
    assert!(
        known.contains("This adds an account. It is done as soon as"),
        "{known}"
    );
    assert!(!known.contains(general));
    assert!(page("prove-anew").1.contains(general));
}

#[test]
fn causes_name_their_sites_and_can_be_tried_again_alone() {
    let pages = samples::Samples::new(str::to_owned, Role::Admin).pages();
    let page = |name: &str| pages.iter().find(|(known, _)| *known == name).expect("it");
    // Marks for the browser half stand between its texts.
    let problems = page("job-problems").1.replace("<!>", "");
    let step =
        "<a href=\"/admin/credentials\">Correct the credential, then retry the failed phones.</a>";
    assert!(problems.contains(step), "{problems}");
    assert!(problems.contains("</a> (Kiel 3, no site 1 and 1 more site)"));
    let there = "<a href=\"/phones?site=kiel\">site Kiel</a>";
    assert!(problems.contains(&format!("</a> ({there})")));
    let box_of = |value: &str| format!("name=\"causes\" value=\"{value}\"");
    assert!(problems.contains(&box_of("failed.auth_failed")));
    assert!(problems.contains("name=\"offered\" value=\"failed.forbidden\""));
    assert!(problems.contains("<span class=\"hint\">correct the credential first</span>"));
    let of_state = |state: &str| format!("name=\"states\" value=\"{state}\"");
    assert!(!problems.contains(&of_state("failed")), "its causes decide");
    assert!(problems.contains(&of_state("unknown")));
    let (_, go_on) = problems.split_once("id=\"go-on\"").expect("a way on");
    assert!(go_on.contains("<span>Go on with the other 3</span>"));
    let (go_on, _) = go_on.split_once("</form>").expect("a form");
    assert!(go_on.contains(&box_of("skipped.failure_limit")));
    let alone = box_of("unknown.timeout_answer");
    assert!(
        !problems.contains(&alone),
        "of a single one the state says all"
    );
}

#[test]
fn lists_stay_small() {
    for (name, text) in samples::Samples::new(str::to_owned, Role::Admin).pages() {
        assert!(text.len() < 200_000, "{name} has {} bytes", text.len());
    }
}

#[test]
fn viewers_see_no_way_to_change_anything() {
    for (name, text) in samples::Samples::new(str::to_owned, Role::Viewer).pages() {
        let html = Html::read(&text).expect("readable");
        let offers: Vec<&Element> = html
            .all("a")
            .filter(|a| {
                matches!(
                    a.attr("href"),
                    Some(
                        "/run"
                            | "/phones/new"
                            | "/phones/import"
                            | "/sites/new"
                            | "/groups/new"
                            | "/stop-all"
                    )
                )
            })
            .filter(|_| !name.starts_with("import") && !name.starts_with("run"))
            .collect();
        assert!(offers.is_empty(), "{name} offers {offers:?}");
    }
}
