//! The parts that pages are made of, one a file.
//!
//! A part is a function to a view. It decides how something looks and nothing else; what it
//! shows it is handed, but for the [`crate::surroundings`] of its document.
#![cfg_attr(
    feature = "hydrate",
    expect(dead_code, unused_imports, reason = "only islands reach the browser")
)]

mod badge;
mod bar;
mod button;
mod causes;
mod chart;
mod chips;
mod choice;
mod empty;
mod facts;
mod field;
mod form;
mod icon;
mod job_table;
mod paging;
mod panel;
mod param;
mod phone_table;
mod said;
mod score;
mod snippet;
mod soon;
mod table;
mod tabs;
mod timeline;
mod when;

pub(crate) use badge::*;
pub(crate) use bar::*;
pub(crate) use button::*;
pub(crate) use causes::*;
pub(crate) use chart::*;
pub(crate) use chips::*;
pub(crate) use choice::*;
pub(crate) use empty::*;
pub(crate) use facts::*;
pub(crate) use field::*;
pub(crate) use form::*;
pub(crate) use icon::*;
pub(crate) use job_table::*;
pub(crate) use paging::*;
pub(crate) use panel::*;
pub(crate) use param::*;
pub(crate) use phone_table::*;
pub(crate) use said::*;
pub(crate) use score::*;
pub(crate) use snippet::*;
pub(crate) use soon::*;
pub(crate) use table::*;
pub(crate) use tabs::*;
pub(crate) use timeline::*;
pub(crate) use when::*;
