//! A list as large as a company's.

use std::fmt::Write as _;

use carillon_engine::inventory::ImportOnce;

use crate::house::House;

const ROWS: usize = 10_000;
const BAD: usize = 200;

/// Every fiftieth row has a wrong address.
fn list(good: bool) -> String {
    let mut text = "mac,label,extension,model,address,site,tags,username,password\n".to_owned();
    for n in 0..ROWS {
        let (high, low) = (n / 250, n % 250 + 1);
        let bad = !good && n % (ROWS / BAD) == 0;
        let address = if bad {
            "10.0.0".to_owned()
        } else {
            format!("10.0.{high}.{low}")
        };
        let site = n / 1_000;
        writeln!(
            text,
            "001565{n:06x},Phone {n},{n:05},T46S,{address},Site {site},floor-{},admin,password-{n}",
            n % 7
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn ten_thousand_rows_with_two_hundred_bad_ones() {
    let house = House::new().await;
    let once = ImportOnce::default();
    let report = house
        .engine
        .import_once(&house.admin, list(false).into(), once)
        .await
        .unwrap();
    let lines: Vec<u64> = report.errors.iter().map(|error| error.line).collect();
    let expected: Vec<u64> = (0..BAD as u64)
        .map(|n| n * (ROWS / BAD) as u64 + 2)
        .collect();
    assert_eq!(lines, expected, "every bad row, in one pass");
    assert!(!report.applied);
    assert_eq!(house.count("").await, 0, "nothing written");

    let mended = house
        .engine
        .import_once(&house.admin, list(true).into(), once)
        .await
        .unwrap();
    assert_eq!(
        (mended.created, mended.errors.len(), mended.applied),
        (ROWS, 0, true)
    );
    assert_eq!(house.count("").await, ROWS as i64);
    assert_eq!(house.events().await.len(), 1 + 10 + ROWS, "one record each");

    let again = house
        .engine
        .import_once(&house.admin, list(true).into(), once)
        .await
        .unwrap();
    assert_eq!(
        (again.created, again.updated, again.unchanged),
        (0, 0, ROWS)
    );
}
