//! What our columns are called elsewhere: in other programs, in English and in German.

use super::Column;
use crate::phone::slugify;

/// Other names of a column, as [`plain`] writes them. None is of two columns, and none is so common that it
/// means something else in another list: a "type" is no model everywhere.
const fn others(column: Column) -> &'static [&'static str] {
    match column {
        Column::Mac => &[
            "macaddress",
            "macaddr",
            "macid",
            "macadresse",
            "hardwareaddress",
            "hardwareadresse",
        ],
        Column::Label => &[
            "name",
            "displayname",
            "phonename",
            "devicename",
            "bezeichnung",
            "beschriftung",
            "anzeigename",
            "telefonname",
            "geraetename",
        ],
        Column::Extension => &[
            "ext",
            "extn",
            "extensionnumber",
            "nebenstelle",
            "nebenstellennummer",
            "durchwahl",
        ],
        Column::Model => &[
            "modelname",
            "phonemodel",
            "devicemodel",
            "modell",
            "telefonmodell",
            "geraetemodell",
        ],
        Column::Address => &[
            "ip",
            "ipaddress",
            "ipaddr",
            "ipv4",
            "ipv4address",
            "adresse",
            "ipadresse",
            "ipv4adresse",
        ],
        Column::Port => &["portnumber", "webport", "portnummer"],
        Column::Scheme => &["protocol", "schema", "protokoll"],
        Column::Site => &[
            "sitename",
            "location",
            "branch",
            "standort",
            "standortname",
            "ort",
            "niederlassung",
            "filiale",
        ],
        Column::Tags => &[
            "tag",
            "keywords",
            "schlagwort",
            "schlagworte",
            "schlagwoerter",
            "stichworte",
            "stichwoerter",
        ],
        Column::SipUri => &["sip", "sipaddress", "sipadresse"],
        Column::Credential => &["credentials", "zugangsdaten", "anmeldedaten"],
        Column::Username => &[
            "user",
            "login",
            "loginname",
            "benutzer",
            "benutzername",
            "anmeldename",
        ],
        Column::Password => &["passwd", "pwd", "pw", "passwort", "kennwort"],
        Column::Protected => &["geschuetzt"],
        Column::Notes => &[
            "note",
            "comment",
            "comments",
            "remark",
            "remarks",
            "notiz",
            "notizen",
            "bemerkung",
            "bemerkungen",
            "anmerkung",
            "anmerkungen",
            "kommentar",
        ],
    }
}

/// The column that a heading stands for, however it is written.
pub(super) fn column_of(heading: &str) -> Option<Column> {
    let heading = plain(heading);
    let means = |column: &Column| {
        plain(column.as_str()) == heading || others(*column).contains(&heading.as_str())
    };
    Column::ALL.iter().copied().find(means)
}

/// Small letters and digits alone, an umlaut as two letters, also where its dots stand for themselves.
fn plain(heading: &str) -> String {
    slugify(&heading.replace('\u{308}', "e")).replace('-', "")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Cell, read, with_errors};
    use super::*;

    #[test]
    fn no_name_is_of_two_columns() {
        let mut seen = BTreeSet::new();
        for column in Column::ALL {
            for name in others(*column) {
                assert_eq!(plain(name), *name);
                assert_eq!(column_of(name), Some(*column), "{name}");
                assert!(seen.insert(*name), "{name} is there twice");
            }
        }
    }

    #[test]
    fn a_heading_is_known_however_it_is_written() {
        for (heading, column) in [
            ("MAC-Adresse", Column::Mac),
            ("MAC Address", Column::Mac),
            ("mac_address", Column::Mac),
            (" IP-Adresse ", Column::Address),
            ("Ext.", Column::Extension),
            ("SIP URI", Column::SipUri),
            ("User name", Column::Username),
            ("Schlagwörter", Column::Tags),
            ("SCHLAGWOERTER", Column::Tags),
            ("Geschützt", Column::Protected),
            ("Geschu\u{308}tzt", Column::Protected),
            ("Kennwort", Column::Password),
        ] {
            assert_eq!(column_of(heading), Some(column), "{heading}");
        }
        for heading in ["", "-", "Gruppen", "colour", "lable"] {
            assert_eq!(column_of(heading), None, "{heading}");
        }
    }

    #[test]
    fn well_known_names_are_taken_and_told() {
        let list = read(
            "MAC-Adresse;Bezeichnung;Nebenstelle;Modell;IP-Adresse;Standort;Schlagwörter;Benutzername;\
             Passwort;Geschützt;Bemerkung\n\
             00-15-65-AA-BB-CC;Empfang;0101;T46S;10.1.2.3;Kiel;vip;admin;s;ja;Halle\n"
                .as_bytes(),
        );
        assert_eq!(list.errors, []);
        let row = &list.rows[0];
        assert_eq!(row.label, Cell::Value("Empfang".into()));
        assert_eq!(row.extension, Cell::Value("0101".into()));
        assert_eq!(row.address, Cell::Value("10.1.2.3".parse().unwrap()));
        assert_eq!(row.site.value().unwrap().slug, "kiel");
        assert_eq!(row.protected, Cell::Value(true));
        assert_eq!(row.notes, Cell::Value("Halle".into()));
        assert!(row.login.is_given());
        assert_eq!(list.renamed.len(), 11);
        let list = read(b"MAC Address,Name,extension,User\n001565aabbcc,Desk,20,\n");
        let renamed = list.renamed.iter();
        let renamed: Vec<_> = renamed.map(|one| (one.name.as_str(), one.column)).collect();
        let told = [
            ("MAC Address", Column::Mac),
            ("Name", Column::Label),
            ("User", Column::Username),
        ];
        assert_eq!(renamed, told);
        assert!(list.ignored.is_empty() && !list.with_known_columns_only().blocked);
    }

    #[test]
    fn two_headings_for_one_column_are_refused() {
        let list = read(b"mac,Name,Bezeichnung,colour\n001565aabbcc,a,b,red\n");
        assert!(list.blocked);
        let told = &list.errors[0];
        assert_eq!(told.value, "Bezeichnung");
        assert_eq!(
            told.problem,
            "this means the column label, as \"Name\" does"
        );
        assert_eq!(list.errors.len(), 1, "what is only unknown is no mistake");
        assert_eq!(list.ignored.len(), 1);
        assert_eq!(list.with_known_columns_only().errors.len(), 2);
    }

    #[test]
    fn the_own_name_of_a_column_counts_and_another_one_beside_it_is_ignored() {
        for (text, label) in [
            ("mac,label,name\n001565aabbcc,Desk,Meier\n", "Desk"),
            ("Name,mac,Label\nMeier,001565aabbcc,Desk\n", "Desk"),
        ] {
            let list = read(text.as_bytes());
            assert_eq!(list.errors, []);
            assert_eq!(list.rows[0].label, Cell::Value(label.into()));
            assert!(list.renamed.is_empty() && !list.blocked);
            let ignored = &list.ignored[0];
            assert!(ignored.name.eq_ignore_ascii_case("name"));
            assert_eq!((ignored.beside, ignored.meant), (Some(Column::Label), None));
        }
        let list = read(b"mac,label,name\n001565aabbcc,Desk,Meier\n").with_known_columns_only();
        assert!(list.blocked, "where nobody looks, nothing is left out");
        let told = &list.errors[0];
        let problem = "this means the column label, as \"label\" does";
        assert_eq!((&*told.value, &*told.problem), ("name", problem));
        let list = read(b"label,name\nDesk,Meier\n");
        assert_eq!(list.errors.len(), 1, "it is no column of MAC addresses");
    }

    /// What is not known as a password would stand in the file of mistakes.
    #[test]
    fn two_columns_of_passwords_are_refused() {
        let list = read(b"mac,username,password,Kennwort\n001565aabbcc,admin,a,hunter2!\n");
        assert!(list.blocked && list.ignored.is_empty());
        assert_eq!(list.errors[0].value, "Kennwort");
    }

    #[test]
    fn a_list_without_mac_addresses_says_so_first() {
        let list = read(b"Nebenstelle,Seriennummer,\n20,x,y\n");
        let told: Vec<_> = list.errors.iter().map(|one| &*one.problem).collect();
        let all = [
            "no column has the MAC addresses",
            "this column is not known",
            "a column has no name",
        ];
        assert_eq!(told, all);
        let fix = "name it mac if the MAC addresses are in it";
        assert!(list.errors[1..].iter().all(|one| one.fix == fix));
    }

    #[test]
    fn a_list_without_headings_says_so_and_shows_nothing_of_its_first_phone() {
        let list = read(b"00:15:65:aa:bb:cc,admin,hunter2!\n00:15:65:aa:bb:cd,admin,x\n");
        assert!(list.blocked && list.ignored.is_empty());
        let told: Vec<_> = list.errors.iter().map(|one| &*one.problem).collect();
        let first = "the first line is a phone already: nothing names the columns";
        assert_eq!(told, [first]);
        assert!(!format!("{list:?}").contains("hunter2!"));
    }

    /// The file of mistakes leaves passwords out, whatever their column is called.
    #[test]
    fn a_password_under_another_heading_is_one() {
        let text = "MAC-Adresse,Benutzer,Kennwort\nbad,admin,hunter2!\n";
        let list = read(text.as_bytes());
        assert_eq!(list.errors.len(), 1);
        assert!(!format!("{list:?}").contains("hunter2!"));
        assert!(!with_errors(text.as_bytes(), &list.errors).contains("hunter2!"));
    }
}
