//! Exports that end where they say, those that somebody cut, and what both programs make of them.

use std::fmt::Write as _;
use std::io::Cursor;

use carillon_engine::Random;
use carillon_engine::audit::{
    Evidence, SignedCheckpoint, SigningKey, Verdict, VerifierKey, verify_export,
};
use carillon_engine::secrets::KeySource;
use carillon_store::{AuditQuery, AuditRow};
use serde_json::json;

use crate::house::{Database, House};

/// All records as they are exported, newest first.
async fn lines(house: &House) -> Vec<String> {
    let everything = AuditQuery::default();
    let rows = house.store.audit_batch(&everything, -1, 10_000);
    let rows = rows.await.unwrap();
    rows.iter().rev().map(AuditRow::shown).collect()
}

fn stated(below: usize, note: Option<&SignedCheckpoint>) -> String {
    let note = note.map(ToString::to_string);
    let stated = json!({ "export": {
        "at": "2026-11-27T12:00:00Z", "below": below, "records": below, "whole": true, "filter": "",
        "checkpoint": note,
    }});
    stated.to_string()
}

/// What both programs say of a file, beside these checkpoints.
fn both(house: &House, text: &str, kept: &[&SignedCheckpoint]) -> (i32, String) {
    let key: VerifierKey = SigningKey::load(&house.key_source())
        .unwrap()
        .public()
        .clone();
    let evidence = Evidence {
        key: Some(key),
        kept: kept
            .iter()
            .map(|note| ("kept".to_owned(), (*note).clone()))
            .collect(),
    };
    let (file, notes) = (house.file("export.jsonl"), house.file("some"));
    std::fs::write(&file, text).unwrap();
    let mut some = String::new();
    for note in kept {
        writeln!(some, "{note}").unwrap();
    }
    std::fs::write(&notes, some).unwrap();
    let words = [
        "--checkpoint",
        notes.to_str().unwrap(),
        file.to_str().unwrap(),
    ];
    let (status, told) = house.second(&words);
    let first = match verify_export(&mut Cursor::new(text), &evidence) {
        Verdict::Intact(intact) if intact.later.is_none() => (0, String::new()),
        Verdict::Intact(intact) => {
            assert!(told.contains(&format!("first {} of them", intact.signed)));
            (4, String::new())
        }
        Verdict::Tampered(finding) => (1, format!("tampered: {finding}")),
        Verdict::CannotTell(why) => (3, why),
    };
    assert_eq!(status, first.0, "{told}, {first:?}");
    if status == 1 {
        let place = |told: &str| told.trim().split(':').take(3).collect::<String>();
        assert_eq!(place(&told), place(&first.1));
    }
    (status, told)
}

fn file(lines: &[String], last: &str) -> String {
    format!("{}\n{last}\n", lines.join("\n"))
}

pub(crate) async fn an_export_ends_where_it_says(database: &Database) {
    let house = House::signed(database).await;
    let lines = lines(&house).await;
    let notes: Vec<_> = house.kept().into_iter().map(|(_, note)| note).collect();
    let [first, second, last] = &notes[..] else {
        panic!("three were signed");
    };
    let all = [first, second, last];
    let oldest: Vec<_> = lines.iter().rev().cloned().collect();
    let mixed = [&lines[300..], &lines[..300]].concat();
    for (text, kept, status, words) in [
        (file(&lines, &stated(600, None)), &all[..], 0, "intact: 600"),
        (lines.join("\n"), &all[..], 0, "intact: 600"),
        (
            file(&oldest, &stated(600, None)),
            &all[..],
            0,
            "intact: 600",
        ),
        (file(&mixed, &stated(600, None)), &all[..], 0, "intact: 600"),
        (
            file(&lines[50..], &stated(550, None)),
            &all[..],
            4,
            "proven are the first 400 of them (2 checkpoints compared), the 150 behind them fit",
        ),
        (
            file(&lines[50..], &stated(550, Some(second))),
            &[last][..],
            4,
            "50 later records were signed",
        ),
        (
            file(&lines[200..], &stated(400, Some(second))),
            &[last][..],
            4,
            "proven are the first 400 of them (1 checkpoints compared);",
        ),
        (
            file(&lines[50..], &stated(550, None)),
            &[last][..],
            3,
            "of at most so many",
        ),
        (
            file(&lines[50..], &stated(550, None)),
            &all[..2],
            0,
            "150 newer records are not signed",
        ),
        (
            lines[50..].join("\n"),
            &all[..],
            1,
            "records 550 to 599: cut",
        ),
        (
            file(
                &lines[50..],
                &stated(550, None).replace("\"records\":550", "\"records\":600"),
            ),
            &all[..2],
            1,
            "records 550 to 599: cut",
        ),
        (
            file(&lines[60..], &stated(550, None)),
            &all[..],
            1,
            "records 540 to 549: cut",
        ),
        (
            file(&lines[60..], &stated(550, None)),
            &all[..2],
            1,
            "records 540 to 549: cut",
        ),
        (
            file(&lines[40..], &stated(550, None)),
            &all[..],
            1,
            "records 550 to 559: added",
        ),
    ] {
        let (found, told) = both(&house, &text, kept);
        assert_eq!(found, status, "{told}");
        assert!(told.contains(words), "{told}, not {words}");
    }
    house.close().await;
}

pub(crate) async fn what_an_export_says_hides_nothing(database: &Database) {
    let house = House::signed(database).await;
    let lines = lines(&house).await;
    let notes: Vec<_> = house.kept().into_iter().map(|(_, note)| note).collect();
    let all: Vec<_> = notes.iter().collect();
    let thief = KeySource::File(house.file("other.key"));
    let thief = SigningKey::create(&thief, &Random::system()).unwrap();
    let foreign = thief.sign(400, notes[1].checkpoint.root).parse().unwrap();
    let own = SigningKey::load(&house.key_source()).unwrap();
    let other = own.sign(600, [7; 32]).parse().unwrap();
    let some = stated(550, None).replace("true", "false");
    let honest = stated(550, None);
    let each = |from: &str, to: &str| -> Vec<String> {
        let lines = lines[50..].iter();
        lines.map(|line| line.replace(from, to)).collect()
    };
    let gap = [&lines[50..99], &lines[100..]].concat();
    for (text, kept, status, words) in [
        (
            file(&lines[50..], &some),
            &all[..],
            3,
            "some of the records only",
        ),
        (file(&gap, &honest), &all[..], 1, "record 500: missing"),
        (
            file(&each("\"total\":301", "\"total\":302"), &honest),
            &all[..],
            1,
            "records 200 to 399: rewritten",
        ),
        (
            file(&each("\"10.0.0.1\"", "\"10.0.0.2\""), &honest),
            &all[..],
            1,
            "source",
        ),
        (
            file(&lines[50..], &stated(550, Some(&foreign))),
            &all[..],
            1,
            "foreign",
        ),
        (
            file(&lines[50..], &honest),
            &[all[1], all[2], &other][..],
            1,
            "fork",
        ),
        (
            file(&lines[50..], "{\"export\":{\"below\":\"x\"}}"),
            &all[..],
            3,
            "cannot be read",
        ),
        (
            file(std::slice::from_ref(&honest), &lines[50..].join("\n")),
            &all[..],
            3,
            "",
        ),
        (file(&lines[50..], &honest[..20]), &all[..], 3, ""),
        (file(&lines[50..], "[]"), &all[..], 3, "no record"),
        (
            file(&lines[50..], "{\"seq\":\"1\"}"),
            &all[..],
            3,
            "no record",
        ),
    ] {
        let (found, told) = both(&house, &text, kept);
        assert_eq!(found, status, "{told}");
        assert!(told.contains(words), "{told}, not {words}");
    }
    house.close().await;
}

/// What stands in the newest record, which nothing that was signed covers here, and what both say.
fn odd() -> Vec<(String, i32)> {
    let deep = |depth: usize| format!("\"x\":{}{},", "[".repeat(depth), "]".repeat(depth));
    let finding = [
        "\"x\":NaN,",
        "\"x\":-Infinity,",
        "\"x\":1e999,",
        "\"x\":1,\"x\":1,",
        "\"x\":{\"a\":[{\"b\":1,\"b\":2}]},",
        "\"action\":\"a\",",
        "\"seq\":7,",
        "\"detail\":{\"a\":1,\"a\":2},",
        "\"x\":\"\\ud800\",",
        "\"x\":\"\\q\",",
        "\"x\":'a',",
        "x,",
        "\"phone\":\"80:5e\",",
        "\"phone_name\":null,",
        "\"site\":1,",
        "\"groups\":[1],",
    ];
    let finding = finding.map(|more| (more.to_owned(), 1));
    let harmless = [
        format!("\"x\":{},", "9".repeat(300)),
        "\"x\":{\"b\":1,\"c\":[{\"b\":1}]},".to_owned(),
        "\"x\":\"[[{{\\\"\\ud83d\\ude00\",".to_owned(),
        deep(126),
    ];
    let more = [deep(127), deep(5000), format!("\"x\":{},", "9".repeat(400))];
    let more = more.into_iter().map(|more| (more, 1));
    let harmless = harmless.into_iter().map(|more| (more, 0));
    finding.into_iter().chain(more).chain(harmless).collect()
}

pub(crate) async fn odd_lines_are_told_alike(database: &Database) {
    let house = House::signed(database).await;
    let lines = lines(&house).await;
    let notes: Vec<_> = house.kept().into_iter().map(|(_, note)| note).collect();
    let signed = &notes[..1];
    let signed: Vec<_> = signed.iter().collect();
    let begins = "{\"seq\":599,";
    let newest = lines[0].strip_prefix(begins).unwrap();
    let with = |first: String| file(&[&[first], &lines[1..]].concat(), &stated(600, None));
    for (more, status) in odd() {
        let (found, told) = both(&house, &with(format!("{begins}{more}{newest}")), &signed);
        assert_eq!(found, status, "{more:.80}: {told}");
    }
    for (first, status) in [
        (format!("{{\"seq\":+599,{newest}"), 1),
        (format!("{{\"seq\":0599,{newest}"), 1),
        (format!("{begins}{}", &newest[..newest.len() / 2]), 1),
        (format!("{begins}{newest} x"), 1),
        (format!("{{ \"seq\":599,{newest}"), 3),
        (format!("{{\"seq\":5.99,{newest}"), 3),
        (format!("{{\"seq\":99999999999999999999,{newest}"), 3),
        ("NaN".to_owned(), 3),
        (String::new(), 3),
        ("[".repeat(5000), 3),
    ] {
        let (found, told) = both(&house, &with(first.clone()), &signed);
        assert_eq!(found, status, "{first:.80}: {told}");
    }
    for (last, status) in [
        (stated(600, None).replace("\"\"", "NaN"), 3),
        (
            stated(600, None).replace("\"at\"", "\"below\":600,\"at\""),
            3,
        ),
        (stated(600, None).replace("null", "false"), 3),
        (
            stated(600, None).replace("\"records\":600", "\"records\":null"),
            0,
        ),
        (format!(" {}", stated(600, None)), 3),
        (format!("\t{}", stated(600, None)), 3),
        (format!("\r{}", stated(600, None)), 3),
    ] {
        let (found, told) = both(&house, &file(&lines, &last), &signed);
        assert_eq!(found, status, "{last}: {told}");
    }
    // What an editor makes of a file.
    let whole = file(&lines, &stated(600, None));
    for (text, status) in [
        (whole.replace('\n', "\r\n"), 1),
        (format!("\u{feff}{whole}"), 3),
    ] {
        let (found, told) = both(&house, &text, &signed);
        assert_eq!(found, status, "{told}");
    }
    house.close().await;
}

/// What stands behind a record that commits to an address, and what both say. Nothing signs it.
fn shown_behind(honest: &str) -> Vec<(String, i32)> {
    let open = honest.strip_suffix('}').unwrap();
    let removed = ",\"ip\":null,\"ip_removed\":true".to_owned();
    let (salted, salt) = open.rsplit_once(",\"ip_salt\":\"").unwrap();
    let salt = salt.strip_suffix('"').unwrap();
    // The same bytes are hashed where the first sign of the address is the last of the salt.
    let shifted = salted.replace("\"10.", "\"0.");
    let mut cases = vec![
        (honest.to_owned(), 0),
        (format!("{removed}}}"), 0),
        ("}".to_owned(), 0),
    ];
    let deep = format!("\"x\":{}{}", "[".repeat(100), "]".repeat(100));
    let smuggled = [
        "\"reason\":\"the boss ordered it\"",
        "\"phone\":\"80:5e:00:00:00:09\"",
        "\"job\":\"j\"",
        "\"x\":1",
        "\"ip_removed\":true",
        "\"ip_salt\":\"\"",
        deep.as_str(),
    ];
    for begun in [open, removed.as_str()] {
        let more = smuggled.iter().map(|more| format!("{begun},{more}}}"));
        let blanks = ["} ", "}\t", "}\r", " }", ",}"].map(|end| format!("{begun}{end}"));
        cases.extend(more.chain(blanks).map(|line| (line, 1)));
    }
    let others = [
        honest.replace(",\"ip\":", ", \"ip\":"),
        honest.replace("\"ip\":", "\"ip\": "),
        honest.replace(",\"ip_", ",\t\"ip_"),
        honest.replace("\"10.", "\"\\u00310."),
        format!("{salted}}}"),
        format!("{shifted},\"ip_salt\":\"{salt}x\"}}"),
        format!("{salted},\"ip_salt\":\"{salt}=\"}}"),
        format!("{salted},\"ip_salt\":null}}"),
        format!(",\"ip_salt\":\"{salt}\"{salted}}}"),
        ",\"ip\":null}".to_owned(),
        ",\"ip\":null,\"ip_removed\":false}".to_owned(),
        ",\"ip_removed\":true,\"ip\":null}".to_owned(),
        "} ".to_owned(),
    ];
    cases.extend(others.into_iter().map(|line| (line, 1)));
    cases
}

pub(crate) async fn nothing_else_stands_behind_a_record(database: &Database) {
    let house = House::signed(database).await;
    let lines = lines(&house).await;
    let notes: Vec<_> = house.kept().into_iter().map(|(_, note)| note).collect();
    let all: Vec<_> = notes.iter().collect();
    let place = lines[1].rfind(",\"ip\":").unwrap();
    let (record, behind) = lines[1].split_at(place);
    let with = |at: usize, line: String| {
        let mut lines = lines.clone();
        lines[at] = line;
        file(&lines, &stated(600, None))
    };
    for (behind, status) in shown_behind(behind) {
        let text = with(1, format!("{record}{behind}"));
        let (found, told) = both(&house, &text, &all);
        assert_eq!(found, status, "{behind}: {told}");
        let words = ["intact: 600", "record 598: unreadable"][usize::from(status == 1)];
        assert!(told.contains(words), "{behind}: {told}");
    }
    for (more, words) in [
        (" ", "record 599: unreadable"),
        ("\r", "record 599: unreadable"),
        (",\"x\":1}", "records 400 to 599: rewritten"),
        (
            ",\"ip\":null,\"ip_removed\":true}",
            "records 400 to 599: rewritten",
        ),
    ] {
        let ends = lines[0].strip_suffix(if more.starts_with(',') { "}" } else { "" });
        let text = with(0, format!("{}{more}", ends.unwrap()));
        let (found, told) = both(&house, &text, &all);
        assert_eq!(found, 1, "{more}: {told}");
        assert!(told.contains(words), "{more}: {told}");
    }
    house.close().await;
}

/// What is no file is refused at once: a pipe that nobody writes to would never open.
pub(crate) async fn what_is_no_file_is_refused_at_once(database: &Database) {
    let house = House::signed(database).await;
    let pipe = house.file("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for place in [pipe.to_str().unwrap(), "/dev/null"] {
        let (status, told) = house.second(&[place]);
        assert_eq!(status, 3, "{told}");
        assert!(told.contains("store it as one"), "{told}");
    }
    house.close().await;
}
