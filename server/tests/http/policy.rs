//! Reports of browsers about pages that broke their content policy.

use carillon_domain::role::Role;
use reqwest::header;

use crate::house::House;
use crate::requests::{Answer, Client, send};

async fn report(client: &Client, kind: &str, body: String) -> Answer {
    let request = client.http.post(format!("{}/csp-report", client.base));
    send(request.header(header::CONTENT_TYPE, kind).body(body)).await
}

async fn number(house: &House, name: &str) -> Option<u64> {
    let admin = house.program(Role::Admin).await;
    let text = admin.get("/metrics").await.text;
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[tokio::test]
async fn every_page_says_where_to_report_and_reports_are_counted() {
    let house = House::open(None).await;
    let client = Client::anonymous(&house.base());
    let page = send(client.http.get(format!("{}/sign-in", client.base))).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("; report-uri /csp-report"), "{policy}");

    let body = r#"{"csp-report":{"effective-directive":"img-src","blocked-uri":"x"}}"#;
    let kind = "application/csp-report";
    let taken = report(&client, kind, body.to_owned()).await;
    assert_eq!((taken.status.as_u16(), taken.text.as_str()), (204, ""));
    let new = r#"[{"type":"csp-violation","body":{"effectiveDirective":"<b>"}}]"#;
    let taken = report(&client, "application/reports+json", new.to_owned()).await;
    assert_eq!(taken.status, 204);
    let nonsense = report(&client, kind, "\u{0}{".to_owned()).await;
    assert_eq!(nonsense.status, 204, "whatever it is, nobody is told");
    let name = "carillon_policy_violations_total";
    assert_eq!(
        number(&house, &format!("{name}{{rule=\"img-src\"}}")).await,
        Some(1)
    );
    assert_eq!(
        number(&house, &format!("{name}{{rule=\"other\"}}")).await,
        Some(1)
    );
    house.close().await;
}

#[tokio::test]
async fn reports_are_bounded() {
    let house = House::open(None).await;
    let client = Client::anonymous(&house.base());
    let kind = "application/csp-report";
    let form = report(&client, "text/plain", "{}".to_owned()).await;
    assert_eq!(form.status, 415);
    let large = report(&client, kind, " ".repeat(20 * 1024)).await;
    assert_eq!(large.status, 413);
    let mut answers = 0;
    let refused = loop {
        let answer = report(&client, kind, "{}".to_owned()).await;
        if answer.status != 204 {
            break answer;
        }
        answers += 1;
        assert!(answers < 1000, "sixty a minute are read");
    };
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    let unread = number(&house, "carillon_policy_reports_unread_total").await;
    assert_eq!(unread, Some(1));
    let elsewhere = client
        .http
        .post(format!("{}/csp-report", client.base))
        .header(header::CONTENT_TYPE, kind)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(send(elsewhere.body("{}")).await.status, 403);
    house.close().await;
}
