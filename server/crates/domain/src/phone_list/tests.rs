//! What a list understands, what it tells, and that what it writes reads back.

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::phone::Phone;

fn one(text: &str) -> Row {
    let list = read(text.as_bytes());
    assert_eq!(list.errors, [], "{text}");
    assert_eq!(list.rows.len(), 1, "{text}");
    list.rows.into_iter().next().expect("one row")
}

fn told(text: &str) -> Vec<(u64, String, String)> {
    read(text.as_bytes())
        .errors
        .into_iter()
        .map(|error| (error.line, error.column, error.value))
        .collect()
}

#[test]
fn every_column_is_read_in_any_order() {
    let row = one(
        "notes,mac,label,extension,model,address,port,scheme,site,tags,sip_uri,username,password,protected\n\
         \"two\r\nlines, \"\"quoted\"\"\",00-15-65-AA-BB-CC, Front desk ,0101,SIP-T46S,10.1.2.3,8443,HTTPS,\
         Köln Süd,VIP; lab;vip,sip:101@pbx,admin, s p ,yes\n",
    );
    assert_eq!(row.line, 2);
    assert_eq!(row.mac.to_string(), "00:15:65:aa:bb:cc");
    assert_eq!(row.label, Cell::Value("Front desk".into()));
    assert_eq!(row.extension, Cell::Value("0101".into()));
    assert_eq!(row.model, Cell::Value("T46S".into()));
    assert_eq!(row.address, Cell::Value("10.1.2.3".parse().unwrap()));
    assert_eq!(row.port, Cell::Value(8443));
    assert_eq!(row.scheme, Cell::Value(Scheme::Https));
    assert_eq!(row.site.value().unwrap().slug, "koeln-sued");
    assert_eq!(row.tags, Cell::Value(vec!["lab".into(), "vip".into()]));
    assert_eq!(row.notes, Cell::Value("two\nlines, \"quoted\"".into()));
    assert_eq!(row.protected, Cell::Value(true));
    assert_eq!(row.login.password.unwrap().expose_secret(), " s p ");
    assert_eq!(row.credential, Cell::Absent);
}

#[test]
fn delimiters_marks_and_blank_lines() {
    for text in [
        "mac,label\n001565aabbcc,a\n",
        "mac;label\r\n001565aabbcc;a",
        "\u{feff}mac;label\n001565aabbcc;a\n",
        "sep=;\r\nmac;label\r\n001565aabbcc;a\r\n",
        "\"sep=,\"\nmac,label\n001565aabbcc,a\n",
        "\n\nMAC , Label\n\n,\n001565aabbcc,a\n\n;;;\n",
        "mac,label,error\n001565aabbcc,a,what was wrong\n",
        "mac,label\n001565aabbcc,a,,\n",
        "mac\tlabel\n001565aabbcc\ta\n",
    ] {
        let list = read(text.as_bytes());
        let expected = usize::from(text.contains(";;;"));
        assert_eq!(list.errors.len(), expected, "{text:?} {:?}", list.errors);
        assert_eq!(list.rows[0].label, Cell::Value("a".into()), "{text:?}");
    }
}

#[test]
fn a_misspelt_column_is_named_and_a_short_line_told() {
    let strictly = |text: &str| read(text.as_bytes()).with_known_columns_only();
    let fix = |text: &str| strictly(text).errors.remove(0).fix;
    assert_eq!(fix("mac,lable\n"), "did you mean label?");
    assert_eq!(fix("mac,extention\n"), "did you mean extension?");
    assert_eq!(fix("mac,exten\n"), "did you mean extension?");
    assert!(
        fix("mac,p\n").starts_with("use only these: mac, "),
        "port, password or protected"
    );
    assert!(fix("mac,colour\n").starts_with("use only these: mac, "));
    assert!(fix("mac,label\n001565aabbcc\n").starts_with("give it a cell for each column"));
    assert!(fix("mac,label\n001565aabbcc,a,b\n").starts_with("put cells that hold"));
}

#[test]
fn an_absent_column_leaves_a_blank_cell_clears_and_a_value_sets() {
    let mut phone = Phone::new("001565aabbcc".parse().unwrap());
    phone.label = "old".into();
    phone.extension = "1".into();
    phone.port = Some(80);
    phone.tags = vec!["a".into()];
    phone.protected = true;
    phone.credential = Some("shared".into());
    let row = one("mac,label,port,tags,protected,credential\n001565aabbcc,new,,,,\n");
    row.apply_to(&mut phone, |site| site.slug.clone());
    assert_eq!(
        (phone.label.as_str(), phone.extension.as_str()),
        ("new", "1")
    );
    assert_eq!((phone.port, phone.protected), (None, false));
    assert!(phone.tags.is_empty());
    assert_eq!(phone.credential, None);
}

#[test]
fn a_login_takes_the_place_of_a_named_credential() {
    let mut phone = Phone::new("001565aabbcc".parse().unwrap());
    phone.credential = Some("shared".into());
    let blank = one("mac,username,password\n001565aabbcc,,\n");
    blank.apply_to(&mut phone, |site| site.slug.clone());
    assert_eq!(phone.credential.as_deref(), Some("shared"));
    let login = one("mac,username,password\n001565aabbcc,admin,s\n");
    login.apply_to(&mut phone, |site| site.slug.clone());
    assert_eq!(phone.credential, None);
}

#[test]
fn a_form_takes_what_a_list_takes() {
    let mac: Mac = "001565aabbcc".parse().unwrap();
    let fields = [
        (Column::Label, "'=x"),
        (Column::Port, ""),
        (Column::Tags, "B; a"),
    ];
    let fields = fields
        .map(|(column, text)| (column, text.to_owned()))
        .into();
    let row = from_fields(mac, &fields, Some(&SecretString::from("s"))).unwrap_err();
    assert_eq!(row[0].field, "username");
    let row = from_fields(mac, &fields, None).unwrap();
    assert_eq!(row.label, Cell::Value("'=x".into()));
    assert_eq!((row.port, row.extension), (Cell::Blank, Cell::Absent));
    assert_eq!(row.tags, Cell::Value(vec!["a".into(), "b".into()]));
    let wrong = [(Column::Address, "phone.example"), (Column::Port, "x")];
    let wrong = wrong.map(|(column, text)| (column, text.to_owned())).into();
    let errors = from_fields(mac, &wrong, None).unwrap_err();
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["address", "port"]);
}

#[test]
fn every_mistake_is_told_in_one_pass() {
    let text = "mac,label,address,port,scheme,protected,tags,extension,sip_uri\n\
        xyz,,010.0.0.1,0,ftp,maybe,a|b,1 2,nobody\n\
        001565aabbcc,ok,phone.example,70000,,,,,\n\
        00:15:65:aa:bb:cc,twice,,,,,,,\n\
        ,none,,,,,,,\n\
        001565aabbcd,few\n\
        001565aabbce,\"open,,,,,,,\n\
        001565aabbcf,\"a\"b,,,,,,,\n\
        001565aabbd0,fine,,,,,,,\n";
    let list = read(text.as_bytes());
    let found: Vec<(u64, &str)> = list
        .errors
        .iter()
        .map(|e| (e.line, e.column.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "mac"),
            (2, "extension"),
            (2, "address"),
            (2, "port"),
            (2, "scheme"),
            (2, "tags"),
            (2, "sip_uri"),
            (2, "protected"),
            (3, "address"),
            (3, "port"),
            (4, "mac"),
            (5, "mac"),
            (6, ""),
            (7, ""),
            (8, ""),
        ]
    );
    assert!(
        list.errors
            .iter()
            .all(|e| !e.problem.is_empty() && !e.fix.is_empty())
    );
    assert_eq!(list.errors[10].problem, "this phone is already in line 3");
    assert_eq!((list.total, list.rows.len()), (8, 1));
    assert!(!list.blocked);
}

#[test]
fn a_bad_header_blocks_and_rows_are_still_checked() {
    let list = read(b"mac,lable,label,label\nxyz,,,\n");
    assert!(list.blocked && list.ignored.is_empty());
    assert_eq!(list.errors.len(), 3);
    assert_eq!(list.errors[1].fix, "did you mean label?");
    for text in ["", "\n", "label\nx\n", "sep=|\nmac\n"] {
        assert!(read(text.as_bytes()).blocked, "{text:?}");
    }
}

#[test]
fn a_column_that_nobody_knows_is_left_out_and_named() {
    let file = b"Raum;mac;exten;label;;error\n12;001565aabbcc;20;Desk;x;y\n";
    let list = read(file);
    assert!(!list.blocked && list.errors.is_empty(), "{:?}", list.errors);
    assert_eq!(list.rows[0].label, Cell::Value("Desk".into()));
    assert_eq!(
        (&list.rows[0].site, &list.rows[0].extension),
        (&Cell::Absent, &Cell::Absent)
    );
    let ignored = list.ignored.iter();
    let ignored: Vec<_> = ignored
        .map(|column| (column.place, column.name.as_str(), column.meant))
        .collect();
    assert_eq!(
        ignored,
        [
            (1, "Raum", None),
            (3, "exten", Some(Column::Extension)),
            (5, "", None)
        ]
    );
    let strictly = list.with_known_columns_only();
    assert!(strictly.blocked && strictly.ignored.is_empty());
    assert_eq!(strictly.errors.len(), 3);
    // Without the one that is needed nothing is left out.
    let without = read(b"mca,label\n001565aabbcc,Desk\n");
    assert!(without.blocked && without.ignored.is_empty());
    assert_eq!(without.errors.len(), 2, "{:?}", without.errors);
}

#[test]
fn only_utf8_without_nul_is_taken() {
    for bytes in [
        b"mac,label\n001565aabbcc,M\xfcller\n".as_slice(),
        b"mac,label\n001565aabbcc,a\0b\n",
        b"\xff\xfem\0a\0c\0",
        b"PK\x03\x04...",
    ] {
        let list = read(bytes);
        assert!(list.blocked && list.rows.is_empty());
        assert!(!list.errors.is_empty());
    }
    assert_eq!(read(b"mac\n001565aabbcc\n\xfc\n").errors[0].line, 3);
}

#[test]
fn a_byte_that_cannot_be_read_hides_no_other_mistake() {
    let file = b"mac,label,port\n805e0c550009,\xff\xfe,1\n805e0c5500,x,2\n805e0c55000b,ok,zz\n\
        805e0c55000c,a\0b,zz\n805e0c55000d,M\xfcller,1\n805e0c55000e,fine,1\n";
    let list = read(file);
    let lines: Vec<(u64, &str)> = list.errors.iter().map(|e| (e.line, &*e.column)).collect();
    let told = [
        (2, ""),
        (3, "mac"),
        (4, "port"),
        (5, "port"),
        (5, ""),
        (6, ""),
    ];
    assert_eq!(lines, told, "{:?}", list.errors);
    assert!(
        list.errors[0].problem.contains("from byte 14"),
        "{:?}",
        list.errors[0]
    );
    assert!(list.blocked);
    let rows: Vec<u64> = list.rows.iter().map(|row| row.line).collect();
    assert_eq!(rows, [7]);
    assert!(!with_errors(file, &list.errors).contains('\u{fffd}'));
}

#[test]
fn size_is_bounded() {
    assert!(read(&vec![b'a'; MAX_BYTES + 1]).blocked);
    let wide = vec!["mac"; MAX_COLUMNS + 1].join(",");
    assert!(read(wide.as_bytes()).blocked);
    let long = format!("mac,notes\n001565aabbcc,{}\n", "x".repeat(MAX_CELL + 1));
    assert_eq!(told(&long)[0].1, "notes");
    let rows: Vec<String> = (0..=MAX_ROWS).map(|n| format!("0015{n:08x}")).collect();
    let list = read(format!("mac\n{}\n", rows.join("\n")).as_bytes());
    assert!(list.blocked);
    assert_eq!(list.rows.len(), MAX_ROWS);
}

#[test]
fn no_error_tells_a_password() {
    let text = "mac,label,username,password,credential,extension\n\
        001565aabbcc,,,hunter2!,,\n\
        001565aabbcd,,admin,hunter2!,shared,\n\
        bad,,admin,hunter2!,,\n\
        001565aabbce,,admin,hunter2!,,hunter2!\n\
        001565aabbcf,,admin,hunter2!,,,,hunter2!\n";
    let long = format!(
        "mac,username,password\n001565aabbcc,admin,{}\n",
        "hunter2!".repeat(20)
    );
    for text in [text, &long] {
        let list = read(text.as_bytes());
        assert!(!list.errors.is_empty());
        assert!(!format!("{list:?}").contains("hunter2!"));
        assert!(!with_errors(text.as_bytes(), &list.errors).contains("hunter2!"));
    }
}

#[test]
fn the_lines_with_errors_come_back_and_can_be_mended() {
    let text = "sep=;\nmac;label\nxyz;\"a;b\"\n001565aabbce;Desk\nzyx;=1+1\n";
    let list = read(text.as_bytes());
    let told = with_errors(text.as_bytes(), &list.errors);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "mac;label;error");
    assert!(lines[1].starts_with("xyz;\"a;b\";\"mac: "), "{}", lines[1]);
    assert!(lines[2].starts_with("zyx;'=1+1;\"mac: "), "{}", lines[2]);
    assert_eq!(lines.len(), 3, "what is right is not among them: {told}");
    let mended = told.replace("xyz;", "001565aabbcd;");
    let mended = read(mended.replace("zyx;", "001565aabbcc;").as_bytes());
    assert_eq!(mended.errors, []);
    assert_eq!(mended.rows[1].label, Cell::Value("=1+1".into()));
    assert!(with_errors(b"\xff", &read(b"\xff").errors).starts_with("line,error\r\n1,"));
}

fn any_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 äÖ'=+@,;\"-]{0,20}".prop_map(|text| text.trim().to_owned())
}

prop_compose! {
    fn any_phone()(
        tail in any::<u32>(), label in any_text(), notes in any_text(),
        extension in "[0-9*#+._-]{0,8}", model in "(T46S|CP920|)",
        address in proptest::option::of(any::<u32>()), port in proptest::option::of(1_u16..),
        site in "([a-z]{1,5})?", tags in proptest::collection::btree_set("[a-z]{1,4}", 0..3),
        protected in any::<bool>(), named in any::<bool>(),
    ) -> Phone {
        let mac = Mac::from_bytes([0, 0x15, 0x65, (tail >> 16) as u8, (tail >> 8) as u8, tail as u8]);
        let mut phone = Phone::new(mac);
        phone.label = label;
        phone.notes = notes;
        phone.extension = extension;
        phone.model = model;
        phone.address = address.map(|a| std::net::Ipv4Addr::from(a).into());
        phone.port = port;
        phone.site = Some(site).filter(|site| !site.is_empty());
        phone.tags = tags.into_iter().collect();
        phone.protected = protected;
        phone.credential = named.then(|| "shared".to_owned());
        phone
    }
}

proptest! {
    #[test]
    fn an_export_read_back_changes_nothing(phone in any_phone()) {
        let text = format!("{}{}", export_header(), export_line(&phone));
        let list = read(text.as_bytes());
        prop_assert_eq!(&list.errors, &[]);
        let mut again = phone.clone();
        list.rows[0].apply_to(&mut again, |site| site.slug.clone());
        prop_assert_eq!(&again, &phone);
        let mut fresh = Phone::new(phone.mac);
        list.rows[0].apply_to(&mut fresh, |site| site.slug.clone());
        prop_assert_eq!(&fresh, &phone);
    }

    #[test]
    fn no_cell_of_an_export_is_a_formula(phone in any_phone()) {
        let mut records = records::Records::begin("").expect("empty");
        let _ = records.next();
        let line = export_line(&phone);
        let text = format!("mac,{line}");
        let cells = records::Records::begin(&text).expect("a line").next().expect("one").ok();
        for cell in cells.expect("readable").cells {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let list = read(&bytes);
        let _ = with_errors(&bytes, &list.errors);
    }

    #[test]
    fn any_text_is_survived(text in "(mac|label|[,;\"\n'=]|[a-f0-9]{12}){0,40}") {
        let list = read(text.as_bytes());
        prop_assert!(list.blocked || list.total >= list.rows.len());
        let _ = with_errors(text.as_bytes(), &list.errors);
    }
}
