//! The phones and the words of the product agree, though neither was made from the other.

use carillon_domain::action::{self, CheckedAction, uri};
use carillon_domain::phone::{DialForm, TransportSecurity::PlainHttp, UrlForm};
use carillon_domain::phone_list::{self, Cell};
use carillon_domain::phonecfg::PhoneConfig;
use carillon_simulator::{Auth, Disposition, Fleet, FleetConfig, Profile, SiteConfig};

use crate::client;
use crate::{QUICK, fleet};

/// One phone of each kind that the manual treats differently.
const MODELS: [&str; 6] = ["T46S", "T48S", "T54W", "T57W", "T33G", "CP920"];

#[tokio::test]
async fn every_plain_action_is_executed_where_the_catalogue_says_so() {
    let site = |model: &str| {
        SiteConfig::new(model, 1)
            .with_security(PlainHttp)
            .with_auth(Auth::None)
            .with_models(&[model])
    };
    let config = MODELS
        .iter()
        .fold(FleetConfig::default(), |fleet, model| {
            fleet.with_site(site(model))
        })
        .with_timing(QUICK);
    let fleet = Fleet::start(config).await.expect("a fleet");
    let by_http = action::all().filter(|entry| entry.travels_by_http());
    let plain = by_http.filter_map(|entry| CheckedAction::plain(entry.name));
    let mut differing = Vec::new();
    for action in plain {
        let target = uri::request_target(&action, UrlForm::Servlet, DialForm::Key);
        for phone in fleet.phones() {
            let reply = client::get(phone, target.as_str(), None).await;
            fleet.power_on(phone.mac).expect("known");
            let last = fleet.ledger().requests(phone.mac).pop().expect("seen");
            let taken = matches!(
                last.disposition,
                Disposition::Executed | Disposition::Answered
            );
            if taken != action.supports(phone.model) {
                differing.push((action.entry().name, phone.model, reply.status));
            }
        }
    }
    assert_eq!(differing, []);
}

#[tokio::test]
async fn the_settings_are_understood() {
    let (_fleet, phone) = fleet(Profile::Open).await;
    client::get(&phone, "/servlet?key=DNDOn", None).await;
    client::get(&phone, "/servlet?key=BusyFwdOn=4711", None).await;
    let answer = client::get(&phone, "/servlet?phonecfg=get", None).await;
    let read = PhoneConfig::read(&answer.body).expect("understood");
    assert_eq!(read.firmware.as_deref(), Some(phone.firmware.as_str()));
    assert_eq!(read.dnd, Some(true));
    assert_eq!((read.always.on, read.busy.on), (Some(false), Some(true)));
    assert_eq!(read.busy.target.as_deref(), Some("4711"));
    let account = read.accounts.first().expect("an account");
    assert!(account.enabled && account.register_name == phone.extension);
}

#[tokio::test]
async fn the_demos_phone_list_can_be_imported() {
    let fleet = Fleet::start(FleetConfig::demo(300)).await.expect("a fleet");
    let list = phone_list::read(fleet.inventory_csv().as_bytes());
    assert_eq!(list.errors, []);
    assert_eq!(list.rows.len(), 300);
    for (row, phone) in list.rows.iter().zip(fleet.phones()) {
        let Cell::Value(site) = &row.site else {
            panic!("a site");
        };
        assert_eq!(site.slug, phone.site);
        assert_eq!(row.mac.to_string(), phone.inventory.mac);
        assert_eq!(row.login.is_given(), !phone.inventory.password.is_empty());
    }
}
