//! Parameters of actions, as fields of a form.

use carillon_contract::FormErrors;
use carillon_contract::run::{ParamKind, ParamView};
use leptos::prelude::*;

use super::{Field, select};

/// The field of a parameter, named `p.ACTION.PARAM`.
pub(crate) fn param_field(action: &str, param: &ParamView, errors: &FormErrors) -> AnyView {
    let name = format!("p.{action}.{}", param.name);
    let field = match &param.kind {
        ParamKind::Choice(choices) => {
            let hint = Some(param.hint.as_str()).filter(|hint| !hint.is_empty());
            return select(&name, param.label.clone(), choices, hint, errors);
        }
        ParamKind::Integer { min, max } => Field::integer(name, param.label.clone(), *min, *max),
        ParamKind::Number => Field::text(name, param.label.clone())
            .inputmode("tel")
            .width("medium"),
        ParamKind::Text => Field::text(name, param.label.clone()).width("medium"),
        ParamKind::Lines => Field::lines(name, param.label.clone(), "4"),
    };
    // Not `required`: on the page that chooses, the fields of every action are there at once.
    field
        .value(&param.value)
        .hint(param.hint.clone())
        .errors(errors)
        .view()
}
