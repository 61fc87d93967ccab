//! Do-not-disturb and forwards: the settings that can be read back.

use super::{Category, Entry, KEY, Verification};
use crate::action::{Param, ParamKind};

/// Source: V80 guide on; an integration saw it ignored where configuration forbids the feature.
const DND: Entry = Entry {
    note: "A phone whose configuration forbids do-not-disturb ignores it.",
    category: Category::Dnd,
    repeatable: true,
    verification: Verification::Phonecfg,
    ..KEY
};

/// Source: V81 guide on.
const FORWARD: Entry = Entry {
    note: "Changes every account of the phone, and only where forwarding is set per phone.",
    category: Category::Forward,
    repeatable: true,
    verification: Verification::Phonecfg,
    ..KEY
};

/// Somebody's calls go elsewhere: that is control over calls, ahead of time.
const DIVERT: Entry = Entry {
    call_control: true,
    ..FORWARD
};

const TO: Param = Param {
    name: "number",
    kind: ParamKind::Number,
    required: true,
    title: "Number",
    hint: "where the calls go: digits, * # +",
};

const AFTER: Param = Param {
    name: "seconds",
    kind: ParamKind::Seconds,
    required: true,
    title: "Seconds",
    hint: "how long it rings first: a multiple of 6 up to 120",
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "DNDOn",
        title: "Turn do-not-disturb on",
        ..DND
    },
    Entry {
        name: "DNDOff",
        title: "Turn do-not-disturb off",
        ..DND
    },
    Entry {
        name: "AlwaysFwdOn",
        title: "Forward every call",
        params: &[TO],
        ..DIVERT
    },
    Entry {
        name: "AlwaysFwdOff",
        title: "Stop forwarding every call",
        ..FORWARD
    },
    Entry {
        name: "BusyFwdOn",
        title: "Forward calls while busy",
        params: &[TO],
        ..DIVERT
    },
    Entry {
        name: "BusyFwdOff",
        title: "Stop forwarding calls while busy",
        ..FORWARD
    },
    Entry {
        name: "NoAnswFwdOn",
        title: "Forward calls nobody answers",
        params: &[TO, AFTER],
        ..DIVERT
    },
    Entry {
        name: "NoAnswFwdOff",
        title: "Stop forwarding calls nobody answers",
        ..FORWARD
    },
];
