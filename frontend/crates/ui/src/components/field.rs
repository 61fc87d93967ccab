//! Fields of forms: each with its label, its hint, and what was wrong with it.
//!
//! *Invariant:* a text area's content is escaped here, because Leptos leaves it as it is.

use carillon_contract::FormErrors;
use carillon_language::{retell, say};
use leptos::prelude::*;

use super::icon;

/// The id of the field of this name, for labels and links to it.
pub(crate) fn field_id(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("f-{plain}")
}

/// One field while it is described.
pub(crate) struct Field {
    /// Its id, and where errors are told.
    name: String,
    /// Sent under this name, where that is another.
    sent_as: Option<&'static str>,
    label: String,
    value: String,
    kind: &'static str,
    hint: Option<String>,
    error: Option<String>,
    required: bool,
    plain: bool,
    readonly: bool,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    placeholder: Option<String>,
    bounds: Option<(i64, i64)>,
    width: &'static str,
    rows: Option<&'static str>,
    offers: Vec<String>,
    focused: bool,
}

impl Field {
    /// A line of text.
    pub(crate) fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            sent_as: None,
            label: label.into(),
            value: String::new(),
            kind: "text",
            hint: None,
            error: None,
            required: false,
            plain: false,
            readonly: false,
            autocomplete: Some("off"),
            inputmode: None,
            placeholder: None,
            bounds: None,
            width: "",
            rows: None,
            offers: Vec::new(),
            focused: false,
        }
    }

    /// A password: never with a value.
    pub(crate) fn password(
        name: impl Into<String>,
        label: impl Into<String>,
        autocomplete: &'static str,
    ) -> Self {
        Self {
            kind: "password",
            autocomplete: Some(autocomplete),
            ..Self::text(name, label)
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(
        name: impl Into<String>,
        label: impl Into<String>,
        min: i64,
        max: i64,
    ) -> Self {
        Self {
            kind: "number",
            inputmode: Some("numeric"),
            bounds: Some((min, max)),
            width: "short",
            ..Self::text(name, label)
        }
    }

    /// A day.
    pub(crate) fn day(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            kind: "date",
            width: "medium",
            ..Self::text(name, label)
        }
    }

    /// A date and a time.
    pub(crate) fn moment(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            kind: "datetime-local",
            width: "medium",
            ..Self::text(name, label)
        }
    }

    /// Several lines.
    pub(crate) fn lines(
        name: impl Into<String>,
        label: impl Into<String>,
        rows: &'static str,
    ) -> Self {
        Self {
            rows: Some(rows),
            ..Self::text(name, label)
        }
    }

    /// Under which name it is sent, where a page has several fields of that name.
    pub(crate) fn sent_as(mut self, name: &'static str) -> Self {
        self.sent_as = Some(name);
        self
    }

    /// What stands in it.
    pub(crate) fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// A word of advice below the label.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }

    /// What was wrong with it, when something was.
    pub(crate) fn errors(mut self, errors: &FormErrors) -> Self {
        self.error = errors
            .of(&self.name)
            .map(|message| retell(message).into_owned());
        self
    }

    /// It must be filled in.
    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// It must be filled in, and everybody knows: no word beside the label.
    pub(crate) fn plainly_required(mut self) -> Self {
        self.required = true;
        self.plain = true;
        self
    }

    /// It is shown and not changed.
    pub(crate) fn readonly(mut self) -> Self {
        self.readonly = true;
        self
    }

    /// What browsers may fill in by themselves.
    pub(crate) fn autocomplete(mut self, value: &'static str) -> Self {
        self.autocomplete = Some(value);
        self
    }

    /// Which keyboard a touch screen shows.
    pub(crate) fn inputmode(mut self, mode: &'static str) -> Self {
        self.inputmode = Some(mode);
        self
    }

    /// An example inside the empty field; never the only place of an advice.
    pub(crate) fn placeholder(mut self, example: impl Into<String>) -> Self {
        self.placeholder = Some(example.into());
        self
    }

    /// How wide: `short`, `medium`, or the whole column.
    pub(crate) fn width(mut self, width: &'static str) -> Self {
        self.width = width;
        self
    }

    /// What is offered while one types; anything else can be typed too.
    pub(crate) fn offers(mut self, words: &[String]) -> Self {
        self.offers = words.to_vec();
        self
    }

    /// Where one types first, on a page that is for nothing else.
    pub(crate) fn focused(mut self, first: bool) -> Self {
        self.focused = first;
        self
    }

    /// The whole field.
    pub(crate) fn view(self) -> AnyView {
        let id = field_id(&self.name);
        let described = described_by(&id, self.hint.is_some(), self.error.is_some());
        let control = if self.rows.is_some() {
            self.text_area(&id, described)
        } else {
            self.input(&id, described)
        };
        frame_of(
            &id,
            self.label,
            self.required && !self.plain,
            self.hint,
            self.error,
            control,
        )
    }

    fn sent_name(&self) -> String {
        self.sent_as.unwrap_or(&self.name).to_owned()
    }

    fn input(&self, id: &str, described: Option<String>) -> AnyView {
        let class = format!("input {}", self.width);
        let list = (!self.offers.is_empty()).then(|| format!("{id}-list"));
        let offers = list.clone().map(|list| {
            let words = self.offers.iter().cloned();
            let words: Vec<_> = words
                .map(|word| view! { <option value=word></option> })
                .collect();
            view! { <datalist id=list>{words}</datalist> }
        });
        view! {
            <input
                class=class
                id=id.to_owned()
                name=self.sent_name()
                type=self.kind
                value=(self.kind != "password").then(|| self.value.clone())
                required=self.required
                readonly=self.readonly
                autocomplete=self.autocomplete
                inputmode=self.inputmode
                placeholder=self.placeholder.clone()
                min=self.bounds.map(|(min, _)| min.to_string())
                max=self.bounds.map(|(_, max)| max.to_string())
                list=list
                autofocus=self.focused
                spellcheck="false"
                aria-describedby=described
                aria-invalid=self.error.is_some().then_some("true")
            />
            {offers}
        }
        .into_any()
    }

    fn text_area(&self, id: &str, described: Option<String>) -> AnyView {
        let class = format!("input {}", self.width);
        view! {
            <textarea
                class=class
                id=id.to_owned()
                name=self.sent_name()
                rows=self.rows
                required=self.required
                readonly=self.readonly
                autocomplete=self.autocomplete
                placeholder=self.placeholder.clone()
                spellcheck="false"
                aria-describedby=described
                aria-invalid=self.error.is_some().then_some("true")
                inner_html=escape_text(&self.value)
            ></textarea>
        }
        .into_any()
    }
}

/// Text that cannot become markup.
fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

pub(super) fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    let mut ids = Vec::new();
    if hint {
        ids.push(format!("{id}-hint"));
    }
    if error {
        ids.push(format!("{id}-error"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

pub(super) fn frame_of(
    id: &str,
    label: String,
    required: bool,
    hint: Option<String>,
    error: Option<String>,
    control: AnyView,
) -> AnyView {
    let class = if error.is_some() {
        "field invalid"
    } else {
        "field"
    };
    let hint = hint.map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> });
    let error = error.map(|error| error_line(id, error));
    let needed = required.then(|| view! { <span class="required">{say("required")}</span> });
    view! {
        <div class=class>
            <label for=id.to_owned()>{label}{needed}</label>
            {hint}
            {error}
            {control}
        </div>
    }
    .into_any()
}

pub(super) fn error_line(id: &str, error: String) -> AnyView {
    view! { <p class="field-error" id=format!("{id}-error")>{icon("failed")}<span>{error}</span></p> }
        .into_any()
}
