//! The only way to the database: SQLite or Postgres behind one [`Store`].
//!
//! Owns every table and every statement. Reads are functions of [`Store`]; writes are functions
//! of [`Unit`], which ends in [`Unit::record`] and [`Recorded::commit`] when people see the
//! change, and in [`Unit::commit_bookkeeping`] when nobody does.
//!
//! *Invariant:* nothing here asks a clock, makes an id, opens a seal or judges a permission.

mod accounts;
mod audit;
mod change_requests;
mod conn;
mod credentials;
mod dialect;
mod egress;
mod error;
mod groups;
mod idempotency;
mod jobs;
mod keeps;
mod kept;
mod lock;
mod meta;
mod migrate;
mod mounts;
mod nodes;
mod open_postgres;
mod open_sqlite;
mod orders;
mod page;
mod passes;
mod phones;
mod private;
mod reach;
mod row;
mod run;
mod sealed;
mod signed;
mod sip_profiles;
mod sites;
mod sql;
mod store;
mod streams;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod unit;

pub use accounts::drafts::DraftRow;
pub use accounts::sessions::{SessionRow, SessionStanding};
pub use accounts::throttles::ThrottleRow;
pub use accounts::tokens::{NewToken, TokenRow, TokenScope};
pub use accounts::users::{NewUser, UserRow};
pub use accounts::views::SavedView;
pub use audit::{
    AtLeast, AuditExport, AuditGuards, AuditLines, AuditQuery, AuditRow, AuditScan, AuditSource,
    CheckpointRow, ExportedRecord, Frontier, Hash, MarkCheck, RawRecord, RecordFault,
    StandingAccount, StandingAsked, StandingCause, StandingChange, StandingDecision, StandingEnd,
    StandingJob, StandingNetworks, StandingOrder, StandingPass, StandingSeal, StandingSource,
    StandingToken, Standings, TILE, Taken, TileRow, leaf_hash, node_hash,
};
pub use change_requests::ChangeRequestRow;
pub use credentials::{
    CredentialRow, CredentialSource, CredentialSummary, CredentialUse, EffectiveCredential,
    Exposed, Told, Ways,
};
pub use egress::EgressRow;
pub use error::{DriverError, Result, StoreError};
pub use groups::GroupRow;
pub use idempotency::{IdempotencyKey, KeyUse};
pub use jobs::accept::AcceptedList;
pub use jobs::actions::GroupJob;
pub use jobs::approval::{Approver, Around, AskedAlone, JobApproval};
pub use jobs::attempts::AttemptRow;
pub use jobs::causes::CausePlace;
pub use jobs::claim::{Claim, ClaimedTarget};
pub use jobs::decides::BelievedJob;
pub use jobs::due::DueJob;
pub use jobs::end::Untried;
pub use jobs::first::NamedTarget;
pub use jobs::frozen::FrozenList;
pub use jobs::insert::{NewJob, NewTarget};
pub use jobs::let_on::LetOn;
pub use jobs::list::{JobQuery, LonePhone};
pub use jobs::read::{JobRow, JobSnapshot};
pub use jobs::record::RecordedResults;
pub use jobs::recover::{Occasion, Recovered};
pub use jobs::result::{ChangedTarget, TargetResult};
pub use jobs::share::SiteLimit;
pub use jobs::standing::Standing;
pub use jobs::targets::{TargetQuery, TargetRow};
pub use jobs::trends::{Answers, DayOfJobs, Trends};
pub use jobs::under_way::UnderWay;
pub use keeps::Keeps;
pub use lock::DataDirLock;
pub use meta::{MadeAlone, StopAll, Surroundings};
pub use nodes::NodeRow;
pub use open_postgres::trusts_the_network;
pub use orders::{Order, Ordered};
pub use page::{Cursor, Direction, Page, Seek};
pub use phones::addresses::PhoneAddress;
pub use phones::awaited::{Awaited, JobsBeside};
pub use phones::belongings::{Belongings, PhoneBeside};
pub use phones::call::{Call, CallRow};
pub use phones::choices::{KeptList, PhoneChoice, PhoneChoices};
pub use phones::contact::ContactUpdate;
pub use phones::health::{FleetHealth, Reached, SiteReached};
pub use phones::list::{PhoneList, PhoneSet, PhoneSort};
pub use phones::listed::ListedPhones;
pub use phones::named::{NamedPhones, Naming};
pub use phones::read::{LastResult, PhoneRow};
pub use run::Run;
pub use sealed::{SealedColumn, SealedRow};
pub use signed::{ForgedRow, RowKeys, SignedRow, SignedRows};
pub use sip_profiles::{SipPhone, SipProfileRow};
pub use sites::SiteRow;
pub use sql::rows_that_fit;
pub use store::Store;
pub use streams::{Holder, StreamEntry, StreamRow};
pub use unit::{Recorded, Unit};
