//! The rules of the house that no compiler checks. One file per rule; each returns everything
//! that it found, so that one run names all of it.

mod direction;
mod migrations;
mod sources;
mod tracked;
mod versions;

use crate::workspace;

/// Runs every rule.
pub(crate) fn check() -> Result<(), String> {
    let metadata = workspace::metadata()?;
    let root = workspace::root();
    let mut found = direction::violations(&metadata);
    found.extend(versions::violations(&metadata));
    found.extend(migrations::violations(&root));
    found.extend(sources::violations(&root));
    found.extend(tracked::violations(&root));
    if found.is_empty() {
        println!("direction, versions, migrations, sources and tracked files are as agreed");
        return Ok(());
    }
    for line in &found {
        println!("  {line}");
    }
    Err(format!("{} broken", found.len()))
}
