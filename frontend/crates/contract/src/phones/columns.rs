//! The columns of the list of phones, and their order.

use std::fmt;
use std::str::FromStr;

use carillon_domain::closed_list;
use serde::{Deserialize, Serialize};

closed_list! {
    /// A column of the list, beside the phone's name, in the order in which they are offered.
    PhoneColumn {
        /// Extension.
        Extension = "extension",
        /// Model.
        Model = "model",
        /// Site.
        Site = "site",
        /// Address, with the port where it is not the scheme's own.
        Address = "address",
        /// What the last contact said.
        State = "state",
        /// Whether a command would get through.
        Ready = "ready",
        /// Firmware.
        Firmware = "firmware",
        /// What the last command came to.
        Result = "result",
        /// Tags.
        Tags = "tags",
        /// Identity.
        Mac = "mac",
        /// Groups it is in now.
        Groups = "groups",
        /// SIP address of record.
        Account = "account",
        /// When it last answered.
        Seen = "seen",
        /// Credential of its own.
        Credential = "credential",
        /// Left out of jobs.
        Protected = "protected",
        /// Notes.
        Notes = "notes",
    }
}

impl PhoneColumn {
    /// Those that are shown until somebody chooses.
    pub const USUAL: &'static [Self] = &[
        Self::Extension,
        Self::Model,
        Self::Site,
        Self::Address,
        Self::State,
        Self::Ready,
        Self::Firmware,
        Self::Result,
        Self::Tags,
    ];
}

/// A column that a button moves by one place, or moved a moment ago: then the choice of columns is
/// open still, with the focus where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedColumn {
    /// Which.
    pub column: PhoneColumn,
    /// Towards the name, or away from it.
    pub up: bool,
}

/// What stands between the way and the column.
const BY: char = '.';

impl fmt::Display for MovedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.up { "up" } else { "down" };
        write!(f, "{way}{BY}{}", self.column.as_str())
    }
}

impl FromStr for MovedColumn {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (way, column) = text.split_once(BY).ok_or(())?;
        let up = match way {
            "up" => true,
            "down" => false,
            _ => return Err(()),
        };
        let column = column.parse().map_err(|_| ())?;
        Ok(Self { column, up })
    }
}
