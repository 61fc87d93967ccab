//! Orders that hold for everybody, as the log gave them.
//!
//! Owns the last word about each. *Invariant:* what a record of an accepted row does not tell is not
//! judged.

use std::collections::BTreeMap;

use carillon_domain::event::{Event, EventResult};
use carillon_store::{Order, StandingOrder};
use serde_json::Value;

/// What was ordered last.
enum Word {
    /// That everything is stopped, or no more.
    Stopped(bool),
    /// This.
    Said(Value),
    /// Whatever stood there: an earlier program did not tell what.
    Accepted,
}

impl Word {
    fn fits(&self, value: Option<&str>) -> bool {
        match self {
            Self::Stopped(stopped) => *stopped == value.is_some(),
            Self::Said(Value::Null) => value.is_none(),
            Self::Said(said) => {
                let found = value.and_then(|value| serde_json::from_str::<Value>(value).ok());
                found.as_ref() == Some(said)
            }
            Self::Accepted => true,
        }
    }
}

/// Whether the rules that were found before a change are those of the last one: a newer program
/// knows more of them.
fn continues(before: &Value, last: &Value) -> bool {
    match (before.as_object(), last.as_object()) {
        (Some(before), Some(last)) => last
            .iter()
            .all(|(name, value)| before.get(name) == Some(value)),
        _ => before == last,
    }
}

/// The last word about each order, and its record.
#[derive(Default)]
pub(crate) struct Orders(BTreeMap<String, (i64, Word)>);

impl Orders {
    /// What a change found before it that the one before did not leave.
    pub(super) fn broken(&self, event: &Event) -> Option<String> {
        let order = match event.action.as_str() {
            "rules.changed" => Order::Rules,
            "second_factor.demanded" => Order::SecondFactor,
            _ => return None,
        };
        match self.0.get(order.as_str()) {
            Some((seq, Word::Said(last)))
                if !last.is_null() && !continues(&event.detail["before"], last) =>
            {
                Some(format!(
                    "order {order}: it was another than record {seq} made it"
                ))
            }
            _ => None,
        }
    }

    /// Takes in a record.
    pub(crate) fn add(&mut self, seq: i64, event: &Event) {
        if event.result != EventResult::Ok {
            return;
        }
        let after = || Word::Said(event.detail["after"].clone());
        let (order, word) = match event.action.as_str() {
            "stop_all.set" => (Order::StopAll, Word::Stopped(true)),
            "stop_all.released" => (Order::StopAll, Word::Stopped(false)),
            "clock.jumped" if event.detail["stopped_all"] == true => {
                (Order::StopAll, Word::Stopped(true))
            }
            "rules.changed" => (Order::Rules, after()),
            "second_factor.demanded" => (Order::SecondFactor, after()),
            "row.accepted" if event.detail["rows"] == "order" => {
                return self.accepted(seq, &event.detail);
            }
            _ => return,
        };
        self.0.insert(order.to_string(), (seq, word));
    }

    fn accepted(&mut self, seq: i64, detail: &Value) {
        let Some(row) = detail["row"].as_str() else {
            return;
        };
        let word = match detail.get("value") {
            None => Word::Accepted,
            Some(value) if row == Order::StopAll.as_str() => Word::Stopped(!value.is_null()),
            Some(value) => Word::Said(value.clone()),
        };
        self.0.insert(row.to_owned(), (seq, word));
    }

    /// The records that may give this order.
    pub(crate) fn words(order: Order) -> Vec<String> {
        let words: &[&str] = match order {
            Order::StopAll => &["stop_all.*", "clock.jumped", "row.accepted"],
            Order::Rules => &["rules.changed", "row.accepted"],
            Order::SecondFactor => &["second_factor.demanded", "row.accepted"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Whether a word about this order was taken in.
    pub(crate) fn has(&self, order: Order) -> bool {
        self.0.contains_key(order.as_str())
    }

    /// Whether this is what was ordered last; nothing, where no order was given.
    pub(crate) fn fits(&self, order: Order, value: Option<&str>) -> bool {
        let told = self.0.get(order.as_str());
        told.map_or(value.is_none(), |(_, word)| word.fits(value))
    }

    /// Orders that nobody gave so, and those that are gone.
    pub(super) fn odd(&self, rows: &[StandingOrder], size: i64) -> Vec<(i64, String)> {
        let odd = Order::ALL.iter().filter_map(|order| {
            let row = rows.iter().find(|row| row.name == order.as_str());
            let told = self.0.get(order.as_str());
            let seq = told.map_or(size, |(seq, _)| *seq);
            let Some(row) = row else {
                return Some((seq, format!("the order {order} is gone")));
            };
            let fits = self.fits(*order, row.value.as_deref());
            (!fits).then(|| {
                (
                    seq,
                    format!("the order {order} is not what the log made it"),
                )
            })
        });
        odd.collect()
    }
}
