//! Everything that acts on a call.

use super::{Category, Entry, KEY};
use crate::action::{Param, ParamKind};

const CALL: Entry = Entry {
    category: Category::Call,
    call_control: true,
    ..KEY
};

const fn number(hint: &'static str) -> Param {
    Param {
        name: "number",
        kind: ParamKind::Number,
        required: true,
        title: "Number",
        hint,
    }
}

const fn call_id(required: bool) -> Param {
    Param {
        name: "call_id",
        kind: ParamKind::CallId,
        required,
        title: "Call",
        hint: if required {
            "the call's id, as the phone reports it"
        } else {
            "the call's id, as the phone reports it; left out: the selected call"
        },
    }
}

const OUTGOING: Param = Param {
    name: "outgoing_uri",
    kind: ParamKind::OutgoingUri,
    required: false,
    title: "Call from",
    hint: "an account of the phone, such as 1006@10.2.1.48; left out: the phone's choice",
};

pub(super) const ENTRIES: &[Entry] = &[
    // Source: V80 guide; the form without `key=` and the harm of an account are field reports.
    Entry {
        name: "number",
        title: "Dial a number",
        note: "The phone places a call. Some phones dial only when no account is named.",
        params: &[number("digits, * # +"), OUTGOING],
        ..CALL
    },
    // Source: V80 guide; ASW from the T58 guide, with a call's id from the V81 guide on. A T53W
    // was seen to answer to OK only.
    Entry {
        name: "ANSWER",
        title: "Answer a ringing call",
        note: "Some models answer to ASW or OK instead.",
        ..CALL
    },
    Entry {
        name: "ASW",
        title: "Answer a call (newer models)",
        note: "Some models answer to ANSWER or OK instead.",
        params: &[call_id(false)],
        ..CALL
    },
    Entry {
        name: "CALLEND",
        title: "End the call",
        ..CALL
    },
    Entry {
        name: "CANCEL",
        title: "Cancel: reject or end a call",
        note: "In a transfer it drops the second call and leaves the first on hold.",
        params: &[call_id(false)],
        ..CALL
    },
    // Source: V80 guide; seen to act as a toggle on the selected call.
    Entry {
        name: "F_HOLD",
        title: "Hold or resume the call",
        note: "The same key does both, so nobody can tell from here which it was.",
        ..CALL
    },
    // Source: V84 guide, with a call's id V81 on. A T53W was seen to ignore the form with an id.
    Entry {
        name: "HOLD",
        title: "Hold a call",
        note: "Without a call's id the same as F_HOLD, so it may also resume.",
        params: &[call_id(false)],
        ..CALL
    },
    Entry {
        name: "UNHOLD",
        title: "Resume a held call",
        note: "Some models ignore it.",
        params: &[call_id(true)],
        ..CALL
    },
    Entry {
        name: "F_TRANSFER",
        title: "Press Transfer",
        note: "Completes a transfer that somebody has begun.",
        ..CALL
    },
    Entry {
        name: "F_CONFERENCE",
        title: "Press Conference",
        note: "The first press holds the call and opens the dial screen, the second joins the calls.",
        ..CALL
    },
    // Source: V80 guide on; field reports tell that a blind transfer needs an answered call.
    Entry {
        name: "ATrans",
        title: "Transfer the call after asking",
        note: "Holds the call and dials the number for a consultation.",
        params: &[number("whom to ask first: digits, * # +")],
        ..CALL
    },
    Entry {
        name: "BTrans",
        title: "Transfer the call at once",
        note: "Ignored while the call still rings.",
        params: &[number("where the call goes: digits, * # +")],
        ..CALL
    },
    Entry {
        name: "OFFHOOK",
        title: "Lift the handset",
        note: "Gives a dial tone when idle; taken to answer when it rings.",
        ..CALL
    },
    Entry {
        name: "ONHOOK",
        title: "Hang up the handset",
        ..CALL
    },
];
