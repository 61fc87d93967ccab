//! Where phones may be contacted: the page, the API, the command line, and the same rules outside.

use std::process::{Command, Stdio};

use carillon_domain::role::Role;
use serde_json::json;

use crate::browser::{Browser, token};
use crate::command_line::asked;
use crate::house::{House, PASSWORD};
use crate::requests::Answer;

const HERE: &str = "/admin/networks";

fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.text.split_once(&mark).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn save(browser: &mut Browser, page: &Answer, networks: &str) -> Answer {
    let (csrf, version, digest) = (token(page), hidden(page, "version"), hidden(page, "digest"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("networks", networks),
        ("version", &version),
        ("digest", &digest),
    ];
    let form = browser.form(HERE, &fields);
    browser
        .send(form.header("sec-fetch-site", "same-origin"))
        .await
}

/// What it does to the phones stands on the page before anything is changed.
pub(crate) async fn an_administrator_narrows_them_and_sees_whom_it_costs(house: House) -> House {
    let api = house.program(Role::Admin).await;
    for (last, address) in [("01", "10.20.0.7"), ("02", "10.21.0.7")] {
        let label = format!("Desk {last}");
        let phone = json!({"mac": format!("0015650000{last}"), "address": address, "label": label});
        api.post("/phones", &phone).await.expect(201);
    }
    let mut browser = Browser::new(&house.base());
    assert_eq!(browser.sign_in("admin", PASSWORD).await.status, 303);
    let wide = browser.get("/admin/networks?networks=0.0.0.0/0").await;
    assert_eq!(wide.status, 422);
    assert!(!wide.text.contains("Put these networks"), "{}", wide.text);
    let shown = browser.get("/admin/networks?networks=10.20.0.0/16").await;
    assert_eq!(shown.status, 200);
    assert!(
        shown.text.contains("1 phone would be out of reach"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("Desk 02") && !shown.text.contains("Desk 01"));
    let now = api.get("/networks").await.expect(200);
    assert_eq!(now["chosen"], json!([]), "nothing changed yet");
    assert_eq!(now["stored"], "unchosen");
    let (button, list) = ("Put these networks", "Desk 02");
    assert!(
        shown.text.find(button) < shown.text.find(list),
        "{}",
        shown.text
    );
    assert!(!shown.text.contains("so now"), "{}", shown.text);
    let other = save(&mut browser, &shown, "10.21.0.0/16").await;
    assert_eq!(other.status, 409, "not what was looked at");
    assert_eq!(save(&mut browser, &shown, "10.20.0.0/16").await.status, 303);
    assert_eq!(save(&mut browser, &shown, "10.20.0.0/16").await.status, 409);
    let now = api.get("/networks").await.expect(200);
    assert_eq!(now["in_force"], json!(["10.20.0.0/16"]));
    assert_eq!(now["changed_by"], "admin");
    assert_eq!(now["stored"], "chosen");
    let phone = json!({"mac": "001565000003", "address": "10.21.0.8"});
    let refused = api.post("/phones", &phone).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "address", "{refused}");
    let told = api.get("/audit?action=networks.changed").await.expect(200);
    assert_eq!(
        told["items"][0]["entry"]["detail"]["phones_out_of_reach"],
        1
    );
    house
}

/// The kernel of this machine, or that of a namespace of its own, takes the rules as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_outside_are_made_of_the_same_list() {
    let house = House::with(&[("allow-networks", "10.20.0.0/16,fd12::/16")]).await;
    let dir = house.dir.path().to_owned();
    let (status, out, err) = asked(&dir, &["networks", "list"]).await;
    assert_eq!((status, out.contains("10.20.0.0/16")), (0, true), "{err}");
    let also = ["networks", "systemd", "--also", "10.9.0.5"];
    let (status, out, err) = asked(&dir, &also).await;
    assert_eq!(status, 0, "{err}");
    let notes: Vec<_> = err.lines().collect();
    assert_eq!(notes.len(), 1, "{err}");
    for said in ["in force now", "anew", "loopback"] {
        assert!(notes[0].contains(said), "{err}");
    }
    for line in [
        "IPAddressDeny=any",
        "IPAddressAllow=10.20.0.0/16",
        "IPAddressAllow=10.9.0.5/32",
    ] {
        assert!(out.lines().any(|found| found == line), "{line}: {out}");
    }
    let (status, _, err) = asked(&dir, &["networks", "nftables", "--user", "x\" accept"]).await;
    assert_eq!(status, 2, "{err}");
    let (status, rules, err) = asked(&dir, &["networks", "nftables", "--user", "root"]).await;
    assert_eq!(status, 0, "{err}");
    house.close().await;
    let loaded = tokio::task::spawn_blocking(move || holds(&rules))
        .await
        .unwrap();
    match loaded {
        Some(counts) => assert_eq!(counts, EXPECTED),
        None => eprintln!("skipped: needs nft, ip and namespaces of one's own"),
    }
}

/// Where a process in a namespace with these rules tries to connect, and how often each was refused.
const SCRIPT: &str = r#"
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
ip addr add 10.99.0.1/16 dev v0 && ip route add default dev v0 && cat > "$1" && nft -f "$1" || exit 9
for to in 10.20.0.7/80 10.20.0.7/22 10.21.0.7/80 169.254.169.254/80 127.0.0.1/9 10.99.0.1/80 8.8.8.8/443; do
  before=$(nft list ruleset | awk '/packets/ { for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) } END { print n }')
  timeout 1 bash -c "exec 3<>/dev/tcp/$to" 2>/dev/null
  after=$(nft list ruleset | awk '/packets/ { for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) } END { print n }')
  if [ "$after" -gt "$before" ]; then echo "$to refused"; else echo "$to passed"; fi
done
"#;
const EXPECTED: &str = "\
10.20.0.7/80 passed
10.20.0.7/22 refused
10.21.0.7/80 refused
169.254.169.254/80 refused
127.0.0.1/9 refused
10.99.0.1/80 refused
8.8.8.8/443 refused
";

fn holds(rules: &str) -> Option<String> {
    use std::io::Write as _;
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new("unshare")
        .args(["-rn", "bash", "-c", SCRIPT, "rules"])
        .arg(dir.path().join("rules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(rules.as_bytes())
        .ok()?;
    let told = child.wait_with_output().unwrap();
    told.status
        .success()
        .then(|| String::from_utf8(told.stdout).unwrap())
}
