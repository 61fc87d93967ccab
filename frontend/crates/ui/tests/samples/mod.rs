//! Every page with something to show: for the gallery that people look at, and for the tests
//! that look for them. Each text runs through [`Samples::say`], so that a test can make it hostile.

use std::time::Duration;

use carillon_contract::account::{AccountView, SessionRow};
use carillon_contract::approvals::{ApprovalRow, ApprovalsView, SettingsView};
use carillon_contract::audit::{
    AuditFilter, AuditRecordView, AuditRow, AuditView, ChainView, NumberView, ProofView,
    ShownNumber,
};
use carillon_contract::changes::{
    ChangeLine, ChangeNotice, ChangeRow, LeavingPhone, NobodyApproves, OnePerson,
};
use carillon_contract::credentials::{CredentialFormView, CredentialRow, CredentialsView};
use carillon_contract::failure::FailureView;
use carillon_contract::form::Choice;
use carillon_contract::frame::{Assets, Banner, Flash, SessionLimits, Tone};
use carillon_contract::groups::{
    DeleteView, GroupChangesView, GroupForm, GroupFormView, GroupRow, GroupView, GroupsView,
    LastJob, MemberChange, Moved, NamedPhone, RuleEffect,
};
use carillon_contract::import::{
    FirstLine, IgnoredColumn, ImportChange, ImportError, ImportResultView, ImportReviewView,
    ImportRow, ImportTab, ImportUndoView, ImportView, KeptFile, NewSite, RecentImport,
    RenamedColumn, SharedAddress, TakenBack,
};
use carillon_contract::job::{
    CauseAdvice, CauseCount, Decided, EarlierTry, HeldView, JobApprovalView, JobControls,
    JobSummary, JobView, RetryCause, RetryForm, RetryState, StopAllView, StopJobView, TargetRow,
};
use carillon_contract::jobs::{JobRow, JobsFilter, JobsView};
use carillon_contract::list::{Chip, Facet, Link, Paging, Tab, Total, sort_links};
use carillon_contract::networks::{NetworksEffect, NetworksView};
use carillon_contract::overview::{
    ChangeView, DayView, FirmwareCount, FleetCause, FleetView, OverviewView, SiteAnswers,
    SiteHealth, TrendsView,
};
use carillon_contract::phone::{
    CredentialSource, GonePhoneView, KeyView, KeypadView, PastAddress, PhoneForm, PhoneFormView,
    PhoneView, PinView, QuickAction, ScreenView, SecondPerson,
};
use carillon_contract::phones::{
    BulkAction, BulkEditView, DeletePhonesView, LastResult, Meant, MovedColumn, OwnCredential,
    PhoneColumn, PhoneRow, PhonesView, Readiness, SavedViewLink, SelectedPhonesView, SelectionView,
};
use carillon_contract::run::{
    ActionClass, ActionGroup, ActionView, OptionsForm, PacingChoice, ParamKind, ParamView,
    PlannedView, ReviewPhone, ReviewPhonesView, ReviewView, RunView, SetChange, SkipView,
    TargetsSummary, TargetsView,
};
use carillon_contract::second_factor::{FactorSetupView, Picture, ProveView, SecondFactorView};
use carillon_contract::sign_in::{
    CodeView, Elsewhere, KeptForm, ResetView, SendAgainView, SetupView, SignInView,
};
use carillon_contract::sip::{SipForm, SipFormView};
use carillon_contract::sites::{SiteForm, SiteFormView, SiteRow, SitesView};
use carillon_contract::streams::{AnchorRow, NewSecret, StreamRow, StreamsView};
use carillon_contract::tokens::{NewToken, TokenForm, TokenRow, TokensView};
use carillon_contract::users::{UserFormView, UserRow, UsersView};
use carillon_contract::{FormErrors, FrameView, Href, UserView};
use carillon_domain::event::{ActorKind, EventResult};
use carillon_domain::look::Look;
use carillon_domain::networks::Stored;
use carillon_domain::outcome::Transport;
use carillon_domain::phone::{AuthScheme, GroupKind, Phone, Reachability, TransportSecurity};
use carillon_domain::role::Role;
use carillon_domain::sip::SipUse;
use carillon_domain::{Cause, Counts, JobState, Mac, TargetState, Timestamp};
use carillon_language::current;

/// 2026-11-22 14:10:22 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_795_356_622_000_000);

const SNIPPET: &str = "features.action_uri_limit_ip = 10.0.5.20\nfeatures.show_action_uri_option = 0\nfeatures.action_uri.enable = 1";

const SITES: [(&str, &str); 6] = [
    ("berlin", "Berlin"),
    ("hamburg", "Hamburg"),
    ("kiel", "Kiel"),
    ("koeln", "Köln"),
    ("leipzig", "Leipzig"),
    ("munich", "Munich"),
];
const MODELS: [&str; 5] = ["T46S", "T46U", "T54W", "T57W", "CP920"];
const ROOMS: [&str; 8] = [
    "Reception",
    "Meeting room Alster",
    "Warehouse gate 3",
    "A. Meyer",
    "Workshop",
    "Canteen",
    "K. Lee, head of sales",
    "Lab 2",
];

/// Makes sample pages.
pub(crate) struct Samples {
    say: fn(&str) -> String,
    role: Role,
}

fn ago(seconds: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds))
}

fn mac(index: usize) -> Mac {
    let low = u32::try_from(index)
        .unwrap_or(0)
        .wrapping_mul(7_919)
        .to_be_bytes();
    Mac::from_bytes([0x00, 0x15, 0x65, low[1], low[2], low[3] | 1])
}

fn error(field: &str, message: &str) -> FormErrors {
    let mut errors = FormErrors::default();
    errors.push(field, "invalid", message);
    errors
}

impl Samples {
    /// Pages with these texts, as a person with this role sees them.
    pub(crate) fn new(say: fn(&str) -> String, role: Role) -> Self {
        Self { say, role }
    }

    /// Every page, with a name for its file.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        let mut pages = self.entrance();
        pages.extend(self.inventory());
        pages.extend(self.importing());
        pages.extend(self.grouping());
        pages.extend(self.running());
        pages.extend(self.auditing());
        pages.extend(self.administration());
        pages.extend(self.second_factors());
        pages
    }

    fn s(&self, text: &str) -> String {
        (self.say)(text)
    }

    fn bare(path: &str) -> FrameView {
        FrameView {
            path: path.to_owned(),
            language: current(),
            now: NOW,
            look: Look::default(),
            session: None,
            user: None,
            nonce: "bm9uY2U".to_owned(),
            csrf: "Y3NyZg".to_owned(),
            form: None,
            flash: None,
            banners: vec![],
            running_jobs: 0,
            paused_jobs: 0,
            waiting_changes: 0,
            base: "https://carillon.example".to_owned(),
            assets: Assets {
                css: "/static/app.css".to_owned(),
                dark_css: "/static/dark.css".to_owned(),
                icons: "/static/icons.svg".to_owned(),
                font: "/static/inter-5.3.0.woff2".to_owned(),
                favicon: "/static/favicon.svg".to_owned(),
                copy_js: "/static/copy.js".to_owned(),
                select_js: "/static/select.js".to_owned(),
                time_js: "/static/time.js".to_owned(),
                keys_js: "/static/keys.js".to_owned(),
                watch_js: "/static/watch.js".to_owned(),
                session_js: "/static/session.js".to_owned(),
                islands_js: "/static/islands.js".to_owned(),
                job_js: "/static/job.js".to_owned(),
                pkg_js: "/static/pkg/carillon.js".to_owned(),
                pkg_wasm: "/static/pkg/carillon_bg.wasm".to_owned(),
            },
            version: "0.1.0".to_owned(),
        }
    }

    fn frame(&self, path: &str) -> FrameView {
        FrameView {
            user: Some(UserView::new(self.s("a.meyer"), self.role)),
            session: Some(SessionLimits {
                idle_s: 1_800,
                left_s: 40_000,
            }),
            banners: vec![Banner::Demo],
            running_jobs: 2,
            paused_jobs: 1,
            waiting_changes: 1,
            ..Self::bare(path)
        }
    }

    fn kept_form(&self) -> KeptForm {
        KeptForm {
            action: "/run".to_owned(),
            fields: vec![("reason".to_owned(), self.s("INC-4711"))],
        }
    }

    fn entrance(&self) -> Vec<(&'static str, String)> {
        let wrong = SignInView {
            username: self.s("a.meyer"),
            next: self.s("/jobs"),
            errors: error(
                "",
                &self.s("Wrong name or password, or too many tries: wait a moment."),
            ),
            notice: Some(self.s("You were signed out after 30 minutes without a click.")),
            provider: Some(self.elsewhere()),
            kept: Some(self.kept_form()),
        };
        let send_again = SendAgainView {
            form: self.kept_form(),
            name: self.s("a.meyer"),
            next: "/phones".to_owned(),
            told: self.s("What it does."),
            takes_away: false,
        };
        let setup = SetupView {
            code: Some(self.s("k3y")),
            username: self.s("admin"),
            password_min: 12,
            errors: error(
                "password",
                &self.s("This password is too short: at least 12 characters."),
            ),
        };
        let frame = Self::bare("/sign-in");
        vec![
            (
                "sign-in",
                carillon_ui::sign_in(&frame, &SignInView::default()),
            ),
            ("sign-in-wrong", carillon_ui::sign_in(&frame, &wrong)),
            ("send-again", carillon_ui::send_again(&frame, &send_again)),
            (
                "sign-in-code",
                carillon_ui::sign_in_code(
                    &frame,
                    &CodeView {
                        errors: wrong.errors.clone(),
                    },
                ),
            ),
            ("setup", carillon_ui::setup(&frame, &setup)),
            ("reset", carillon_ui::reset(&frame, &self.reset())),
            (
                "reset-used",
                carillon_ui::reset(&frame, &ResetView::default()),
            ),
            (
                "setup-used",
                carillon_ui::setup(&frame, &SetupView::default()),
            ),
            (
                "failure-bare",
                carillon_ui::failure(&frame, &FailureView::stale_form(self.s("01J9"))),
            ),
            (
                "failure",
                carillon_ui::failure(
                    &self.frame("/nowhere"),
                    &FailureView::not_found(self.s("01J9")),
                ),
            ),
        ]
    }

    fn reset(&self) -> ResetView {
        ResetView {
            code: Some(self.s("k3y")),
            name: self.s("a.meyer"),
            password_min: 15,
            errors: error("password", &self.s("Use at least 15 characters.")),
        }
    }

    /// Without a second factor, while it is set up, in use, and with new codes.
    fn second_factors(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/account");
        let setup = SecondFactorView {
            demanded: true,
            setup: Some(FactorSetupView {
                id: self.s("0192"),
                secret: self.s("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
                picture: Picture {
                    side: 33,
                    path: "M4,4h1v1h-1z".to_owned(),
                },
            }),
            errors: error("code", &self.s("This is not the code.")),
            ..SecondFactorView::default()
        };
        let on = SecondFactorView {
            on: true,
            codes_left: 10,
            new_codes: vec![self.s("abcdef-abcdef-abcdef-abcdef"); 10],
            ..SecondFactorView::default()
        };
        let ask = ProveView {
            action: "/admin/users/new".to_owned(),
            deed: self.s("This adds an account."),
            fields: vec![(self.s("name"), self.s("k.lee"))],
            again: vec!["password".to_owned()],
            asks_code: true,
            refused: true,
            elsewhere: None,
        };
        let anew = ProveView {
            elsewhere: Some(self.elsewhere()),
            ..ProveView::default()
        };
        vec![
            (
                "second-factor-none",
                carillon_ui::second_factor(&frame, &SecondFactorView::default()),
            ),
            (
                "second-factor-setup",
                carillon_ui::second_factor(&frame, &setup),
            ),
            ("second-factor", carillon_ui::second_factor(&frame, &on)),
            ("prove", carillon_ui::prove(&frame, &ask)),
            ("prove-anew", carillon_ui::prove(&frame, &anew)),
        ]
    }

    fn elsewhere(&self) -> Elsewhere {
        Elsewhere {
            name: self.s("Example"),
            link: "/sign-in/oidc?next=%2Fjobs".to_owned(),
        }
    }

    fn phone_row(&self, index: usize) -> PhoneRow {
        let site = SITES[index % SITES.len()];
        let results = [
            (TargetState::Verified, None),
            (TargetState::Acknowledged, None),
            (TargetState::Failed, Some(Cause::Forbidden)),
            (TargetState::Unknown, Some(Cause::TimeoutAnswer)),
            (TargetState::Failed, Some(Cause::AuthFailed)),
            (TargetState::Verified, None),
        ];
        let (state, cause) = results[(index / 2) % results.len()];
        PhoneRow {
            mac: mac(index),
            label: self.s(ROOMS[index % ROOMS.len()]),
            extension: self.s(&format!("{}", 2000 + index)),
            model: self.s(MODELS[index % MODELS.len()]),
            site: (index % 9 != 4).then(|| (site.0.to_owned(), self.s(site.1))),
            address: if index % 11 == 7 {
                String::new()
            } else {
                self.s(&format!("10.1.{}.{}", index / 250, index % 250 + 2))
            },
            state: match index % 7 {
                3 => Reachability::Offline,
                5 => Reachability::Unknown,
                _ => Reachability::Reachable,
            },
            restarting: (index % 7 == 3).then(|| "0192f0ab".to_owned()),
            last_seen: (index % 7 != 5).then(|| ago(120 + (index as u64) * 997)),
            ready: match cause {
                Some(cause) => Readiness::Gate(cause),
                None if index % 7 == 5 => Readiness::Unchecked,
                None => Readiness::Ready,
            },
            firmware: self.s("66.86.0.15"),
            last_result: (index % 7 != 5).then(|| LastResult {
                state,
                cause,
                at: ago(240 + (index as u64) * 997),
                job: "0192f0aa".to_owned(),
                action: self.s("Restart"),
            }),
            tags: match index % 4 {
                0 => vec![self.s("vip")],
                1 => vec![
                    self.s("floor-2"),
                    self.s("cordless"),
                    self.s("spare"),
                    self.s("old"),
                ],
                _ => vec![],
            },
            protected: index % 8 == 1,
            groups: vec![self.s("night-shift")],
            account: self.s("2041@pbx.example"),
            credential: match index % 3 {
                0 => None,
                1 => Some(OwnCredential::Alone),
                _ => Some(OwnCredential::Named(self.s("kiel-phones"))),
            },
            notes: self.s("Beside the lift"),
        }
    }

    fn phones_view(&self, rows: usize, matching: i64, inventory: i64) -> PhonesView {
        let here = Href::new("/phones").add("q", "x");
        PhonesView {
            clear_href: "/phones".to_owned(),
            inventory,
            rows: (0..rows).map(|index| self.phone_row(index)).collect(),
            sort: sort_links(
                &here,
                "-last_seen",
                &[
                    "label",
                    "extension",
                    "model",
                    "site",
                    "address",
                    "firmware",
                    "last_seen",
                    "last_result",
                ],
            ),
            sort_value: "-last_seen".to_owned(),
            paging: Paging {
                total: Total::exactly(matching),
                previous: (matching > 1000).then(|| "/phones?before=abc".to_owned()),
                next: (matching > 50).then(|| "/phones?after=def".to_owned()),
            },
            digest: "d1".to_owned(),
            bulk: vec![
                BulkAction::Run,
                BulkAction::Check,
                BulkAction::Collect,
                BulkAction::Tag,
                BulkAction::Untag,
                BulkAction::AddToGroup,
                BulkAction::Edit,
                BulkAction::Delete,
            ],
            fixed_groups: vec![Choice::new("lab", self.s("Lab"), false)],
            export_href: Some("/phones/export.csv".to_owned()),
            facets: self.facets(),
            columns: PhoneColumn::USUAL.to_vec(),
            kept_by_filter: vec![("sort".to_owned(), self.s("-last_seen"))],
            views: vec![SavedViewLink {
                slug: "kiel".to_owned(),
                name: self.s("Kiel, not reached"),
                href: "/phones?view=kiel".to_owned(),
                current: true,
            }],
            view_query: self.s("q=site:kiel"),
            ..PhonesView::default()
        }
    }

    fn facets(&self) -> Vec<Facet> {
        let sites = SITES
            .iter()
            .enumerate()
            .map(|(index, (slug, name))| Choice {
                count: Some(1_234 / (index as i64 + 1)),
                ..Choice::new(*slug, self.s(name), index == 2)
            })
            .collect();
        let models = MODELS
            .iter()
            .map(|model| Choice::new(*model, self.s(model), false))
            .collect();
        let states = Reachability::ALL
            .iter()
            .map(|state| Choice::new(state.as_str(), self.s(state.as_str()), false))
            .collect();
        vec![
            Facet {
                name: "site".to_owned(),
                label: "Site".to_owned(),
                choices: sites,
            },
            Facet {
                name: "model".to_owned(),
                label: "Model".to_owned(),
                choices: models,
            },
            Facet {
                name: "state".to_owned(),
                label: "State".to_owned(),
                choices: states,
            },
        ]
    }

    fn inventory(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/phones");
        let three = PhonesView {
            q: self.s("site:kiel model:T46S"),
            filter: self.s("site:kiel model:T46S"),
            unknown_parameters: vec![self.s("colour")],
            chips: vec![
                Chip {
                    text: self.s("site: Kiel"),
                    remove_href: "/phones?model=T46S".to_owned(),
                },
                Chip {
                    text: self.s("model: T46S"),
                    remove_href: "/phones?site=kiel".to_owned(),
                },
            ],
            selection: Some(SelectionView {
                id: "s1".to_owned(),
                count: 12,
                on_page: vec![mac(1)],
                list_href: "/selection?sel=s1".to_owned(),
                clear_href: "/phones".to_owned(),
            }),
            columns: PhoneColumn::ALL.to_vec(),
            moved: Some(MovedColumn {
                column: PhoneColumn::Extension,
                up: true,
            }),
            ..self.phones_view(3, 3, 300)
        };
        let none = PhonesView {
            q: self.s("site:atlantis"),
            filter: self.s("site:atlantis"),
            meant: vec![Meant {
                link: Link::new(self.s("40 phones at site Kiel"), "/phones?q=site:kiel"),
                known_as: self.s("kiel Kiel"),
            }],
            chips: vec![Chip {
                text: self.s("site: atlantis"),
                remove_href: "/phones".to_owned(),
            }],
            ..self.phones_view(0, 0, 300)
        };
        let wrong = PhonesView {
            q: self.s("colour:red"),
            filter_error: Some(self.s("There is no field “colour”. Known: site, model, tag, group, fw, ip, ext, mac, state, result, ready, seen.")),
            ..self.phones_view(0, 0, 300)
        };
        let mut pages = vec![
            (
                "overview",
                carillon_ui::overview(&self.frame("/"), &self.overview()),
            ),
            (
                "overview-empty",
                carillon_ui::overview(&self.frame("/"), &OverviewView::default()),
            ),
            (
                "phones",
                carillon_ui::phones(&frame, &self.phones_view(50, 10_000, 10_000)),
            ),
            ("phones-3", carillon_ui::phones(&frame, &three)),
            ("phones-none-match", carillon_ui::phones(&frame, &none)),
            ("phones-wrong-filter", carillon_ui::phones(&frame, &wrong)),
            (
                "phones-empty",
                carillon_ui::phones(&frame, &PhonesView::default()),
            ),
        ];
        let edit = BulkEditView {
            sel: "s1".to_owned(),
            count: 240,
            examples: vec![self.s("Lift"), self.s("Lobby")],
            missing: 2,
            sites: vec![
                Choice::new("=", "Leave as it is", true),
                Choice::new("kiel", self.s("Kiel"), false),
            ],
            credentials: vec![Choice::new("=", "Leave as it is", true)],
            back_href: "/phones".to_owned(),
            ..BulkEditView::default()
        };
        pages.push((
            "phones-edit",
            carillon_ui::edit_phones(&self.frame("/phones/edit"), &edit),
        ));
        pages.extend(self.one_phone());
        pages.push(self.gone_phone());
        pages
    }

    fn overview(&self) -> OverviewView {
        OverviewView {
            fleet: FleetView {
                phones: 10_000,
                reachable: 9_412,
                offline: 331,
                unknown: 257,
                sites: 6,
                groups: 4,
            },
            running: vec![self.job_row(0), self.job_row(1)],
            not_started: vec![JobRow {
                state: JobState::Scheduled,
                start_at: Some(NOW.plus(Duration::from_hours(5))),
                started_at: None,
                finished_at: None,
                ..self.job_row(0)
            }],
            recent: (2..7).map(|index| self.job_row(index)).collect(),
            more_causes: 3,
            causes: vec![
                FleetCause {
                    cause: Cause::Forbidden,
                    phones: 122,
                },
                FleetCause {
                    cause: Cause::AuthFailed,
                    phones: 41,
                },
                FleetCause {
                    cause: Cause::TimeoutAnswer,
                    phones: 7,
                },
                FleetCause {
                    cause: Cause::TlsIdentityChanged,
                    phones: 1,
                },
            ],
            sites: SITES
                .iter()
                .enumerate()
                .map(|(index, (slug, name))| SiteHealth {
                    slug: (*slug).to_owned(),
                    name: self.s(name),
                    phones: 2_000 - 200 * index as i64,
                    reachable: 1_800 - 220 * index as i64,
                    offline: if index % 2 == 0 { 0 } else { 60 * index as i64 },
                    unknown: 40,
                })
                .collect(),
            snippet: Some(self.s(SNIPPET)),
            changes: vec![
                ChangeView {
                    seq: 4_213,
                    at: ago(600),
                    actor: self.s("k.lee"),
                    text: self.s("changed site Kiel"),
                },
                ChangeView {
                    seq: 4_187,
                    at: ago(9_000),
                    actor: self.s("a.meyer"),
                    text: self.s("imported 157 phones"),
                },
            ],
            trends: TrendsView {
                days: (0..14)
                    .map(|day| DayView {
                        date: format!("2026-11-{:02}", day + 10),
                        jobs: day % 5,
                        counts: Counts {
                            verified: day * 40 % 170,
                            failed: day % 4 * 9,
                            unknown: day % 3,
                            ..Counts::default()
                        },
                    })
                    .collect(),
                causes: vec![(Cause::Forbidden, 41), (Cause::AuthFailed, 7)],
                other_causes: (2, 3),
                answers: vec![
                    SiteAnswers {
                        slug: "kiel".to_owned(),
                        name: self.s("Kiel"),
                        mean_ms: 1_400,
                    },
                    SiteAnswers {
                        slug: "hamburg".to_owned(),
                        name: self.s("Hamburg"),
                        mean_ms: 37,
                    },
                ],
                firmware: vec![
                    FirmwareCount {
                        firmware: self.s("66.86.0.15"),
                        phones: 7_000,
                        href: "/phones?q=fw:66".to_owned(),
                    },
                    FirmwareCount {
                        phones: 12,
                        ..FirmwareCount::default()
                    },
                ],
            },
        }
    }

    fn gone_phone(&self) -> (&'static str, String) {
        let view = GonePhoneView {
            mac: mac(9),
            name: self.s("Reception"),
            deleted_at: ago(90_000),
            deleted_by: self.s("k.lee"),
            timeline: (0..5).map(|index| self.audit_row(index)).collect(),
            timeline_href: "/audit?phone=00:15:65:00:00:09".to_owned(),
        };
        let frame = self.frame("/phones/00:15:65:00:00:09");
        ("phone-gone", carillon_ui::gone_phone(&frame, &view))
    }

    fn one_phone(&self) -> Vec<(&'static str, String)> {
        let path = format!("/phones/{}", mac(3));
        let frame = FrameView {
            flash: Some(Flash {
                tone: Tone::Good,
                text: self.s("Reception was saved."),
                link: Some(Link::new(self.s("What was recorded"), "/audit/4213")),
            }),
            ..self.frame(&path)
        };
        let refused = PhoneView {
            ready: Readiness::Gate(Cause::Forbidden),
            snippet: Some(self.s(SNIPPET)),
            pin: Some(PinView {
                pinned: Some(
                    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                ),
                seen: Some(
                    "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".to_owned(),
                ),
            }),
            ..self.phone_view()
        };
        let new = PhoneView {
            timeline: vec![],
            actions: vec![],
            target: None,
            addresses: vec![],
            credential: CredentialSource::Missing,
            restarting: Some("0192f0ab".to_owned()),
            last_seen: None,
            last_tried: None,
            last_result: None,
            auth_scheme: AuthScheme::Unknown,
            pin: None,
            state: Reachability::Unknown,
            ready: Readiness::Unchecked,
            phone: Phone::new(mac(4)),
            groups: vec![],
            site: None,
            ..self.phone_view()
        };
        let form = PhoneFormView {
            mac: Some(mac(3)),
            name: self.s("Reception"),
            has_own_password: true,
            version: 3,
            form: PhoneForm {
                mac: mac(3).to_string(),
                label: self.s("Reception"),
                extension: self.s("2041"),
                model: self.s("T46S"),
                address: self.s("10.1.2.300"),
                scheme: "https".to_owned(),
                tags: self.s("vip;floor-2"),
                protected: true,
                notes: self.s("Behind the door.\nAsk Ms Lee."),
                url_form: "servlet".to_owned(),
                dial_form: "key".to_owned(),
                ..PhoneForm::default()
            },
            sites: SITES
                .iter()
                .map(|(slug, name)| Choice::new(*slug, self.s(name), *slug == "kiel"))
                .collect(),
            credentials: vec![
                Choice::new("", "None", true),
                Choice::new("standard", self.s("standard"), false),
            ],
            errors: error("address", &self.s("10.1.2.300 is no IP address.")),
        };
        let gone = DeletePhonesView {
            sel: "s1".to_owned(),
            list: self.s("q=site:kiel"),
            count: 12,
            phones: self.leaving(),
            back_href: "/phones".to_owned(),
            typed: self.s("11"),
            for_two: true,
            asks: true,
            nobody: Some(NobodyApproves {
                without_factor: vec![self.s("petra"), self.s("k.lee")],
                until: None,
            }),
            way_out: Some(self.s("Delete these phones one by one instead.")),
            reason: self.s("Moved to the other house"),
            refused: None,
            errors: error("typed", &self.s("Type 12, the number of phones.")),
        };
        let listed = self.phones_view(3, 3, 300);
        let picked = SelectedPhonesView {
            rows: listed.rows,
            missing: vec![mac(77)],
            paging: Paging {
                total: Total::exactly(4),
                ..Paging::default()
            },
            back_href: "/phones?sel=s1".to_owned(),
            run_href: Some("/run?sel=s1".to_owned()),
        };
        vec![
            ("phone", carillon_ui::phone(&frame, &self.phone_view())),
            ("phone-refused", carillon_ui::phone(&frame, &refused)),
            ("phone-new", carillon_ui::phone(&frame, &new)),
            ("phone-form", carillon_ui::phone_form(&frame, &form)),
            (
                "phone-form-new",
                carillon_ui::phone_form(&frame, &PhoneFormView::default()),
            ),
            ("phones-delete", carillon_ui::delete_phones(&frame, &gone)),
            ("selection", carillon_ui::selected_phones(&frame, &picked)),
        ]
    }

    fn phone_view(&self) -> PhoneView {
        let mut phone = Phone::new(mac(3));
        phone.label = self.s("Reception");
        phone.extension = self.s("2041");
        phone.model = self.s("T46S");
        phone.firmware = self.s("66.86.0.15");
        phone.site = Some("kiel".to_owned());
        phone.tags = vec![self.s("floor-2"), self.s("vip")];
        phone.sip_uri = self.s("2041@pbx.example");
        phone.notes = self.s("Behind the door, ask Ms Lee.");
        phone.protected = true;
        PhoneView {
            phone,
            site: Some((self.s("Kiel"), TransportSecurity::Pinned)),
            groups: vec![
                Link::new(self.s("Sales"), "/groups/sales"),
                Link::new(self.s("All T46S"), "/groups/t46s"),
            ],
            created_at: ago(86_400 * 40),
            updated_at: ago(86_400),
            state: Reachability::Reachable,
            restarting: None,
            last_seen: Some(ago(140)),
            last_tried: Some(ago(140)),
            ready: Readiness::Ready,
            last_result: Some(LastResult {
                state: TargetState::Verified,
                cause: None,
                at: ago(140),
                job: "0192f0aa".to_owned(),
                action: self.s("Restart"),
            }),
            target: Some(self.s("https://10.1.2.3/servlet")),
            addresses: vec![
                PastAddress {
                    address: Some(self.s("10.1.2.3")),
                    since: ago(9_000),
                },
                PastAddress {
                    address: None,
                    since: ago(90_000),
                },
            ],
            credential: CredentialSource::Site {
                name: self.s("standard"),
                site: Link::new(self.s("Kiel"), "/sites"),
            },
            auth_scheme: AuthScheme::DigestSha256,
            keypad: Some(KeypadView {
                keys: ["1", "OK", "UP", "F1", "L1", "RD"]
                    .iter()
                    .map(|name| KeyView {
                        name: (*name).to_owned(),
                        title: self.s("Press a key"),
                        harmless: *name == "UP",
                        missing: *name == "RD",
                    })
                    .collect(),
                screen: Some(ScreenView {
                    href: "/phones/00:15:65:00:00:01/screen/s1".to_owned(),
                    at: ago(20),
                    older: true,
                    width: 480,
                    height: 272,
                }),
                reason: self.s("INC-4711"),
                look: true,
                second_person: SecondPerson::AfterMany,
                said: Some(Flash {
                    tone: Tone::Good,
                    text: self.s("Press OK: on its way."),
                    link: Some(Link::new(self.s("How it ended"), "/jobs/j1")),
                }),
            }),
            pin: Some(PinView {
                pinned: Some(
                    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                ),
                seen: None,
            }),
            actions: self.quick_actions(),
            snippet: None,
            timeline: (0..5).map(|index| self.audit_row(index)).collect(),
            timeline_href: "/audit?phone=x".to_owned(),
            version: 3,
            errors: FormErrors::default(),
        }
    }

    fn quick_actions(&self) -> Vec<QuickAction> {
        let action = |name: &str, title: &str, effect: &str, class| QuickAction {
            name: name.to_owned(),
            title: self.s(title),
            effect: self.s(effect),
            category: "system".to_owned(),
            class,
            call_control: false,
            params: vec![],
            unavailable: None,
        };
        vec![
            action(
                "phonecfg",
                "Read status",
                "Asks for accounts, DND and firmware.",
                ActionClass::Harmless,
            ),
            action(
                "DNDOn",
                "Do not disturb on",
                "Refuses incoming calls until it is switched off.",
                ActionClass::Disruptive,
            ),
            action(
                "Reboot",
                "Restart",
                "Restarts the phone; it is away for some minutes.",
                ActionClass::Disruptive,
            ),
            QuickAction {
                params: vec![self.number_param()],
                call_control: true,
                ..action(
                    "number",
                    "Dial a number",
                    "Places a call from this phone.",
                    ActionClass::Disruptive,
                )
            },
            action(
                "Reset",
                "Factory reset",
                "All settings and accounts are lost.",
                ActionClass::Destructive,
            ),
            QuickAction {
                unavailable: Some(self.s("This model knows no key sequences.")),
                ..action("sequence", "Key sequence", "", ActionClass::Destructive)
            },
        ]
    }

    fn number_param(&self) -> ParamView {
        ParamView {
            name: "number".to_owned(),
            label: self.s("Number"),
            hint: self.s("Digits, * and #, with a leading + if need be."),
            required: true,
            kind: ParamKind::Number,
            value: String::new(),
        }
    }

    fn importing(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/phones/import");
        let empty = ImportView {
            max_bytes: 10_000_000,
            max_rows: 50_000,
            ..ImportView::default()
        };
        let refused = ImportView {
            text: self.s("mac,lable\n001565aabbcc,Reception"),
            errors: error(
                "text",
                &self.s("Unknown column “lable”. Did you mean “label”?"),
            ),
            recent: vec![RecentImport {
                href: "/phones/import/i1/result".to_owned(),
                file_name: self.s("phones.csv"),
                created: 120,
                updated: 37,
                at: NOW,
            }],
            ..empty.clone()
        };
        let kept = ImportView {
            errors: error("first_line", "No column has the MAC addresses."),
            kept: Some(KeptFile {
                id: "i1".to_owned(),
                file_name: self.s("phones.csv"),
                bytes: 12_345,
                first_line: Some(FirstLine {
                    text: self.s("Seriennummer;Raum"),
                    is_phone: false,
                }),
            }),
            ..empty.clone()
        };
        let errors = ImportReviewView {
            tab: ImportTab::Errors,
            errors: (0..40)
                .map(|index| ImportError {
                    line: 12 + index * 37,
                    column: self.s(if index % 2 == 0 { "mac" } else { "address" }),
                    value: self.s(if index % 2 == 0 {
                        "00:15:65:aa:bb"
                    } else {
                        "10.1.2.300"
                    }),
                    problem: self.s("A MAC address has 12 hexadecimal digits, this has 10."),
                    fix: self.s("Look at the back of the phone."),
                })
                .collect(),
            errors_total: 1_204,
            error_rows: 200,
            shared: vec![SharedAddress {
                place: self.s("10.1.2.3"),
                names: vec![self.s("Desk 17 (2017)"), self.s("Desk 18 (2018)")],
                total: 3,
            }],
            shared_total: 2,
            renamed: vec![
                RenamedColumn {
                    name: self.s("MAC-Adresse"),
                    column: "mac".to_owned(),
                },
                RenamedColumn {
                    name: self.s("Standort"),
                    column: "site".to_owned(),
                },
            ],
            ignored: vec![
                IgnoredColumn {
                    place: 3,
                    name: self.s("lable"),
                    meant: Some("label".to_owned()),
                    beside: None,
                },
                IgnoredColumn {
                    place: 5,
                    name: self.s("Raum"),
                    ..IgnoredColumn::default()
                },
                IgnoredColumn {
                    place: 6,
                    name: self.s("Name"),
                    meant: None,
                    beside: Some("label".to_owned()),
                },
                IgnoredColumn {
                    place: 7,
                    ..IgnoredColumn::default()
                },
            ],
            ..self.review_of_import()
        };
        let same = ImportReviewView {
            create: 0,
            update: 0,
            error_rows: 0,
            new_sites: vec![],
            rows: vec![],
            tab: ImportTab::Unchanged,
            ..self.review_of_import()
        };
        let result = ImportResultView {
            file_name: self.s("phones-north.csv"),
            created: 120,
            updated: 37,
            unchanged: 80,
            left_out: 3,
            errors_href: "/phones/import/1/errors.csv".to_owned(),
            new_sites: vec![Link::new(self.s("Flensburg"), "/sites/flensburg/edit")],
            phones_href: Some("/selection?sel=1-phones".to_owned()),
            audit_href: "/audit?q=import".to_owned(),
            undo_href: Some("/phones/import/1/undo".to_owned()),
            bare_sites: vec![Link::new(self.s("Rendsburg"), "/sites/rendsburg/edit")],
            undone: None,
        };
        let undone = ImportResultView {
            phones_href: None,
            undo_href: None,
            undone: Some(TakenBack {
                deleted: 118,
                restored: 37,
                left: 2,
                at: Some(NOW),
            }),
            ..result.clone()
        };
        let undo = ImportUndoView {
            action: "/phones/import/1/undo".to_owned(),
            file_name: self.s("phones-north.csv"),
            deleted: 118,
            restored: 37,
            left: 2,
            left_names: vec![self.s("Desk 17 (2017)"), self.s("Desk 18 (2018)")],
            logins: 3,
            typed: self.s("11"),
            errors: error("typed", "Type 118 to delete these phones."),
        };
        vec![
            ("import-undone", carillon_ui::import_result(&frame, &undone)),
            ("import-undo", carillon_ui::import_undo(&frame, &undo)),
            ("import", carillon_ui::import(&frame, &empty)),
            ("import-refused", carillon_ui::import(&frame, &refused)),
            ("import-kept", carillon_ui::import(&frame, &kept)),
            (
                "import-review",
                carillon_ui::import_review(&frame, &self.review_of_import()),
            ),
            ("import-errors", carillon_ui::import_review(&frame, &errors)),
            ("import-same", carillon_ui::import_review(&frame, &same)),
            ("import-result", carillon_ui::import_result(&frame, &result)),
        ]
    }

    fn review_of_import(&self) -> ImportReviewView {
        ImportReviewView {
            id: "i1".to_owned(),
            file_name: self.s("phones-north.csv"),
            digest: "d".to_owned(),
            expires_at: NOW.plus(Duration::from_secs(3_500)),
            create: 120,
            update: 37,
            unchanged: 80,
            tab: ImportTab::Update,
            rows: (0..12)
                .map(|index| ImportRow {
                    line: index + 2,
                    mac: mac(usize::try_from(index).unwrap_or(0)).to_string(),
                    name: self.s("Reception"),
                    changes: vec![
                        ImportChange {
                            column: "address".to_owned(),
                            old: Some(self.s("10.1.2.3")),
                            new: self.s("10.1.2.77"),
                        },
                        ImportChange {
                            column: "label".to_owned(),
                            old: Some(String::new()),
                            new: self.s("Front desk"),
                        },
                    ],
                })
                .collect(),
            paging: Paging {
                total: Total::exactly(137),
                previous: None,
                next: Some("/phones/import/0/create?page=2".to_owned()),
            },
            new_sites: vec![NewSite {
                slug: "flensburg".to_owned(),
                name: self.s("Flensburg"),
                phones: 42,
                security: TransportSecurity::Pinned,
            }],
            ..ImportReviewView::default()
        }
    }

    fn member_changes(&self) -> GroupChangesView {
        let moved = |count: i64, names: &[&str]| {
            let phones = names.iter().enumerate().map(|(index, name)| NamedPhone {
                mac: mac(index),
                name: self.s(name),
            });
            Some(Moved {
                count,
                phones: phones.collect(),
            })
        };
        let change = |seq: i64, joined, left| MemberChange {
            seq,
            at: ago(9_000),
            actor: self.s("a.meyer"),
            why: self.s("The rule was changed."),
            joined,
            left,
        };
        GroupChangesView {
            slug: "t46s".to_owned(),
            name: self.s("All T46S"),
            kind: GroupKind::Rule,
            rows: vec![
                change(9_000, moved(12, &["Canteen", "Lab 2"]), moved(0, &[])),
                change(8_000, None, moved(3, &[])),
            ],
            paging: Paging {
                next: Some("/groups/t46s/changes?after=7".to_owned()),
                ..Paging::default()
            },
        }
    }

    fn grouping(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/groups/sales");
        let rows = GroupsView {
            rows: vec![
                GroupRow {
                    slug: "sales".to_owned(),
                    name: self.s("Sales"),
                    kind: GroupKind::Fixed,
                    filter: None,
                    broken: false,
                    phones: 41,
                    reachable: 40,
                    contacted: 41,
                    last_job: None,
                },
                GroupRow {
                    slug: "t46s".to_owned(),
                    name: self.s("All T46S in the north"),
                    kind: GroupKind::Rule,
                    filter: Some(self.s("site:kiel,hamburg model:T46S -tag:vip")),
                    broken: true,
                    phones: 1_204,
                    reachable: 1_100,
                    contacted: 1_200,
                    last_job: Some(LastJob {
                        id: "0192f0aa".to_owned(),
                        action: self.s("Restart"),
                        at: ago(9_000),
                    }),
                },
            ],
        };
        let fixed = GroupView {
            slug: "sales".to_owned(),
            name: self.s("Sales"),
            kind: GroupKind::Fixed,
            filter: None,
            rule_in_words: String::new(),
            credential: Some(self.s("standard")),
            phones: (0..6).map(|index| self.phone_row(index)).collect(),
            paging: Paging {
                total: Total::exactly(6),
                ..Paging::default()
            },
            jobs: (2..4).map(|index| self.job_row(index)).collect(),
            audit_href: "/audit?group=sales".to_owned(),
            may_edit: true,
            version: 1,
            add: self.s("2041\n9999"),
            errors: error("add", &self.s("No phone has extension 9999.")),
        };
        let form = GroupFormView {
            slug: Some("t46s".to_owned()),
            version: 4,
            form: GroupForm {
                name: self.s("All T46S"),
                slug: "t46s".to_owned(),
                kind: "rule".to_owned(),
                filter: self.s("model:T46S -tag:vip"),
                ..GroupForm::default()
            },
            effect: Some(RuleEffect {
                after: 1_213,
                joining: 12,
                leaving: 3,
                joining_examples: vec![NamedPhone {
                    mac: mac(1),
                    name: self.s("Canteen"),
                }],
                leaving_examples: vec![NamedPhone {
                    mac: mac(2),
                    name: self.s("Lab 2"),
                }],
            }),
            credentials: vec![
                Choice::new("", "None", true),
                Choice::new("standard", self.s("standard"), false),
            ],
            may_manage: true,
            errors: FormErrors::default(),
        };
        let delete = DeleteView {
            what: self.s("group Sales"),
            consequences: vec![
                self.s("Its 41 phones stay."),
                self.s("3 of them lose the credential standard."),
            ],
            refused: None,
            action: "/groups/sales/delete".to_owned(),
            version: 1,
            back: Link::new(self.s("Sales"), "/groups/sales"),
            confirm: None,
        };
        let refused = DeleteView {
            what: self.s("credential standard"),
            refused: Some(self.s("12 phones at Kiel use it. Give them another one first.")),
            ..delete.clone()
        };
        vec![
            (
                "group-changes",
                carillon_ui::group_changes(&frame, &self.member_changes()),
            ),
            ("groups", carillon_ui::groups(&frame, &rows)),
            (
                "groups-empty",
                carillon_ui::groups(&frame, &GroupsView::default()),
            ),
            ("group", carillon_ui::group(&frame, &fixed)),
            ("group-form", carillon_ui::group_form(&frame, &form)),
            (
                "group-form-new",
                carillon_ui::group_form(
                    &frame,
                    &GroupFormView {
                        may_manage: true,
                        ..GroupFormView::default()
                    },
                ),
            ),
            ("group-delete", carillon_ui::delete(&frame, &delete)),
            ("credential-delete", carillon_ui::delete(&frame, &refused)),
            (
                "sites",
                carillon_ui::sites(&self.frame("/sites"), &self.sites()),
            ),
            (
                "sites-empty",
                carillon_ui::sites(&self.frame("/sites"), &SitesView::default()),
            ),
            (
                "sip-form",
                carillon_ui::sip_form(&self.frame("/sites/kiel/sip"), &self.sip_form()),
            ),
            (
                "site-form",
                carillon_ui::site_form(&self.frame("/sites/kiel/edit"), &self.site_form()),
            ),
        ]
    }

    fn sites(&self) -> SitesView {
        SitesView {
            rows: SITES
                .iter()
                .enumerate()
                .map(|(index, (slug, name))| SiteRow {
                    slug: (*slug).to_owned(),
                    name: self.s(name),
                    security: TransportSecurity::ALL[index % 3],
                    sip: (index % 3 == 0).then_some(SipUse::Second),
                    credential: (index % 2 == 0).then(|| self.s("standard")),
                    max_down_percent: 20,
                    phones: 1_600 - 100 * index as i64,
                    reachable: 1_500 - 120 * index as i64,
                    contacted: 1_550 - 100 * index as i64,
                })
                .collect(),
        }
    }

    fn sip_form(&self) -> SipFormView {
        SipFormView {
            slug: "kiel".to_owned(),
            name: self.s("Kiel"),
            has_profile: true,
            phones: 40,
            version: 2,
            form: SipForm {
                used: "second".to_owned(),
                way: "esl".to_owned(),
                proxy: self.s("10.0.0.5"),
                port: self.s("5070"),
                transport: "tls".to_owned(),
                tls_name: self.s("pbx.example"),
                ca_pem: self.s("-----BEGIN CERTIFICATE-----"),
                from: self.s("carillon@pbx.example"),
                credential: "standard".to_owned(),
                realm: self.s("pbx.example"),
                rate: self.s("5000"),
                after_forbidden: true,
                pbx_profile: self.s("internal"),
                password_in_clear: true,
            },
            credentials: vec![
                Choice::new("", "None", false),
                Choice::new("standard", self.s("standard"), true),
            ],
            errors: error("rate", &self.s("From 1 to 2000.")),
        }
    }

    fn site_form(&self) -> SiteFormView {
        SiteFormView {
            slug: Some("kiel".to_owned()),
            phones: 40,
            version: 2,
            form: SiteForm {
                name: self.s("Kiel"),
                slug: "kiel".to_owned(),
                transport_security: "private_ca".to_owned(),
                ca_pem: self.s("-----BEGIN CERTIFICATE-----"),
                credential: String::new(),
                max_down_percent: self.s("120"),
            },
            credentials: vec![
                Choice::new("", "None", true),
                Choice::new("standard", self.s("standard"), false),
            ],
            snippet: Some(self.s(SNIPPET)),
            errors: error("max_down_percent", &self.s("From 1 to 100.")),
        }
    }

    fn counts(index: usize) -> (JobState, Counts) {
        let running = Counts {
            verified: 81,
            acknowledged: 6,
            failed: 7,
            unknown: 2,
            sending: 4,
            verifying: 1,
            waiting: 120,
            ..Counts::default()
        };
        let done = Counts {
            verified: 212,
            ..Counts::default()
        };
        let mixed = Counts {
            verified: 190,
            acknowledged: 10,
            failed: 15,
            unknown: 4,
            skipped: 2,
            ..Counts::default()
        };
        let stopped = Counts {
            verified: 30,
            failed: 12,
            cancelled: 179,
            ..Counts::default()
        };
        match index % 5 {
            0 => (JobState::Running, running),
            1 => (
                JobState::Paused,
                Counts {
                    waiting: 4_700,
                    verified: 290,
                    failed: 10,
                    ..Counts::default()
                },
            ),
            2 => (JobState::Finished, mixed),
            3 => (JobState::Finished, done),
            _ => (JobState::Cancelled, stopped),
        }
    }

    fn job_row(&self, index: usize) -> JobRow {
        let (state, counts) = Self::counts(index);
        let started = 600 + 4_000 * index as u64;
        JobRow {
            id: format!("0192f0aa-{index}"),
            action: "Reboot".to_owned(),
            title: self.s(["Restart", "Do not disturb off", "Fetch settings"][index % 3]),
            targets: self.s(["site:kiel", "group Sales", "1 phone"][index % 3]),
            phone: (index % 3 == 2).then(|| Link::new(self.s("Reception"), "/phones/001565a0b1c2")),
            state,
            counts,
            total: counts.total(),
            actor: self.s("a.meyer"),
            reason: self.s("INC-4711 phones hang after the update"),
            created_at: ago(started + 30),
            started_at: Some(ago(started)),
            finished_at: state.is_terminal().then(|| ago(started - 275)),
            start_at: None,
        }
    }

    fn running(&self) -> Vec<(&'static str, String)> {
        let mut pages = self.choosing();
        pages.extend(self.jobs());
        pages
    }

    fn choosing(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/run");
        let chosen = RunView {
            targets: TargetsView {
                sel: "s1".to_owned(),
                missing: (vec![self.s("00:15:65:00:00:07")], 1),
                summary: Some(TargetsSummary {
                    phones: 240,
                    sites: 6,
                    models: 5,
                    offline: 11,
                    protected: 2,
                    no_address: 1,
                    href: "/phones?sel=s1".to_owned(),
                }),
                ..TargetsView::default()
            },
            action: "number".to_owned(),
            pacing: self.pacing("custom"),
            reason: String::new(),
            errors: error("p.number.number", &self.s("Digits, * and # only.")),
            ..self.run_view()
        };
        let alone = ReviewView {
            asks: true,
            nobody: Some(NobodyApproves {
                without_factor: vec![self.s("petra")],
                until: Some(NOW.plus(Duration::from_hours(20))),
            }),
            ..self.review_view()
        };
        let harmless = ReviewView {
            title: self.s("Read status"),
            class: ActionClass::Harmless,
            will_skip: vec![],
            needs_reason: false,
            type_count: None,
            protected: None,
            changed: None,
            warnings: vec![],
            errors: FormErrors::default(),
            will_run: 1,
            planned: PlannedView::default(),
            by_site: vec![(self.s("Kiel"), 1)],
            ..self.review_view()
        };
        let nothing = ReviewView {
            will_run: 0,
            changed: None,
            errors: FormErrors::default(),
            ..self.review_view()
        };
        vec![
            ("run", carillon_ui::run(&frame, &self.run_view())),
            ("run-chosen", carillon_ui::run(&frame, &chosen)),
            ("review", carillon_ui::review(&frame, &self.review_view())),
            ("review-alone", carillon_ui::review(&frame, &alone)),
            ("review-harmless", carillon_ui::review(&frame, &harmless)),
            ("review-nothing", carillon_ui::review(&frame, &nothing)),
            (
                "review-phones",
                carillon_ui::review_phones(&frame, &self.review_phones()),
            ),
        ]
    }

    fn review_phones(&self) -> ReviewPhonesView {
        let row = |index: usize| ReviewPhone {
            mac: mac(index),
            name: self.s(ROOMS[index % ROOMS.len()]),
            extension: self.s("2001"),
            model: self.s("T46S"),
            site: self.s("kiel"),
            skip: (index % 3 == 2).then_some(Cause::Protected),
        };
        ReviewPhonesView {
            id: "d1".to_owned(),
            title: self.s("Restart"),
            total: 700,
            rows: (0..6).map(row).collect(),
            previous: None,
            next: Some("/run/review/d1/phones?page=2".to_owned()),
        }
    }

    fn run_view(&self) -> RunView {
        RunView {
            targets: TargetsView {
                filter: self.s("site:kiel"),
                sites: (0..30)
                    .map(|index| Choice {
                        count: Some(40 + index),
                        ..Choice::new(format!("s{index}"), self.s("Kiel"), index == 1)
                    })
                    .collect(),
                groups: (0..5)
                    .map(|index| Choice {
                        count: Some(40 + index),
                        ..Choice::new(format!("g{index}"), self.s("Sales"), index == 1)
                    })
                    .collect(),
                ..TargetsView::default()
            },
            actions: self.catalogue(),
            action: "Reboot".to_owned(),
            pacing: self.pacing("default"),
            options: OptionsForm {
                window: self.s("10"),
                ..OptionsForm::default()
            },
            reason: self.s("INC-4711 phones hang after the update"),
            before: "r0".to_owned(),
            moved: vec![self.s("Workshop (Kiel → Bremen)")],
            too_many: Some(self.s("619 phones are too many.")),
            errors: FormErrors::default(),
        }
    }

    fn pacing(&self, chosen: &str) -> Vec<PacingChoice> {
        [
            (
                "default",
                "As the command's class asks",
                "Harmless: 256 at once. Disruptive: 10 at once, 20 % of a site.",
            ),
            (
                "careful",
                "Careful",
                "5 at once, 5 % of a site, the first phone alone.",
            ),
            ("fast", "Fast", "64 at once, half of a site."),
            ("custom", "Own numbers", "Each one below."),
        ]
        .into_iter()
        .map(|(value, label, note)| PacingChoice {
            value: value.to_owned(),
            label: self.s(label),
            note: self.s(note),
            selected: value == chosen,
        })
        .collect()
    }

    fn catalogue(&self) -> Vec<ActionGroup> {
        let action = |name: &str, title: &str, effect: &str, class| ActionView {
            name: name.to_owned(),
            title: self.s(title),
            effect: self.s(effect),
            class,
            ..ActionView::default()
        };
        vec![
            ActionGroup {
                title: self.s("Safe"),
                note: self.s("Nobody notices anything."),
                folded: false,
                actions: vec![
                    action(
                        "phonecfg",
                        "Read status",
                        "Asks for accounts, DND and firmware.",
                        ActionClass::Harmless,
                    ),
                    action(
                        "screenshot",
                        "Screenshot",
                        "Fetches what the screen shows.",
                        ActionClass::Harmless,
                    ),
                ],
            },
            ActionGroup {
                title: self.s("Disruptive"),
                note: self.s("Somebody notices; needs a reason."),
                folded: false,
                actions: vec![
                    action(
                        "Reboot",
                        "Restart",
                        "Restarts the phone; it is away for some minutes.",
                        ActionClass::Disruptive,
                    ),
                    action(
                        "AutoP",
                        "Fetch settings",
                        "Fetches its configuration now; may restart.",
                        ActionClass::Disruptive,
                    ),
                    action(
                        "DNDOn",
                        "Do not disturb on",
                        "Refuses incoming calls.",
                        ActionClass::Disruptive,
                    ),
                    ActionView {
                        params: vec![
                            self.number_param(),
                            ParamView {
                                name: "seconds".to_owned(),
                                label: self.s("After seconds"),
                                kind: ParamKind::Integer { min: 6, max: 120 },
                                ..ParamView::default()
                            },
                        ],
                        call_control: true,
                        ..action(
                            "number",
                            "Dial a number",
                            "Places a call from the phone.",
                            ActionClass::Disruptive,
                        )
                    },
                ],
            },
            ActionGroup {
                title: self.s("Destructive"),
                note: self.s("Settings are lost, or nobody can say what happens."),
                folded: true,
                actions: vec![
                    ActionView {
                        unavailable: Some(self.s("Only administrators may do this.")),
                        ..action("Reset", "Factory reset", "", ActionClass::Destructive)
                    },
                    ActionView {
                        params: vec![ParamView {
                            name: "keys".to_owned(),
                            label: self.s("Keys, one a line"),
                            kind: ParamKind::Lines,
                            ..ParamView::default()
                        }],
                        ..action(
                            "sequence",
                            "Key sequence",
                            "Presses keys in order.",
                            ActionClass::Destructive,
                        )
                    },
                ],
            },
        ]
    }

    fn review_view(&self) -> ReviewView {
        ReviewView {
            id: "r1".to_owned(),
            action: "Reboot".to_owned(),
            title: format!("{} {{phones}}", self.s("Restart")),
            effect: self
                .s("Restarts the phone; it is away for some minutes. A call in progress drops."),
            class: ActionClass::Disruptive,
            params: vec![(self.s("Number"), self.s("•••• 23"))],
            will_run: 221,
            will_skip: vec![
                SkipView {
                    cause: Cause::NoAddress,
                    count: 11,
                    href: Some("/phones?q=x".to_owned()),
                },
                SkipView {
                    cause: Cause::Unsupported,
                    count: 6,
                    href: None,
                },
                SkipView {
                    cause: Cause::Protected,
                    count: 2,
                    href: None,
                },
            ],
            by_site: SITES
                .iter()
                .enumerate()
                .map(|(i, (_, name))| (self.s(name), 60 - 9 * i as i64))
                .collect(),
            by_model: MODELS
                .iter()
                .enumerate()
                .map(|(i, name)| (self.s(name), 80 - 15 * i as i64))
                .collect(),
            examples: ROOMS.iter().map(|room| self.s(room)).collect(),
            pacing_in_words: vec![
                self.s("At most 10 at once and 20 % of a site."),
                self.s("The first phone goes alone."),
                self.s("Stops when more than 10 % failed."),
            ],
            planned: PlannedView {
                longest: 840,
                answers: 240,
                each: Some(8),
                each_by_sip: None,
                window: 10,
                restarts: 600,
                away: 120,
            },
            start_at: Some(NOW.plus(Duration::from_mins(3))),
            not_after: Some(NOW.plus(Duration::from_mins(28))),
            request_example: self
                .s("GET https://10.1.2.3/servlet?key=Reboot\nAuthorization: (hidden)"),
            warnings: vec![self.s("2 phones share the address 10.1.2.9.")],
            needs_reason: true,
            type_count: Some(221),
            protected: Some(2),
            with_protected: 223,
            include_protected: false,
            digest: "d".to_owned(),
            submission: "s".to_owned(),
            reason: self.s("INC-4711 phones hang"),
            typed: self.s("220"),
            started: None,
            changed: Some(SetChange {
                before: 240,
                after: 241,
                joined: vec![self.s("Canteen")],
                left: vec![],
                moved: vec![self.s("Workshop")],
                protected: vec![self.s("Board")],
                unprotected: vec![self.s("Lobby")],
            }),
            asks: false,
            nobody: None,
            too_many: None,
            back_href: "/run?sel=s1".to_owned(),
            errors: error("typed", &self.s("Type 221, the number of phones.")),
        }
    }

    fn jobs(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/jobs");
        let tabs = |current: usize| {
            ["Running", "Finished", "All"]
                .iter()
                .enumerate()
                .map(|(index, text)| Tab {
                    text: (*text).to_owned(),
                    href: "/jobs?tab=x".to_owned(),
                    count: Some(2 + 40 * index as i64),
                    current: index == current,
                })
                .collect()
        };
        let many = JobsView {
            tabs: tabs(2),
            tab: "all".to_owned(),
            filter: JobsFilter {
                actor: self.s("a.meyer"),
                ..JobsFilter::default()
            },
            chips: vec![Chip {
                text: self.s("by a.meyer"),
                remove_href: "/jobs".to_owned(),
            }],
            clear_href: "/jobs".to_owned(),
            actions: vec![
                Choice::new("", "Any", true),
                Choice::new("Reboot", self.s("Restart"), false),
            ],
            rows: (0..25).map(|index| self.job_row(index)).collect(),
            paging: Paging {
                total: Total {
                    count: 1_000,
                    at_least: true,
                },
                previous: None,
                next: Some("/jobs?after=x".to_owned()),
            },
            errors: FormErrors::default(),
        };
        let none = JobsView {
            tabs: tabs(0),
            tab: "running".to_owned(),
            ..JobsView::default()
        };
        let (_, counts) = Self::counts(0);
        let stop = StopJobView {
            id: "0192f0aa".to_owned(),
            title: self.s("Restart · 221 phones"),
            state: JobState::Running,
            counts,
            reason: String::new(),
            errors: FormErrors::default(),
        };
        let all = StopAllView {
            running_jobs: 2,
            waiting: 4_820,
            sending: 14,
            beyond_reach: true,
            ..StopAllView::default()
        };
        let stopped = StopAllView {
            stopped: Some((
                self.s("k.lee"),
                Some(ago(300)),
                self.s("Phones ring by themselves"),
            )),
            ..StopAllView::default()
        };
        let halted = FrameView {
            banners: vec![
                Banner::StopAll {
                    by: self.s("k.lee"),
                    at: Some(ago(300)),
                    reason: self.s("Phones ring by themselves"),
                },
                Banner::Sealed {
                    reason: self.s("The key file is missing."),
                },
                Banner::InsecureHttp,
                Banner::Loopback,
                Banner::Notice {
                    tone: Tone::Warning,
                    text: self.s("Little room left on the disk."),
                },
            ],
            ..self.frame("/stop-all")
        };
        let unknown = StopAllView {
            stopped: Some(("carillon".to_owned(), None, String::new())),
            ..StopAllView::default()
        };
        let forged = FrameView {
            banners: vec![Banner::StopAll {
                by: "carillon".to_owned(),
                at: None,
                reason: String::new(),
            }],
            ..self.frame("/stop-all")
        };
        vec![
            ("stop-all-unknown", carillon_ui::stop_all(&forged, &unknown)),
            ("jobs", carillon_ui::jobs(&frame, &many)),
            ("jobs-none", carillon_ui::jobs(&frame, &none)),
            ("job-running", carillon_ui::job(&frame, &self.job_view(0))),
            ("job-problems", carillon_ui::job(&frame, &self.job_view(2))),
            ("job-done", carillon_ui::job(&frame, &self.job_view(3))),
            (
                "job-waits",
                carillon_ui::job(
                    &frame,
                    &JobView {
                        approval: Some(JobApprovalView {
                            row: self.approvals().rows.remove(0),
                            may_decide: true,
                            lacks_factor: true,
                            off: false,
                            approvers: vec![self.s("b.kraus"), self.s("k.lee")],
                        }),
                        ..self.job_view(3)
                    },
                ),
            ),
            (
                "job-one-cause",
                carillon_ui::job(
                    &frame,
                    &JobView {
                        cause: Some(Cause::Forbidden),
                        rows: vec![],
                        ..self.job_view(4)
                    },
                ),
            ),
            ("stop-job", carillon_ui::stop_job(&frame, &stop)),
            ("stop-all", carillon_ui::stop_all(&frame, &all)),
            ("stop-all-stopped", carillon_ui::stop_all(&halted, &stopped)),
        ]
    }

    fn job_view(&self, index: usize) -> JobView {
        let (state, counts) = Self::counts(index);
        let problems = counts.problems() > 0;
        let causes = if problems {
            vec![
                CauseCount {
                    cause: Cause::AuthFailed,
                    count: 5,
                },
                CauseCount {
                    cause: Cause::Forbidden,
                    count: 2,
                },
                CauseCount {
                    cause: Cause::TimeoutAnswer,
                    count: 2,
                },
            ]
        } else {
            vec![]
        };
        JobView {
            summary: JobSummary {
                id: "0192f0aa-77b1-7c3e-9d2a-0f1e2d3c4b5a".to_owned(),
                seq: 12,
                state,
                outcome: self.s(&carillon_ui::job_outcome(state, &counts)),
                counts,
                total: counts.total(),
                causes,
                started_at: Some(ago(492)),
                finished_at: state.is_terminal().then(|| ago(60)),
                eta_seconds: (state == JobState::Running).then_some(485),
                note: (index == 4).then(|| self.s("Stopped itself: more than 10 % failed.")),
                at: NOW,
            },
            action: "Reboot".to_owned(),
            title: self.s("Restart"),
            class: ActionClass::Disruptive,
            params: vec![],
            targets: self.s("site:kiel,hamburg"),
            actor: self.s("a.meyer"),
            reason: self.s("INC-4711 phones hang after the update"),
            created_at: ago(500),
            start_at: (index == 3).then(|| NOW.plus(Duration::from_secs(500))),
            not_after: Some(NOW.plus(Duration::from_secs(1_000))),
            held: (state == JobState::Running)
                .then(|| HeldView {
                    credential: self.s("berlin"),
                    count: 15,
                })
                .into_iter()
                .collect(),
            pacing_in_words: vec![
                self.s("At most 10 at once and 20 % of a site."),
                self.s("Stops when more than 10 % failed."),
            ],
            request_example: self
                .s("GET https://10.1.2.3/servlet?key=Reboot\nAuthorization: (hidden)"),
            approval: None,
            decided: (index == 2).then(|| Decided {
                by: self.s("k.lee"),
                at: ago(480),
                let_run: true,
                reason: String::new(),
            }),
            retry_of: (index == 2).then(|| Link::new(self.s("Restart · 240 phones"), "/jobs/x")),
            retries: vec![Link::new(self.s("Restart · 7 phones"), "/jobs/y")],
            snippet: Some(self.s(SNIPPET)),
            advice: vec![
                CauseAdvice {
                    cause: Cause::AuthFailed,
                    count: 5,
                    sites: vec![(self.s("Kiel"), 3), (String::new(), 1)],
                    more_sites: 1,
                    href: Some("/admin/credentials".to_owned()),
                    site_href: None,
                },
                CauseAdvice {
                    cause: Cause::Forbidden,
                    count: 2,
                    sites: vec![(self.s("Kiel"), 2)],
                    more_sites: 0,
                    href: None,
                    site_href: state.is_terminal().then(|| "/phones?site=kiel".to_owned()),
                },
            ],
            states: vec![],
            cause: None,
            rows: (0..50).map(|row| self.target_row(row, problems)).collect(),
            paging: Paging {
                total: Total::exactly(counts.total()),
                previous: None,
                next: Some("/jobs/x?after=y".to_owned()),
            },
            controls: JobControls {
                pause: state == JobState::Running,
                resume: state == JobState::Paused,
                stop: !state.is_terminal(),
                again: true,
            },
            audit_href: "/audit?job=x".to_owned(),
            export_href: "/jobs/x/targets.csv".to_owned(),
            retry: (state.is_terminal() && problems).then(|| RetryForm {
                states: vec![
                    RetryState {
                        state: TargetState::Failed,
                        count: counts.failed,
                        selected: true,
                        causes: vec![
                            RetryCause {
                                cause: Cause::AuthFailed,
                                count: 5,
                                selected: true,
                            },
                            RetryCause {
                                cause: Cause::Forbidden,
                                count: 2,
                                selected: false,
                            },
                        ],
                    },
                    RetryState {
                        state: TargetState::Unknown,
                        count: counts.unknown,
                        selected: false,
                        causes: vec![RetryCause {
                            cause: Cause::TimeoutAnswer,
                            count: 2,
                            selected: true,
                        }],
                    },
                    RetryState {
                        state: TargetState::Skipped,
                        count: 3,
                        selected: true,
                        causes: vec![RetryCause {
                            cause: Cause::FailureLimit,
                            count: 3,
                            selected: true,
                        }],
                    },
                ],
                reason: self.s("INC-4711 phones hang after the update"),
                errors: FormErrors::default(),
            }),
        }
    }

    fn target_row(&self, index: usize, problems: bool) -> TargetRow {
        let ends = [
            (
                TargetState::Failed,
                Some(Cause::AuthFailed),
                Some(401),
                "401 Unauthorized",
            ),
            (
                TargetState::Failed,
                Some(Cause::Forbidden),
                Some(403),
                "Forbidden",
            ),
            (TargetState::Unknown, Some(Cause::TimeoutAnswer), None, ""),
            (TargetState::Verified, None, Some(200), ""),
            (TargetState::Acknowledged, None, Some(200), ""),
            (TargetState::Waiting, None, None, ""),
            (TargetState::Sending, None, None, ""),
        ];
        let (state, cause, status, excerpt) = ends[if problems { index % ends.len() } else { 3 }];
        let sent = state != TargetState::Waiting;
        TargetRow {
            mac: mac(index),
            name: self.s(ROOMS[index % ROOMS.len()]),
            extension: self.s(&format!("{}", 2000 + index)),
            model: self.s(MODELS[index % MODELS.len()]),
            site: Some(self.s(SITES[index % 2 + 1].0)),
            state,
            cause,
            http_status: status,
            transport: sent.then_some(Transport::Https),
            attempts: i64::from(sent),
            retry_at: None,
            held_by: (!sent && index.is_multiple_of(2)).then(|| self.s("berlin")),
            earlier: (state == TargetState::Failed)
                .then(|| EarlierTry {
                    sent_at: ago(90),
                    cause: Cause::Refused,
                    transport: Some(Transport::Https),
                })
                .into_iter()
                .collect(),
            sent_at: sent.then(|| ago(400 - index as u64)),
            finished_at: state.is_terminal().then(|| ago(399 - index as u64)),
            duration_ms: state.is_terminal().then_some(31 + 97 * index as i64),
            excerpt: if excerpt.is_empty() {
                String::new()
            } else {
                self.s(excerpt)
            },
        }
    }

    fn audit_row(&self, index: usize) -> AuditRow {
        let rows = [
            (
                "target.result",
                "was told to restart",
                EventResult::Verified,
                ActorKind::System,
            ),
            (
                "target.intent",
                "is about to be told to restart",
                EventResult::Intent,
                ActorKind::System,
            ),
            (
                "job.submitted",
                "started a job",
                EventResult::Ok,
                ActorKind::User,
            ),
            (
                "session.created",
                "signed in",
                EventResult::Failed,
                ActorKind::User,
            ),
            (
                "target.result",
                "was told to restart",
                EventResult::Failed,
                ActorKind::Token,
            ),
        ];
        let (action, words, result, kind) = rows[index % rows.len()];
        AuditRow {
            seq: 184_220 - index as i64,
            at: ago(100 + 61 * index as u64),
            actor: self.s(if kind == ActorKind::System {
                "carillon"
            } else {
                "a.meyer"
            }),
            actor_kind: kind,
            action: action.to_owned(),
            words: self.s(words),
            phone: action.starts_with("target").then(|| {
                let name = if index == 1 { "Lab 2" } else { "Reception" };
                (mac(index), self.s(name))
            }),
            object: (index % 5 == 3).then(|| Link::new(self.s("account a.meyer"), "/admin/users")),
            result,
            detail: if result == EventResult::Failed {
                self.s("Wrong password")
            } else {
                String::new()
            },
            reason: if index.is_multiple_of(3) {
                self.s("INC-4711 phones hang after the update")
            } else {
                String::new()
            },
            ip: (kind == ActorKind::User).then(|| self.s("10.9.8.7")),
            ip_removed: index % 5 == 4,
            job: action
                .starts_with("target")
                .then(|| Link::new(self.s("Restart"), "/jobs/x")),
            job_records: action
                .starts_with("target")
                .then(|| "/audit?job=x".to_owned()),
            job_stands: (index % 5 == 2).then_some((JobState::Running, 2)),
        }
    }

    fn auditing(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/audit");
        let presets = [
            "Everything",
            "Mine",
            "Commands",
            "Failures",
            "Sign-ins",
            "Administration",
        ]
        .iter()
        .enumerate()
        .map(|(index, text)| Tab {
            text: (*text).to_owned(),
            href: "/audit?x=y".to_owned(),
            count: None,
            current: index == 0,
        })
        .collect::<Vec<_>>();
        let many = AuditView {
            presets: presets.clone(),
            lines: presets.iter().take(2).cloned().collect(),
            filter: AuditFilter {
                from: "2026-10-23".to_owned(),
                q: self.s("INC-4711"),
                ..AuditFilter::default()
            },
            actions: vec![self.s("signed in"), self.s("stopped a job")],
            period: self.s("last 30 days"),
            all_time_href: Some("/audit?from=".to_owned()),
            chips: vec![Chip {
                text: self.s("reason: INC-4711"),
                remove_href: "/audit".to_owned(),
            }],
            unknown: Vec::new(),
            examples: Vec::new(),
            as_action: None,
            clear_href: "/audit".to_owned(),
            rows: (0..50).map(|index| self.audit_row(index)).collect(),
            paging: Paging {
                total: Total {
                    count: 1_000,
                    at_least: true,
                },
                previous: None,
                next: Some("/audit?after=x".to_owned()),
            },
            exports: vec![
                Link::new("Export CSV", "/audit/export?format=csv"),
                Link::new("Export JSON Lines", "/audit/export?format=jsonl"),
            ],
            chain: Some(ChainView {
                size: 184_220,
                root: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                checkpoint: Some((184_000, ago(600))),
                key: Some(self.s("carillon/0011223344556677+89abcdef+AQID")),
                problem: Some(self.s("The outside anchor lacks what was signed since 14:00.")),
            }),
            errors: error("from", &self.s("A day looks like 2026-11-22.")),
        };
        let by_job = AuditView {
            filter: AuditFilter {
                per: "job".to_owned(),
                ..many.filter.clone()
            },
            errors: FormErrors::default(),
            ..many.clone()
        };
        let none = AuditView {
            presets,
            period: self.s("last 30 days"),
            all_time_href: Some("/audit?from=".to_owned()),
            chips: many.chips.clone(),
            unknown: vec![self.s("quux")],
            examples: vec![Link::new(self.s("restart"), "/audit?action=restart")],
            as_action: Some(Link::new(
                self.s("Records whose action is: login"),
                "/audit?action=login",
            )),
            ..AuditView::default()
        };
        let record = AuditRecordView {
            row: self.audit_row(4),
            auth: self.s("token:nightly"),
            boot: Some(Link::new(self.s("k3-x9_Qa"), "/audit?q=k3-x9_Qa")),
            site: Some(self.s("kiel")),
            groups: vec![self.s("sales")],
            changes: vec![(self.s("address"), self.s("10.1.2.3"), self.s("10.1.2.77"))],
            details: vec![
                (self.s("cause"), self.s("auth_failed")),
                (self.s("attempt"), self.s("1")),
            ],
            entry: self.s("{\"seq\":184216,\"action\":\"target.result\"}"),
            leaf_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                .to_owned(),
            proof: Some(ProofView {
                holds: true,
                size: 184_320,
                at: ago(600),
                href: "/audit/184216/proof".to_owned(),
                command: self
                    .s("carillon audit verify --vkey KEY --proof record-184216.tlog-proof"),
            }),
            previous_href: Some("/audit/184215".to_owned()),
            next_href: Some("/audit/184217".to_owned()),
            related: vec![Link::new(self.s("All records of this job"), "/audit?job=x")],
            number: None,
        };
        let number = |view: NumberView| AuditRecordView {
            number: Some(NumberView {
                commitment: record.leaf_hash.clone(),
                ..view
            }),
            ..record.clone()
        };
        let asked = number(NumberView {
            may_read: true,
            errors: error(
                "reason",
                "Say in a line of 1 to 500 characters why you need the number.",
            ),
            ..NumberView::default()
        });
        let shown = number(NumberView {
            shown: Some(ShownNumber {
                value: self.s("{\"number\":\"0301234567\"}"),
                salt: "0f".repeat(32),
            }),
            ..NumberView::default()
        });
        vec![
            (
                "audit-number",
                carillon_ui::audit_record(&frame, &number(NumberView::default())),
            ),
            (
                "audit-number-asked",
                carillon_ui::audit_record(&frame, &asked),
            ),
            (
                "audit-number-shown",
                carillon_ui::audit_record(&frame, &shown),
            ),
            ("audit", carillon_ui::audit(&frame, &many)),
            ("audit-by-job", carillon_ui::audit(&frame, &by_job)),
            ("audit-none", carillon_ui::audit(&frame, &none)),
            ("audit-record", carillon_ui::audit_record(&frame, &record)),
        ]
    }

    fn token_row(&self, index: usize) -> TokenRow {
        TokenRow {
            reach: self.s("sites kiel; groups reception"),
            id: format!("t{index}"),
            label: self.s("nightly report"),
            user: self.s("a.meyer"),
            scope: "read".to_owned(),
            created_at: ago(86_400 * 20),
            expires_at: (index != 1).then(|| NOW.plus(Duration::from_hours(24 * 70))),
            last_used: (index == 0).then(|| ago(3_000)),
            revoked_at: (index == 2).then(|| ago(90)),
        }
    }

    fn approvals(&self) -> ApprovalsView {
        let row = |own: bool| ApprovalRow {
            job: self.job_row(1),
            names: vec![self.s("Reception (2041)"), self.s("Hall (2042)")],
            gone: 2,
            class: ActionClass::Destructive,
            by_site: vec![(self.s("Kiel"), 80), (self.s("Hamburg"), 39)],
            left_out: vec![(Cause::Protected, 1)],
            digest: "d1".to_owned(),
            request_example: self.s("GET /servlet?key=Reset"),
            start_at: own.then(|| NOW.plus(Duration::from_hours(5))),
            not_after: own.then(|| NOW.plus(Duration::from_hours(9))),
            sent_within: (!own).then_some(1_020),
            pacing_in_words: vec![self.s("One phone at a time")],
            until: Some(NOW.plus(Duration::from_mins(20))),
            own,
            one_person: OnePerson {
                own_until: (!own).then(|| NOW.plus(Duration::from_hours(23))),
                all_until: own.then(|| NOW.plus(Duration::from_hours(22))),
            },
        };
        ApprovalsView {
            rows: vec![row(false), row(true)],
            may_decide: true,
            lacks_factor: false,
            off: true,
            changes: vec![
                self.change("c1", false),
                self.change("c2", true),
                ChangeRow {
                    one_person: OnePerson {
                        own_until: None,
                        all_until: Some(NOW.plus(Duration::from_hours(21))),
                    },
                    ..self.change("c3", true)
                },
                ChangeRow {
                    lacking: vec![self.s("petra")],
                    ..self.change("c4", true)
                },
            ],
        }
    }

    fn change(&self, id: &str, own: bool) -> ChangeRow {
        ChangeRow {
            id: id.to_owned(),
            title: self.s("Other limits"),
            lines: vec![ChangeLine {
                label: self.s("Phones of one job"),
                before: "500".to_owned(),
                after: self.s("600"),
            }],
            phones: self.leaving(),
            asked_by: self.s("k.lee"),
            asked_at: ago(300),
            reason: self.s("INC-4711"),
            until: NOW.plus(Duration::from_mins(20)),
            digest: "d1".to_owned(),
            own,
            one_person: OnePerson::default(),
            lacking: vec![],
        }
    }

    fn leaving(&self) -> Vec<LeavingPhone> {
        let phone = |last, name, beside| LeavingPhone {
            mac: mac(last),
            name: self.s(name),
            beside: self.s(beside),
        };
        vec![
            phone(4, "Lab 2", "Kiel · 00:15:65:01:02:04"),
            phone(3, "Reception", "Kiel · 2041"),
        ]
    }

    fn change_notice(&self) -> ChangeNotice {
        ChangeNotice {
            asked_by: self.s("k.lee"),
            until: NOW.plus(Duration::from_mins(20)),
        }
    }

    fn streams(&self) -> StreamsView {
        let row = |name: &str, receiver: &str| StreamRow {
            name: self.s(name),
            receiver: self.s(receiver),
            named: true,
            taken_at: Some(ago(40)),
            ..StreamRow::default()
        };
        let away = StreamRow {
            in_clear: true,
            waiting: 184_220,
            oldest: Some(ago(9_000)),
            failing_since: Some(ago(8_900)),
            problem: Some("the receiver refuses connections".to_owned()),
            ..row("archive", "syslog+tcp://10.0.5.9:601")
        };
        let hook = StreamRow {
            waiting: 12,
            oldest: Some(ago(4)),
            signed: true,
            secret_at: Some(ago(86_400)),
            ..row("tickets", "https://tickets.example/…")
        };
        let gone = StreamRow {
            named: false,
            waiting: 1,
            ..row("former", "https://former.example/…")
        };
        let siem = row("siem", "syslog+tls://siem.example");
        let anchor = |receiver: &str| AnchorRow {
            receiver: self.s(receiver),
            reached: 184_000,
            ..AnchorRow::default()
        };
        let lost = AnchorRow {
            behind: Some(ago(700)),
            problem: Some("the receiver answered with status 403".to_owned()),
            ..anchor("https://store.example/…")
        };
        StreamsView {
            streams: vec![away, siem, hook, gone],
            anchors: vec![anchor("syslog+tls://siem.example"), lost],
            new_secret: Some(NewSecret {
                stream: self.s("tickets"),
                secret: self.s("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            }),
        }
    }

    fn networks(&self) -> NetworksView {
        NetworksView {
            allowed: vec!["10.0.0.0/8".to_owned(), "fc00::/7".to_owned()],
            in_force: vec!["10.20.0.0/16".to_owned()],
            broken: Some(Stored::Lost),
            changed: Some((self.s("root"), NOW)),
            networks: self.s("10.20.3.0/24"),
            effect: Some(NetworksEffect {
                networks: vec!["10.20.3.0/24".to_owned()],
                phones: 3,
                already: 1,
                named: vec![(
                    "00:15:65:aa:bb:cc".to_owned(),
                    self.s("Reception"),
                    "10.20.4.17".to_owned(),
                )],
                sites: vec![self.s("berlin")],
                version: 3,
                digest: "d1".to_owned(),
            }),
            waiting: Some(self.change_notice()),
            errors: error(
                "networks",
                &self.s("10.20.3.1/24 is no network: write one such as 10.20.0.0/16"),
            ),
        }
    }

    fn settings(&self) -> SettingsView {
        SettingsView {
            phones_per_job: self.s("many"),
            phones_per_hour: "2000".to_owned(),
            jobs_per_minute: "10".to_owned(),
            approve_destructive: true,
            approve_disruptive_above: "50".to_owned(),
            approve_disruptive_percent: "10".to_owned(),
            approve_with_factor: true,
            operators_start: vec![Choice::new(
                self.s("disruptive"),
                self.s("Disruptive commands"),
                true,
            )],
            approvers: 1,
            off: true,
            second_factor: vec![Choice::new(self.s("admin"), self.s("Administrator"), true)],
            reason: self.s("INC-4711"),
            waiting: vec![self.change_notice()],
            errors: error("phones_per_job", &self.s("Give a whole number.")),
        }
    }

    fn administration(&self) -> Vec<(&'static str, String)> {
        let frame = self.frame("/admin/users");
        let users = UsersView {
            lone_administrator: true,
            rows: Role::ALL
                .iter()
                .enumerate()
                .map(|(index, role)| UserRow {
                    name: self.s(["a.meyer", "k.lee", "root", "auditor"][index % 4]),
                    role: *role,
                    reach: self.s(["", "sites kiel"][index % 2]),
                    approver: index == 2,
                    second_factor: index == 0,
                    disabled: index == 1,
                    created_at: ago(86_400 * 200),
                    last_seen: (index != 3).then(|| ago(400)),
                    tokens: index as i64,
                    own: index == 0,
                })
                .collect(),
        };
        let user = UserFormView {
            existing: Some("k.lee".to_owned()),
            name: self.s("k.lee"),
            role: "operator".to_owned(),
            scoped: true,
            sites: self.s("kiel, berlin"),
            groups: self.s("reception"),
            approver: true,
            second_factor: true,
            factor_reset_waits: Some(self.change_notice()),
            link: Some(self.s("https://carillon.example/reset?code=k3y")),
            version: 1,
            ..UserFormView::default()
        };
        let new_user = UserFormView {
            name: self.s("k.lee"),
            role: "viewer".to_owned(),
            errors: error("name", &self.s("This name is taken.")),
            ..UserFormView::default()
        };
        let credentials = CredentialsView {
            rows: vec![CredentialRow {
                name: self.s("standard"),
                username: self.s("admin"),
                changed_at: ago(86_400 * 9),
                phones: 9_700,
                sites: 5,
                groups: 1,
                refused: 41,
            }],
            own: 12,
        };
        let credential = CredentialFormView {
            existing: Some("standard".to_owned()),
            name: self.s("standard"),
            username: self.s("admin"),
            phones: 9_700,
            changed_at: Some(ago(86_400 * 9)),
            version: 2,
            errors: FormErrors::default(),
        };
        vec![
            ("users", carillon_ui::users(&frame, &users)),
            ("user", carillon_ui::user_form(&frame, &user)),
            (
                "user-own",
                carillon_ui::user_form(
                    &frame,
                    &UserFormView {
                        own: true,
                        ..user.clone()
                    },
                ),
            ),
            ("user-new", carillon_ui::user_form(&frame, &new_user)),
            (
                "approvals",
                carillon_ui::approvals(&frame, &self.approvals()),
            ),
            (
                "approvals-without-factor",
                carillon_ui::approvals(
                    &frame,
                    &ApprovalsView {
                        lacks_factor: true,
                        ..self.approvals()
                    },
                ),
            ),
            (
                "approvals-none",
                carillon_ui::approvals(&frame, &ApprovalsView::default()),
            ),
            ("networks", carillon_ui::networks(&frame, &self.networks())),
            (
                "networks-none",
                carillon_ui::networks(&frame, &NetworksView::default()),
            ),
            ("settings", carillon_ui::settings(&frame, &self.settings())),
            ("streams", carillon_ui::streams(&frame, &self.streams())),
            (
                "streams-empty",
                carillon_ui::streams(&frame, &StreamsView::default()),
            ),
            (
                "tokens",
                carillon_ui::tokens(
                    &frame,
                    &TokensView {
                        rows: (0..3).map(|index| self.token_row(index)).collect(),
                    },
                ),
            ),
            (
                "tokens-empty",
                carillon_ui::tokens(&frame, &TokensView::default()),
            ),
            (
                "credentials",
                carillon_ui::credentials(&self.frame("/admin/credentials"), &credentials),
            ),
            (
                "credentials-empty",
                carillon_ui::credentials(
                    &self.frame("/admin/credentials"),
                    &CredentialsView::default(),
                ),
            ),
            (
                "credential",
                carillon_ui::credential_form(&self.frame("/admin/credentials"), &credential),
            ),
            (
                "credential-new",
                carillon_ui::credential_form(
                    &self.frame("/admin/credentials"),
                    &CredentialFormView::default(),
                ),
            ),
            (
                "account",
                carillon_ui::account(&self.frame("/account"), &self.account()),
            ),
        ]
    }

    fn account(&self) -> AccountView {
        AccountView {
            name: self.s("a.meyer"),
            role: self.role,
            language: None,
            look: Look::default(),
            has_password: self.role != Role::Auditor,
            password_min: 12,
            password_errors: error("current", &self.s("This is not your password.")),
            second_factor: self.role == Role::Admin,
            codes_left: 9,
            sessions: (0..2)
                .map(|index| SessionRow {
                    id: format!("s{index}"),
                    created_at: ago(86_400),
                    last_seen: ago(30),
                    ip: self.s("10.9.8.7"),
                    agent: self.s("Firefox on Linux"),
                    current: index == 0,
                })
                .collect(),
            tokens: (0..2).map(|index| self.token_row(index)).collect(),
            token_form: TokenForm::default(),
            token_errors: FormErrors::default(),
            new_token: Some(NewToken {
                label: self.s("nightly report"),
                token: self.s("crl_9f86d081884c7d65"),
            }),
        }
    }
}
