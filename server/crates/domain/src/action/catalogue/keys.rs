//! Keys that somebody could press by hand.

use super::{Category, Class, Entry, KEY, Models};
use crate::action::{Param, ParamKind};

/// A key that can act on a call: it may answer, dial or end one.
const CALL_KEY: Entry = Entry {
    call_control: true,
    ..KEY
};

/// Source: V80 guide. In a call a digit is sent as a tone.
const fn dial(name: &'static str, title: &'static str) -> Entry {
    Entry {
        name,
        title,
        note: "Sent as a tone in a call, typed in otherwise.",
        category: Category::Keypad,
        ..CALL_KEY
    }
}

/// Source: V80 guide. The vendor's example of a sequence uses these to empty the call history.
const fn soft(name: &'static str, title: &'static str) -> Entry {
    Entry {
        name,
        title,
        note: "Does whatever the screen shows above that key.",
        category: Category::SoftKey,
        ..CALL_KEY
    }
}

/// Source: V80 guide.
const fn arrow(name: &'static str, title: &'static str) -> Entry {
    Entry {
        name,
        title,
        category: Category::Navigation,
        class: Class::Harmless,
        ..KEY
    }
}

const fn index(kind: ParamKind, hint: &'static str) -> Param {
    Param {
        name: "n",
        kind,
        required: true,
        title: "Key",
        hint,
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    // Source: V80 guide; exceptions in the V84 guide and a later list; answering seen on a T53W.
    Entry {
        name: "OK",
        title: "Press OK",
        note: "Confirms what the screen shows; also answers a ringing call.",
        models: Models::without(&["T57W", "CP925", "CP935W"]),
        ..CALL_KEY
    },
    Entry {
        name: "ENTER",
        title: "Press Enter",
        models: Models::without(&["T48G", "T48S", "T48U", "T57W"]),
        ..KEY
    },
    Entry {
        name: "X",
        title: "Press Cancel (X)",
        note: "Cancels, rejects a ringing call, ends one, or mutes: it depends on screen and firmware.",
        ..CALL_KEY
    },
    // Source: V80 guide; models without a speaker key from the V84 guide and a later list.
    Entry {
        name: "VOLUME_UP",
        title: "Volume up one step",
        note: "The ringer's when idle.",
        category: Category::Audio,
        class: Class::Harmless,
        ..KEY
    },
    Entry {
        name: "VOLUME_DOWN",
        title: "Volume down one step",
        note: "The ringer's when idle; often enough, and it rings no more.",
        category: Category::Audio,
        class: Class::Harmless,
        ..KEY
    },
    Entry {
        name: "MUTE",
        title: "Mute or unmute the microphone",
        note: "The same key does both: sent twice it may open a microphone. In a call only.",
        category: Category::Audio,
        ..CALL_KEY
    },
    Entry {
        name: "SPEAKER",
        title: "Press Speaker",
        note: "Opens a line, answers or ends hands-free: it depends on the moment.",
        category: Category::Audio,
        models: Models::without(&["CP920", "CP925", "CP935W"]),
        ..CALL_KEY
    },
    Entry {
        name: "HEADSET",
        title: "Press Headset",
        note: "Switches headset mode on or off.",
        category: Category::Audio,
        ..CALL_KEY
    },
    // Source: V80 guide.
    Entry {
        name: "MSG",
        title: "Press Message",
        note: "Opens or dials the voice mail.",
        category: Category::FeatureKey,
        ..CALL_KEY
    },
    Entry {
        name: "RD",
        title: "Press Redial",
        note: "May place a call.",
        category: Category::FeatureKey,
        ..CALL_KEY
    },
    // Source: V80 and V83 guides; how many a model has, see the table of models.
    Entry {
        name: "L",
        title: "Press a line key",
        note: "Selects a line or does what the key is programmed for.",
        category: Category::LineKey,
        params: &[index(
            ParamKind::LineKey,
            "1 for L1; how many there are depends on the model",
        )],
        ..CALL_KEY
    },
    // Source: integrations for phones of the first generations; no guide from V80 on lists them.
    Entry {
        name: "D",
        title: "Press a memory key",
        note: "Only old models have memory keys.",
        category: Category::LineKey,
        params: &[index(ParamKind::MemoryKey, "1 to 10")],
        models: Models::only(&["T26", "T28", "T38"]),
        ..CALL_KEY
    },
    soft("F1", "Press soft key 1"),
    soft("F2", "Press soft key 2"),
    soft("F3", "Press soft key 3"),
    soft("F4", "Press soft key 4"),
    arrow("UP", "Press the up arrow"),
    arrow("DOWN", "Press the down arrow"),
    arrow("LEFT", "Press the left arrow"),
    arrow("RIGHT", "Press the right arrow"),
    dial("0", "Press 0"),
    dial("1", "Press 1"),
    dial("2", "Press 2"),
    dial("3", "Press 3"),
    dial("4", "Press 4"),
    dial("5", "Press 5"),
    dial("6", "Press 6"),
    dial("7", "Press 7"),
    dial("8", "Press 8"),
    dial("9", "Press 9"),
    dial("*", "Press *"),
    dial("POUND", "Press #"),
];
