//! What a row makes of a phone.

use super::{Cell, Row, SiteName};
use crate::phone::Phone;

impl Row {
    /// Changes a phone as the row says; `slug_of` tells a site's slug. The phone's own login is
    /// not part of it: secrets are kept elsewhere.
    pub fn apply_to(&self, phone: &mut Phone, slug_of: impl Fn(&SiteName) -> String) {
        self.label.set(&mut phone.label);
        self.extension.set(&mut phone.extension);
        self.model.set(&mut phone.model);
        self.address.set_option(&mut phone.address);
        self.port.set_option(&mut phone.port);
        self.scheme.set_option(&mut phone.scheme);
        self.tags.set(&mut phone.tags);
        self.sip_uri.set(&mut phone.sip_uri);
        self.protected.set(&mut phone.protected);
        self.notes.set(&mut phone.notes);
        match &self.site {
            Cell::Absent => {}
            Cell::Blank => phone.site = None,
            Cell::Value(site) => phone.site = Some(slug_of(site)),
        }
        self.apply_credential(phone);
    }

    /// A blank cell clears the stored credential's name, and never the phone's own password. A
    /// login of the phone's own takes the place of a named one.
    fn apply_credential(&self, phone: &mut Phone) {
        match &self.credential {
            Cell::Absent => {}
            Cell::Blank => phone.credential = None,
            Cell::Value(name) => phone.credential = Some(name.clone()),
        }
        if self.login.is_given() {
            phone.credential = None;
        }
    }
}

impl<T: Clone + Default> Cell<T> {
    fn set(&self, field: &mut T) {
        match self {
            Self::Absent => {}
            Self::Blank => *field = T::default(),
            Self::Value(value) => field.clone_from(value),
        }
    }
}

impl<T: Clone> Cell<T> {
    fn set_option(&self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Blank => *field = None,
            Self::Value(value) => *field = Some(value.clone()),
        }
    }
}
