//! The phone list that belongs to a fleet.
//!
//! Owns its CSV form, with the columns of the product's import. It says what the inventory
//! should say, mistakes included.

use crate::phone::InventoryRow;

const HEADER: &str = "mac,label,extension,model,address,port,scheme,site,tags,sip_uri,\
                      credential,username,password,protected,notes\r\n";

/// The rows as CSV with a header. The site's credential is left to the site.
pub(crate) fn csv<'a>(rows: impl Iterator<Item = &'a InventoryRow>) -> String {
    let mut text = HEADER.to_owned();
    for row in rows {
        let fields = [
            row.mac.as_str(),
            &row.label,
            &row.extension,
            &row.model,
            &row.address,
            &row.port.map(|port| port.to_string()).unwrap_or_default(),
            &row.scheme,
            &row.site,
            &row.tags.join(";"),
            &row.sip_uri,
            "",
            &row.username,
            row.password.as_str(),
            if row.protected { "true" } else { "" },
            &row.notes,
        ];
        let quoted: Vec<String> = fields.iter().map(|field| quote(field)).collect();
        text.push_str(&quoted.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quote(field: &str) -> String {
    if field.contains([',', ';', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_quoted() {
        let row = InventoryRow {
            mac: "00:15:65:00:00:01".to_owned(),
            label: "Meyer, \"A\"".to_owned(),
            tags: vec!["vip".to_owned(), "lobby".to_owned()],
            ..InventoryRow::default()
        };
        let text = csv(std::iter::once(&row));
        assert!(text.contains("\"Meyer, \"\"A\"\"\",,,,,,,\"vip;lobby\""));
    }
}
