//! Accounts of the product under test.

use super::product::Setting;

pub(super) const PASSWORD: &str = "bells at noon and at nine";

/// The first administrator, and a token of hers.
pub(super) fn administrator(setting: &Setting) -> Result<String, String> {
    account(setting, ("eve", "admin"))?;
    let create = [
        "token", "create", "--user", "eve", "--label", "f", "--scope", "manage",
    ];
    let made = setting.command().args(create).output();
    let made = made.map_err(|error| error.to_string())?;
    let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    if token.is_empty() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned());
    }
    Ok(token)
}

/// Adds an account with the password of all of them.
pub(super) fn account(setting: &Setting, (name, role): (&str, &str)) -> Result<(), String> {
    let mut add = setting.command();
    add.args(["user", "add", name, "--role", role, "--password-stdin"]);
    let input = std::env::temp_dir().join(format!("carillon-faults-{}", std::process::id()));
    std::fs::write(&input, format!("{PASSWORD}\n")).map_err(|error| error.to_string())?;
    let file = std::fs::File::open(&input).map_err(|error| error.to_string())?;
    let added = add
        .stdin(file)
        .output()
        .map_err(|error| error.to_string())?;
    if !added.status.success() {
        return Err(String::from_utf8_lossy(&added.stderr).into_owned());
    }
    drop(std::fs::remove_file(&input));
    Ok(())
}
