//! The pages: one function each, from frame and view to a whole document.
//!
//! A new page: state what it shows in `carillon-contract`, one file per noun; write its function
//! here from the parts in [`crate::components`]; give it samples in `tests/samples`, empty and
//! full, and the tests read it like every other; look at it in the gallery (`examples/gallery`),
//! light and dark, wide and narrow; add it to the list below; then mount it in the server.

use carillon_contract::FrameView;
use carillon_contract::account::AccountView;
use carillon_contract::approvals::{ApprovalsView, SettingsView};
use carillon_contract::audit::{AuditRecordView, AuditView};
use carillon_contract::credentials::{CredentialFormView, CredentialsView};
use carillon_contract::failure::FailureView;
use carillon_contract::groups::{
    DeleteView, GroupChangesView, GroupFormView, GroupView, GroupsView,
};
use carillon_contract::import::{ImportResultView, ImportReviewView, ImportUndoView, ImportView};
use carillon_contract::job::{JobView, StopAllView, StopJobView};
use carillon_contract::jobs::JobsView;
use carillon_contract::networks::NetworksView;
use carillon_contract::overview::OverviewView;
use carillon_contract::phone::{GonePhoneView, PhoneFormView, PhoneView};
use carillon_contract::phones::{BulkEditView, DeletePhonesView, PhonesView, SelectedPhonesView};
use carillon_contract::run::{ReviewPhonesView, ReviewView, RunView};
use carillon_contract::second_factor::{ProveView, SecondFactorView};
use carillon_contract::sign_in::{CodeView, ResetView, SendAgainView, SetupView, SignInView};
use carillon_contract::sip::SipFormView;
use carillon_contract::sites::{SiteFormView, SitesView};
use carillon_contract::streams::StreamsView;
use carillon_contract::tokens::TokensView;
use carillon_contract::users::{UserFormView, UsersView};
use carillon_language::during;

mod account;
mod approvals;
mod audit;
mod audit_number;
mod audit_record;
mod changes;
mod credentials;
mod delete;
mod failure;
mod group_changes;
mod groups;
mod import;
mod import_result;
mod import_review;
mod import_undo;
mod job;
mod job_controls;
mod job_go_on;
mod job_targets;
mod jobs;
mod networks;
mod overview;
mod overview_trends;
mod phone;
mod phone_actions;
mod phone_form;
mod phone_gone;
mod phone_keypad;
mod phones;
mod phones_bulk;
mod phones_edit;
mod phones_shape;
mod review;
mod review_phones;
mod review_time;
mod run;
mod second_factor;
mod selection;
mod sign_in;
mod sip;
mod sites;
mod stop;
mod streams;
mod tokens;
mod users;

pub use approvals::role_name;

/// Each page, made in the language of its frame.
macro_rules! pages {
    ($($module:ident::$name:ident($view:ty) $what:literal;)+) => {
        $(
            #[doc = $what]
            pub fn $name(frame: &FrameView, view: &$view) -> String {
                during(frame.language, || $module::$name(frame, view))
            }
        )+
    };
}

pages! {
    account::account(AccountView) "`/account`.";
    approvals::approvals(ApprovalsView) "`/approvals`.";
    approvals::settings(SettingsView) "`/admin/settings`.";
    audit::audit(AuditView) "`/audit`.";
    audit_record::audit_record(AuditRecordView) "`/audit/{seq}`.";
    credentials::credentials(CredentialsView) "`/admin/credentials`.";
    credentials::credential_form(CredentialFormView) "`/admin/credentials/new` and `/admin/credentials/{name}/edit`.";
    delete::delete(DeleteView) "Asks before one thing is deleted.";
    delete::delete_phones(DeletePhonesView) "Asks before phones are deleted.";
    failure::failure(FailureView) "Any page that could not be shown.";
    groups::groups(GroupsView) "`/groups`.";
    groups::group(GroupView) "`/groups/{slug}`.";
    group_changes::group_changes(GroupChangesView) "`/groups/{slug}/changes`.";
    groups::group_form(GroupFormView) "`/groups/new` and `/groups/{slug}/edit`.";
    import::import(ImportView) "Step 1.";
    import_result::import_result(ImportResultView) "Step 3.";
    import_undo::import_undo(ImportUndoView) "Asks before an import is taken back.";
    import_review::import_review(ImportReviewView) "Step 2.";
    job::job(JobView) "`/jobs/{id}`.";
    jobs::jobs(JobsView) "`/jobs`.";
    networks::networks(NetworksView) "`/admin/networks`.";
    overview::overview(OverviewView) "`/`.";
    phone::phone(PhoneView) "`/phones/{mac}`.";
    phone_form::phone_form(PhoneFormView) "`/phones/new` and `/phones/{mac}/edit`.";
    phone_gone::gone_phone(GonePhoneView) "`/phones/{mac}`, after it was deleted.";
    phones::phones(PhonesView) "`/phones`.";
    phones_edit::edit_phones(BulkEditView) "`/phones/edit?sel=…`.";
    review::review(ReviewView) "`/run/review/{id}`.";
    review_phones::review_phones(ReviewPhonesView) "`/run/review/{id}/phones`.";
    run::run(RunView) "`/run`.";
    selection::selected_phones(SelectedPhonesView) "`/selection?sel=…`.";
    second_factor::prove(ProveView) "Before something dangerous.";
    second_factor::second_factor(SecondFactorView) "`/account/second-factor`.";
    sign_in::reset(ResetView) "`/reset`.";
    sign_in::send_again(SendAgainView) "Behind a sign-in with a form that had come too late.";
    sign_in::sign_in(SignInView) "`/sign-in`.";
    sign_in::sign_in_code(CodeView) "`/sign-in/oidc/code`.";
    sign_in::setup(SetupView) "`/setup`.";
    sip::sip_form(SipFormView) "`/sites/{slug}/sip`.";
    sites::sites(SitesView) "`/sites`.";
    sites::site_form(SiteFormView) "`/sites/new` and `/sites/{slug}/edit`.";
    stop::stop_job(StopJobView) "`/jobs/{id}/cancel`.";
    stop::stop_all(StopAllView) "`/stop-all`.";
    streams::streams(StreamsView) "`/admin/streams`.";
    tokens::tokens(TokensView) "`/admin/tokens`.";
    users::users(UsersView) "`/admin/users`.";
    users::user_form(UserFormView) "`/admin/users/new` and `/admin/users/{name}/edit`.";
}
