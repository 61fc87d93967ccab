//! What healthy and half-healthy phones do.

use carillon_simulator::{Disposition, Profile};

use crate::client;
use crate::fleet;

#[tokio::test]
async fn changes_can_be_read_back() {
    let (fleet, phone) = fleet(Profile::Open).await;
    for key in ["DNDOn", "AlwaysFwdOn=4711", "NoAnswFwdOn=1001=24"] {
        let target = format!("/servlet?key={key}");
        assert_eq!(client::get(&phone, &target, None).await.status, Some(200));
    }
    let target = "/servlet?phonecfg=get&accounts=1&dnd=1&fw=1";
    let text = client::get(&phone, target, None).await.text();
    for line in [
        format!("FirmwareVersion={}", phone.firmware),
        format!("MACAddress={}", phone.mac),
        "[DND]\nState=On\n".to_owned(),
        "[Forward_always]\nState=On\nTarget=4711\n".to_owned(),
        "[Forward_busy]\nState=Off\nTarget=\n".to_owned(),
        "[Forward_noanswer]\nRingtimes=24\nState=On\nTarget=1001\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    let extension = &phone.extension;
    let label = &phone.label;
    assert!(text.contains(&format!(
        "Account0=Enabled|{label}|{extension}|{label}|Off|{extension}@"
    )));
    assert_eq!(fleet.ledger().executions(phone.mac).len(), 3);
}

#[tokio::test]
async fn firmware_2_71_answers_as_the_sample() {
    let (_fleet, phone) = fleet(Profile::Phonecfg271).await;
    let text = client::get(&phone, "/servlet?phonecfg=get", None)
        .await
        .text();
    assert!(text.starts_with("[Status]\nFirmwareVersion=2.71.14.4\n[Accounts]\n"));
    assert!(text.contains("Account5=Disabled|||Disable|Off|\nAccount0=Enabled|"));
    assert!(text.ends_with("[Forward_noanswer]\nRingtimes=-6\nState=Off\nTarget=\n"));
    assert!(!text.contains("MACAddress"));
}

#[tokio::test]
async fn a_wrong_phone_tells_its_own_address() {
    let (fleet, phone) = fleet(Profile::WrongPhoneAtIp).await;
    let text = client::get(&phone, "/servlet?phonecfg=get", None)
        .await
        .text();
    assert!(text.contains(&phone.mac.to_string()));
    assert!(!text.contains(&phone.inventory.mac));
    assert!(fleet.inventory_csv().contains(&phone.inventory.mac));
}

#[tokio::test]
async fn unknown_values_and_pretenders_have_no_effect() {
    let (fleet, phone) = crate::fleet(Profile::Open).await;
    for key in ["reboot", "SWAP", "Reboot&", "DNDOn;nonsense"] {
        let target = format!("/servlet?key={key}");
        assert_eq!(client::get(&phone, &target, None).await.status, Some(200));
    }
    assert_eq!(fleet.ledger().totals().executed, 0);

    let (fleet, phone) = crate::fleet(Profile::Noop200).await;
    let reply = client::get(&phone, "/servlet?key=DNDOn", None).await;
    assert_eq!(reply.status, Some(200));
    let text = client::get(&phone, "/servlet?phonecfg=get&dnd=1", None)
        .await
        .text();
    assert!(text.contains("[DND]\nState=Off\n"));
    assert_eq!(fleet.ledger().totals().executed, 0);
}

#[tokio::test]
async fn numbers_are_dialled_in_both_forms() {
    let (fleet, phone) = fleet(Profile::Open).await;
    for target in [
        "/servlet?key=number=%2B4930123&outgoing_uri=1006@10.2.1.48",
        "/servlet?number=%2B4930123",
    ] {
        assert_eq!(client::get(&phone, target, None).await.status, Some(200));
    }
    let done = fleet.ledger().executed("number=+4930123");
    assert_eq!(done.get(&phone.mac), Some(&2));
    let screen = fleet.status(phone.mac).expect("known").screen;
    assert_eq!(screen, "Calling +4930123");
}

#[tokio::test]
async fn the_screen_is_a_bmp() {
    let (fleet, phone) = fleet(Profile::BmpScreenshot).await;
    for target in [
        "/screencapture",
        "/servlet?command=screenshot",
        "/servlet?m=mod_action&command=screenshot",
    ] {
        let reply = client::get(&phone, target, None).await;
        assert_eq!(reply.field("Content-Type"), Some("image/bmp"));
        assert!(reply.body.starts_with(b"BM"));
    }
    let seen = fleet.ledger().requests(phone.mac);
    assert!(
        seen.iter()
            .all(|record| record.disposition == Disposition::Answered)
    );
}

#[tokio::test]
async fn slow_phones_do_it_before_they_answer() {
    let (fleet, phone) = fleet(Profile::Slow).await;
    let begun = fleet.elapsed();
    let reply = client::get(&phone, "/servlet?key=DNDOn", None).await;
    assert_eq!(reply.status, Some(200));
    let done = fleet.ledger().executions(phone.mac);
    assert!(done[0].at >= begun && done[0].at <= fleet.elapsed());
}
