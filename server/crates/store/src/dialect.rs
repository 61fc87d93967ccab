//! Where the two databases want different words.
//!
//! Owns every difference; elsewhere one text serves both.

/// Which database a connection speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// How several reads begin that must tell of one moment.
    pub(crate) const fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Keeps the rows read until the end of the transaction. In SQLite a writer is alone.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Keeps the rows read of an account `u` and of its pass `p` as they are: others read and keep them
    /// so too, whoever changes them waits. `None` in SQLite, where a writer is alone.
    pub(crate) const fn for_share(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(" FOR SHARE OF u, p"),
        }
    }

    /// Leaves a row out that another unit keeps, instead of waiting for it: for notes that may be lost.
    pub(crate) const fn unless_kept(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// Names all columns of this database as `table.column`.
    pub(crate) const fn columns(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT m.name || '.' || c.name AS name \
                 FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            }
            Self::Postgres => {
                "SELECT c.relname::text || '.' || a.attname::text AS name \
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                 WHERE c.relkind = 'r' AND pg_table_is_visible(c.oid) \
                 AND a.attnum > 0 AND NOT a.attisdropped"
            }
        }
    }

    /// Names all triggers of this database that fire for whoever writes, as `table.trigger`.
    pub(crate) const fn triggers(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT tbl_name || '.' || name AS name FROM sqlite_master WHERE type = 'trigger'"
            }
            // Others are switched off, or fire for nobody but a replica.
            Self::Postgres => {
                "SELECT c.relname::text || '.' || t.tgname::text AS name \
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                 WHERE t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"
            }
        }
    }

    /// What finds a row again in the same statement, faster than any key.
    pub(crate) const fn row_place(self) -> &'static str {
        match self {
            Self::Sqlite => "rowid",
            Self::Postgres => "ctid",
        }
    }

    /// The same of a row `t`, as a value that can be bound again.
    pub(crate) const fn row_place_told(self) -> &'static str {
        match self {
            Self::Sqlite => "t.rowid",
            Self::Postgres => "t.ctid::text",
        }
    }

    /// The same of a bound row `v`, from its `place`.
    pub(crate) const fn row_place_bound(self) -> &'static str {
        match self {
            Self::Sqlite => "v.place",
            Self::Postgres => "v.place::tid",
        }
    }

    /// The condition under which nobody is sending to the phone of a target `t`, or looking at it.
    ///
    /// SQLite has an index for each state: two questions, so that each is answered by its own. Postgres
    /// has a row for each phone, and is made to look it up: it would rather read all of them.
    pub(crate) const fn phone_in_no_hand(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "NOT EXISTS (SELECT 1 FROM job_targets o WHERE o.mac = t.mac AND o.state = 'sending') \
                 AND NOT EXISTS \
                 (SELECT 1 FROM job_targets v WHERE v.mac = t.mac AND v.state = 'verifying')"
            }
            Self::Postgres => "(SELECT h.job FROM phones_in_hand h WHERE h.mac = t.mac) IS NULL",
        }
    }

    /// The targets that somebody is sending to or looking at, as `FROM` and the beginning of `WHERE`:
    /// to be asked for each of these states, where there are several.
    pub(crate) const fn targets_in_hand(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[
                " FROM job_targets t WHERE t.state = 'sending'",
                " FROM job_targets t WHERE t.state = 'verifying'",
            ],
            Self::Postgres => &[" FROM phones_in_hand h \
                 JOIN job_targets t ON t.job = h.job AND t.mac = h.mac WHERE h.job IS NOT NULL"],
        }
    }

    /// Phones `t.mac` that a job `t.job` looks at, as `FROM` and the beginning of `WHERE`: to be asked
    /// for some of them. Postgres would read all targets where it could begin with them.
    pub(crate) const fn phones_looked_at(self) -> &'static str {
        match self {
            Self::Sqlite => " FROM job_targets t WHERE t.state = 'verifying'",
            Self::Postgres => {
                " FROM phones_in_hand t WHERE (SELECT s.state FROM job_targets s \
                 WHERE s.job = t.job AND s.mac = t.mac) = 'verifying'"
            }
        }
    }

    /// The condition under which an epoch other than `$1` is over, at `$2`; `$3` is our node.
    ///
    /// Postgres alone looks at the second and the third. SQLite's data directory is locked, so that all others are over. On Postgres others live
    /// on until they stop, lose their lease, or start again under the same name.
    pub(crate) const fn epoch_is_over(self) -> &'static str {
        match self {
            Self::Sqlite => "epoch <> $1",
            Self::Postgres => {
                "epoch <> $1 AND (stopped_at IS NOT NULL OR lease_until < $2 \
                 OR (node = $3 AND epoch < $1))"
            }
        }
    }

    /// The condition under which the epoch `$1` may claim at `$2`.
    pub(crate) const fn epoch_may_claim(self) -> &'static str {
        match self {
            Self::Sqlite => "epoch = $1 AND stopped_at IS NULL",
            Self::Postgres => "epoch = $1 AND stopped_at IS NULL AND lease_until > $2",
        }
    }

    /// The texts `entry` of some rows as one, a line each, newest first.
    pub(crate) const fn lines_newest_first(self) -> &'static str {
        match self {
            Self::Sqlite => "group_concat(entry, char(10) ORDER BY seq DESC)",
            Self::Postgres => "string_agg(entry, chr(10) ORDER BY seq DESC)",
        }
    }

    /// How many tables of ours there are.
    pub(crate) const fn count_tables(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
            }
            Self::Postgres => {
                "SELECT COUNT(*) AS n FROM pg_tables \
                 WHERE schemaname = current_schema() AND tablename = 'meta'"
            }
        }
    }
}
