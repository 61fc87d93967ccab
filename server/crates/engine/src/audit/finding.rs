//! What a check of the log found, in words.

use std::fmt;

use carillon_store::{Hash, RecordFault};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was changed.
    Intact(Intact),
    /// Something was; this comes first.
    Tampered(Finding),
    /// The means to tell are missing.
    CannotTell(String),
}

/// A log as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intact {
    /// How many records.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// How many of them the largest checkpoint covers.
    pub signed: u64,
    /// How many checkpoints were compared.
    pub checkpoints: usize,
    /// What the database of an earlier program has no columns for, so that it was not compared.
    pub lacking: Vec<&'static str>,
    /// What was signed behind its end, where an export says that it was taken before that.
    pub later: Option<Later>,
}

/// Records that checkpoints know, and an export does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// How many.
    pub records: u64,
    /// By which checkpoint.
    pub source: String,
    /// When the export was taken, as it says.
    pub at: String,
}

/// What is wrong, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The first bad record.
    pub seq: i64,
    /// The last record that may be meant, where it is not only the first.
    pub through: Option<i64>,
    /// What is wrong.
    pub kind: Kind,
}

/// Ways in which a log can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no record with this number.
    Missing,
    /// The record's bytes do not have its hash.
    Changed,
    /// The record's bytes are no record.
    Unreadable,
    /// The record belongs to another number.
    Moved,
    /// This column of the index says something else than the record.
    Index(&'static str),
    /// The head of the log has another size or frontier than its records.
    Head,
    /// The marks of these records are not theirs.
    Marks,
    /// A value is listed to be looked for that no record has.
    Invented,
    /// A checkpoint that was kept elsewhere is gone from the database.
    Unkept(String),
    /// The tile over these records has another hash or span of time.
    Tile,
    /// The root over the records is not the one that was signed.
    Rewritten(String),
    /// The log is shorter than what was signed.
    Cut(String),
    /// An export says that it holds more records.
    Short,
    /// An export says that it ends before.
    Added,
    /// A checkpoint is not signed by the key, or says another size than its row.
    Foreign(String),
    /// Two signed checkpoints of one size have different roots.
    Fork(String),
    /// The address that records commit to is another, or is missing.
    Source(&'static str),
    /// A table says something else of rights, a decision or a sealed value than the log gave.
    Standing(String),
    /// An index of the database, not a record, is another one, or lacks rows.
    Database(String),
    /// The record tells what the records before it forbid.
    Forbidden(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing"),
            Self::Changed => f.write_str("changed: the bytes do not have the stored hash"),
            Self::Unreadable => f.write_str("unreadable: the bytes are no record"),
            Self::Moved => f.write_str("moved: the record belongs to another number"),
            Self::Index(column) => write!(f, "index: column {column} differs from the record"),
            Self::Head => f.write_str("head: size or frontier do not fit the records"),
            Self::Tile => f.write_str("tile: its hash or times do not fit the records"),
            Self::Marks => f.write_str("marks: they are not those of the records"),
            Self::Invented => f.write_str("marks: a value is listed that no record has"),
            Self::Unkept(source) => {
                write!(f, "unkept: the database lacks what was signed ({source})")
            }
            Self::Rewritten(source) => {
                write!(f, "rewritten: the root is not the one signed ({source})")
            }
            Self::Cut(source) => write!(f, "cut: more records were signed ({source})"),
            Self::Short => f.write_str("cut: the export says that it holds more records"),
            Self::Added => f.write_str("added: the export says that it ends before"),
            Self::Foreign(source) => {
                write!(
                    f,
                    "foreign: a checkpoint is not signed by the key ({source})"
                )
            }
            Self::Source(what) => write!(f, "source: {what}"),
            Self::Standing(what) => write!(f, "standing: {what}"),
            Self::Database(what) => {
                write!(
                    f,
                    "database: no record, but an index that records are found by ({what})"
                )
            }
            Self::Forbidden(what) => write!(f, "forbidden: {what}"),
            Self::Fork(source) => {
                write!(
                    f,
                    "fork: two signed checkpoints of one size differ ({source})"
                )
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.through {
            Some(last) if last > self.seq => write!(f, "records {} to {last}", self.seq)?,
            _ => write!(f, "record {}", self.seq)?,
        }
        write!(f, ": {}", self.kind)
    }
}

impl Finding {
    pub(super) fn at(seq: i64, kind: Kind) -> Self {
        Self {
            seq,
            through: None,
            kind,
        }
    }
}

impl From<RecordFault> for Kind {
    fn from(fault: RecordFault) -> Self {
        match fault {
            RecordFault::Unreadable => Self::Unreadable,
            RecordFault::Number => Self::Moved,
            RecordFault::Column(column) => Self::Index(column),
        }
    }
}
