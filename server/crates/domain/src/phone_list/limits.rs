//! How large a list may be.

use super::ListError;

/// The most bytes of a file.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The most phones of a file.
pub const MAX_ROWS: usize = 50_000;
/// The most columns of a file.
pub const MAX_COLUMNS: usize = 64;
/// The most bytes of a cell.
pub const MAX_CELL: usize = 4 * 1024;

pub(super) fn too_many_rows() -> ListError {
    whole_file(
        format!("the file has more than {MAX_ROWS} phones"),
        "split it into several files",
    )
}

/// A mistake of the file as a whole.
pub(super) fn whole_file(problem: String, fix: &str) -> ListError {
    ListError {
        line: 0,
        column: String::new(),
        value: String::new(),
        problem,
        fix: fix.to_owned(),
    }
}
