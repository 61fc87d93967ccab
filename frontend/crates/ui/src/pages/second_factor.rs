//! `/account/second-factor`, and the page that asks somebody to show who they are.

use carillon_contract::FrameView;
use carillon_contract::second_factor::{
    FactorSetupView, PROOF_CODE, PROOF_PASSWORD, Picture, ProveView, SecondFactorView,
};
use carillon_contract::sign_in::Elsewhere;
use carillon_language::say;
use leptos::prelude::*;

use crate::components::{Field, error_summary, hidden, icon, note, panel, post, snippet, submit};
use crate::shell::{Page, Scripts};

/// `/account/second-factor`.
pub(super) fn second_factor(frame: &FrameView, view: &SecondFactorView) -> String {
    let scripts = Scripts {
        copy: true,
        ..Scripts::default()
    };
    Page::new(say("Second factor"))
        .narrow()
        .scripts(scripts)
        .write(frame, |page| {
            page.up("/account", say("Your account"));
            page.lede(say("A code from an app on your phone, beside the password. Whoever learns the password alone cannot sign in."));
            let needed = (view.demanded && !view.on).then(|| {
                note("warning", "warning", say("Your role needs a second factor. Set it up, then everything else is open to you."))
            });
            let body = match &view.setup {
                Some(setup) => setting_up(view, setup),
                None if view.on => in_use(view),
                None => begin(say("Set it up"), say("You need an authenticator app: any that knows time-based codes will do.")),
            };
            let codes = (!view.new_codes.is_empty()).then(|| new_codes(&view.new_codes));
            view! { {codes}{needed}{body} }.into_any()
        })
}

fn begin(word: &'static str, text: &'static str) -> AnyView {
    let form = post(
        "/account/second-factor/begin",
        "row",
        submit("primary", "key", word),
    );
    view! { <p>{text}</p>{form} }.into_any()
}

fn setting_up(view: &SecondFactorView, setup: &FactorSetupView) -> AnyView {
    let form = post(
        "/account/second-factor/confirm",
        "stack",
        view! {
            {hidden("setup", setup.id.clone())}
            {Field::text("code", say("Code that the app shows")).autocomplete("one-time-code").inputmode("numeric").width("short").errors(&view.errors).plainly_required().view()}
            <div class="row">{submit("primary", "check", say("Turn it on"))}<a class="button" href="/account/second-factor">{say("Cancel")}</a></div>
        },
    );
    view! {
        {error_summary(&view.errors)}
        <p>{say("Scan this picture with the app, or type the secret. Then type the code that the app shows.")}</p>
        {picture(&setup.picture)}
        {snippet(say("Secret"), in_groups(&setup.secret))}
        {form}
    }
    .into_any()
}

/// Dark on light whatever the page's colours: apps read nothing else.
fn picture(picture: &Picture) -> AnyView {
    let size = format!("0 0 {} {}", picture.side, picture.side);
    view! {
        <svg class="qr" role="img" aria-label=say("The secret as a picture for the app") viewBox=size shape-rendering="crispEdges">
            <rect class="qr-ground" width="100%" height="100%"></rect>
            <path class="qr-dark" d=picture.path.clone()></path>
        </svg>
    }
    .into_any()
}

/// Easier to type: groups of four.
fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|four| four.iter().collect())
        .collect();
    groups.join(" ")
}

fn in_use(view: &SecondFactorView) -> AnyView {
    let left = view.codes_left;
    let again = post(
        "/account/second-factor/codes",
        "row",
        submit("", "key", say("Make new recovery codes")),
    );
    let another = post(
        "/account/second-factor/begin",
        "row",
        submit("", "phone", say("Set up another app")),
    );
    let remove = (!view.demanded).then(|| {
        let form = post(
            "/account/second-factor/remove",
            "row",
            submit("danger", "cancelled", say("Turn it off")),
        );
        panel(
            "remove",
            say("Without it"),
            view! { <p class="muted">{say("The password alone is enough then.")}</p>{form} },
        )
    });
    view! {
        {note("good", "check", say!("It is on. Recovery codes left: {left}", left))}
        {panel("codes", say("Recovery codes"), view! { <p class="muted">{say("Each signs you in once without the app. New ones replace those that you have.")}</p>{again} })}
        {panel("app", say("Another app"), view! { <p class="muted">{say("The one of today works until the new one has shown its first code.")}</p>{another} })}
        {remove}
    }
    .into_any()
}

fn new_codes(codes: &[String]) -> AnyView {
    view! {
        <div class="note is-good" role="alert">
            {icon("key")}
            <div>
                <p class="note-heading">{say("These are your recovery codes. They are shown this once: print them, or write them down.")}</p>
                {snippet(say("Recovery codes"), codes.join("\n"))}
            </div>
        </div>
    }
    .into_any()
}

/// Before something dangerous.
pub(super) fn prove(frame: &FrameView, view: &ProveView) -> String {
    Page::new(say("Show that it is you")).narrow().write(frame, |page| {
        page.lede(before(&view.deed));
        let refused = view.refused.then(|| {
            note("bad", "failed", say("That was not right, or there were too many tries: wait a moment and try again."))
        });
        if let Some(elsewhere) = &view.elsewhere {
            return anew(elsewhere);
        }
        let carried: Vec<AnyView> = view
            .fields
            .iter()
            .map(|(name, value)| hidden(name.clone(), value.clone()))
            .collect();
        let again: Vec<AnyView> = view.again.iter().map(|name| once_more(name)).collect();
        let code = view.asks_code.then(|| {
            Field::text(PROOF_CODE, say("Code")).hint(say("Of your app, or a recovery code. Each works once."))
                .autocomplete("one-time-code").width("medium").plainly_required().view()
        });
        let form = post(
            view.action.clone(),
            "stack form",
            view! {
                {carried}
                {Field::password(PROOF_PASSWORD, say("Your password"), "current-password").width("medium").plainly_required().view()}
                {code}
                {again}
                <div class="form-end">{submit("primary", "check", say("Go on"))}<a class="button" href="/">{say("Cancel")}</a></div>
            },
        );
        view! { {refused}{form} }.into_any()
    })
}

/// What goes on after it, where that is known, and how.
fn before(deed: &str) -> String {
    let what = if deed.is_empty() {
        say("What you asked for is dangerous in wrong hands.")
    } else {
        deed
    };
    let how =
        say("It is done as soon as you have shown who you are; nothing that you typed is lost.");
    format!("{what} {how}")
}

/// Whoever has no password here signs in anew where they have one.
fn anew(elsewhere: &Elsewhere) -> AnyView {
    let words = say!("Sign in again with {provider}", provider = elsewhere.name);
    view! {
        <p>{say("Your password is not kept here. Sign in again where it is, and then send the form once more within five minutes: what you typed is not kept on the way.")}</p>
        <p class="row"><a class="button primary" href=elsewhere.link.clone()>{words}</a><a class="button" href="/">{say("Cancel")}</a></p>
    }
    .into_any()
}

/// A password of the form itself is typed again rather than carried through a page.
fn once_more(name: &str) -> AnyView {
    let label = match name {
        "current" => say("Password now, as before"),
        "password_again" => say("New password again, as before"),
        _ => say("New password, as before"),
    };
    Field::password(name, label, "new-password")
        .width("medium")
        .view()
}
