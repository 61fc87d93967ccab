//! `/sites/{slug}/sip`: how the phones of a site are reached by SIP.

use carillon_contract::FrameView;
use carillon_contract::form::{Choice, VERSION_FIELD};
use carillon_contract::sip::SipFormView;
use carillon_domain::sip::{MAX_RATE, NotifyWay, SipTransport, SipUse};
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{
    Field, checkbox, error_summary, fieldset, hidden, note, post, radio_card, select, submit,
};
use crate::shell::Page;
use crate::words;

/// `/sites/{slug}/sip`.
pub(super) fn sip_form(frame: &FrameView, view: &SipFormView) -> String {
    let title = say!("SIP at {site}", site = view.name);
    Page::new(title).narrow().write(frame, |page| {
        page.up("/sites", say("Sites"));
        let form = post(
            format!("/sites/{}/sip", view.slug),
            "stack form",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                {when(view)}
                {who(view)}
                {server(view)}
                {sender(view)}
                {pbx(view)}
                <div class="form-end">
                    {submit("primary", "check", say("Save"))}
                    <a class="button" href="/sites">{say("Cancel")}</a>
                </div>
            },
        );
        view! {
            {error_summary(&view.errors)}
            <p>{say("A command can also go to a phone as a SIP NOTIFY: to phones behind a firewall or NAT, and to phones that listen to their SIP server only. It needs the phone's SIP address in the inventory.")}</p>
            {note("neutral", "info", say("A SIP address with several phones runs a command on all of them."))}
            {form}
            {remove(view)}
        }
        .into_any()
    })
}

fn when(view: &SipFormView) -> AnyView {
    let card = |used: &SipUse| {
        let chosen = view.form.used == used.as_str();
        let (title, meaning) = (words::sip_use(*used), words::sip_use_meaning(*used));
        radio_card("use", used.as_str(), title, meaning, chosen)
    };
    let cards: Vec<AnyView> = SipUse::ALL.iter().map(card).collect();
    let forbidden = say("Also where a phone refused our address over HTTP");
    fieldset(
        "use",
        say("When SIP is used"),
        None,
        &view.errors,
        view! {
            <div class="stack tight">{cards}</div>
            {checkbox("after_forbidden", "on", forbidden, view.form.after_forbidden)}
        },
    )
}

fn who(view: &SipFormView) -> AnyView {
    let card = |way: &NotifyWay| {
        let chosen = view.form.way == way.as_str();
        let (title, meaning) = (words::notify_way(*way), words::notify_way_meaning(*way));
        radio_card("way", way.as_str(), title, meaning, chosen)
    };
    let cards: Vec<AnyView> = NotifyWay::ALL.iter().map(card).collect();
    fieldset(
        "way",
        say("Who sends"),
        None,
        &view.errors,
        view! { <div class="stack tight">{cards}</div> },
    )
}

/// What only a PBX needs.
fn pbx(view: &SipFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let in_clear = say("A PBX may be given the password itself without TLS");
    fieldset(
        "password_in_clear",
        say("Only with Asterisk or FreeSWITCH"),
        None,
        errors,
        view! {
            {checkbox("password_in_clear", "on", in_clear, form.password_in_clear)}
            {Field::text("pbx_profile", say("SIP profile of the FreeSWITCH")).value(&form.pbx_profile).errors(errors).placeholder("internal").hint(say("Where the phones are registered.")).view()}
        },
    )
}

fn server(view: &SipFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    let transport = |transport: &SipTransport| {
        let chosen = form.transport == transport.as_str();
        Choice::new(
            transport.as_str(),
            transport.as_str().to_uppercase(),
            chosen,
        )
    };
    let transports: Vec<Choice> = SipTransport::ALL.iter().map(transport).collect();
    view! {
        {Field::text("proxy", say("Address of the SIP server or PBX")).value(&form.proxy).errors(errors).placeholder("10.0.0.5").width("medium").hint(say("An IP address. Blank: straight to the phones, as far as they can be reached. A PBX needs one.")).view()}
        {select("transport", say("Transport"), &transports, None, errors)}
        {Field::integer("port", say("Port"), 1, 65_535).value(&form.port).errors(errors).hint(say("Blank: 5060, with TLS 5061. Asterisk: 5038, with TLS 5039. FreeSWITCH: 8021.")).view()}
        {Field::text("tls_name", say("Name in its certificate")).value(&form.tls_name).errors(errors).placeholder("pbx.example").hint(say("With TLS: it has to be exactly this one.")).view()}
        {Field::lines("ca_pem", say("Certificate of the authority that vouches for it (PEM)"), "6").value(&form.ca_pem).errors(errors).view()}
    }
    .into_any()
}

fn sender(view: &SipFormView) -> AnyView {
    let (form, errors) = (&view.form, &view.errors);
    view! {
        {Field::text("from", say("Address that sends")).value(&form.from).errors(errors).placeholder("carillon@pbx.example").hint(say("May be blank with Asterisk or FreeSWITCH: they name the sender.")).view()}
        {select("credential", say("Credential of the SIP server or PBX"), &view.credentials, Some(say("A SIP server is given a Digest, and Asterisk an answer to its challenge. FreeSWITCH is told the password, and reads no user.")), errors)}
        {Field::text("realm", say("Realm of the credential")).value(&form.realm).errors(errors).placeholder("pbx.example").hint(say("Nobody who asks for another realm is answered. Blank: the host of the address that sends.")).view()}
        {Field::integer("rate", say("Commands a second at most"), 1, i64::from(MAX_RATE)).value(&form.rate).errors(errors).view()}
    }
    .into_any()
}

fn remove(view: &SipFormView) -> Option<AnyView> {
    view.has_profile.then(|| {
        post(
            format!("/sites/{}/sip/remove", view.slug),
            "stack",
            view! {
                {hidden(VERSION_FIELD, view.version.to_string())}
                <h2>{say("Without SIP")}</h2>
                <p class="muted">{say("The phones of this site are then reached over HTTP only.")}</p>
                <div>{submit("danger", "trash", say("Use SIP no more"))}</div>
            },
        )
    })
}
