//! What people call their phones.
//!
//! Owns the made-up names of people and rooms. None of them means anybody.

use crate::roll::Roll;

const FIRST: &[&str] = &[
    "Anna", "Jonas", "Mia", "Paul", "Lena", "Felix", "Sofia", "Emre", "Clara", "Lukas", "Ida",
    "Noah", "Zeynep", "Karl", "Greta", "Piotr", "Marta", "Timo", "Nele", "Omar", "Frieda",
    "Hannes", "Ylva", "Bruno", "Daria", "Kenan", "Rieke", "Oskar", "Thea", "Milan",
];

const LAST: &[&str] = &[
    "Albers", "Brandt", "Celik", "Dietz", "Ebert", "Franke", "Gruber", "Hansen", "Ivers", "Jansen",
    "Krüger", "Lorenz", "Maurer", "Nowak", "Otto", "Petersen", "Quast", "Richter", "Sommer",
    "Thomsen", "Ulrich", "Vogel", "Wagner", "Yilmaz", "Zimmer", "Böhm", "Jäger", "Köhler",
];

const PLACES: &[(&str, &str)] = &[
    ("Reception", "reception"),
    ("Meeting room", "meeting"),
    ("Warehouse", "warehouse"),
    ("Lift lobby", "lobby"),
    ("Kitchen", "kitchen"),
    ("Workshop", "workshop"),
    ("Front desk", "reception"),
];

const ROOMS: &[&str] = &[
    "Boardroom",
    "Conference room",
    "Training room",
    "Project room",
];

/// A label, and the tags that go with it.
pub(crate) fn draw(roll: &mut Roll, conference: bool, number: u32) -> (String, Vec<String>) {
    if conference {
        let room = roll.pick(ROOMS).copied().unwrap_or_default();
        return (format!("{room} {number}"), vec!["conference".to_owned()]);
    }
    if roll.below(6) == 0 {
        let (place, tag) = roll.pick(PLACES).copied().unwrap_or_default();
        return (format!("{place} {number}"), vec![tag.to_owned()]);
    }
    let first = roll.pick(FIRST).copied().unwrap_or_default();
    let last = roll.pick(LAST).copied().unwrap_or_default();
    let mut tags = Vec::new();
    if roll.below(12) == 0 {
        tags.push("homeoffice".to_owned());
    }
    (format!("{first} {last}"), tags)
}
