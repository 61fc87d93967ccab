//! Restart, provisioning, reset; reading a phone; several keys in a row.

use super::{Category, Class, Entry, KEY, Models, SIP, Verification, WEB};
use crate::action::{Param, ParamKind};

const fn bit(name: &'static str, title: &'static str) -> Param {
    Param {
        name,
        kind: ParamKind::Bit,
        required: false,
        title,
        hint: "1 or 0; left out: the phone decides",
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    // Source: V80 to V86 guides; what a reset erases is told by a third-party controller only.
    Entry {
        name: "Reboot",
        title: "Restart the phone",
        note: "A call on the phone is taken to drop. It is away until it has started again.",
        category: Category::System,
        verification: Verification::ComesBack,
        ..KEY
    },
    Entry {
        name: "AutoP",
        title: "Fetch the configuration now",
        note: "The phone asks its provisioning server, and may restart when it gets new settings.",
        category: Category::System,
        verification: Verification::ComesBack,
        ..KEY
    },
    Entry {
        name: "Reset",
        title: "Reset the phone to factory settings",
        note: "Accounts and settings are taken to be lost. Afterwards the phone obeys whoever provisions it first.",
        category: Category::System,
        class: Class::Destructive,
        verification: Verification::ComesBack,
        ..KEY
    },
    // Source: V70 and later guides. Which of the two a phone does with the plain event is a setting;
    // reboot=false has been seen to restart phones all the same.
    Entry {
        name: "CheckSyncRestart",
        title: "Restart by SIP (check-sync)",
        note: "By SIP only. A phone whose sip.notify_reboot_enable is 2 ignores it.",
        category: Category::System,
        transports: SIP,
        verification: Verification::ComesBack,
        ..KEY
    },
    Entry {
        name: "CheckSyncFetch",
        title: "Fetch configuration by SIP (check-sync)",
        note: "By SIP only. A phone may restart all the same: when its sip.notify_reboot_enable is 1, or when it gets settings that need it.",
        category: Category::System,
        transports: SIP,
        verification: Verification::ComesBack,
        ..KEY
    },
    // Source: V80 and T58 guides; one public sample of an answer.
    Entry {
        name: "phonecfg",
        title: "Read the phone's settings",
        note: "Tells firmware, accounts, do-not-disturb and forwards. Some models do not answer it.",
        category: Category::Query,
        class: Class::Harmless,
        repeatable: true,
        params: &[
            bit("accounts", "Accounts"),
            bit("dnd", "Do-not-disturb"),
            bit("fw", "Forwards"),
        ],
        transports: WEB,
        ..KEY
    },
    // Source: V81 and V83 guides: needs the administrator's login, from firmware generation 73.
    Entry {
        name: "screenshot",
        title: "Take a picture of the screen",
        note: "The picture may show who is calling whom. The phone wants its administrator's login.",
        category: Category::Query,
        class: Class::Harmless,
        repeatable: true,
        transports: WEB,
        ..KEY
    },
    // Source: V80, V84 and T58 guides. The vendor's own example deletes the whole call history.
    Entry {
        name: "sequence",
        title: "Press several keys in a row",
        note: "What it does depends on model, firmware and what the screen shows at that moment.",
        category: Category::Sequence,
        class: Class::Destructive,
        call_control: true,
        params: &[Param {
            name: "keys",
            kind: ParamKind::Keys,
            required: true,
            title: "Keys",
            hint: "keys of this catalogue in their order, such as F1 F3 DOWN OK",
        }],
        models: Models::without(&["T48G", "T48S", "T48U", "T49G", "T57W"]),
        transports: WEB,
        ..KEY
    },
];
