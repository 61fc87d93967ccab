//! Schemas of the API's JSON, written as short lines.
//!
//! `name:type`, a `?` behind the name = may be absent, behind the type = may be null, `[]` = a
//! list; a capitalised type is another schema; `a|b` is a closed list.

use serde_json::{Map, Value, json};

/// Name, what it is, its fields.
type Line = (&'static str, &'static str, &'static str);

const LINES: &[Line] = &[
    (
        "Phone",
        "A phone. Its identity is the MAC; its address is an observation.",
        "mac:mac label:text extension:text model:text firmware:text site:text? tags:text[] \
         address:text? port:int? scheme:http|https? sip_uri:text credential:text? protected:bool \
         notes:text last_seen:time? last_result:text? version:int",
    ),
    (
        "PhoneInput",
        "A phone to add.",
        "mac:mac label?:text extension?:text model?:text site?:text? tags?:text[] address?:text? \
         port?:int? scheme?:http|https? sip_uri?:text credential?:text? protected?:bool \
         notes?:text",
    ),
    (
        "PhoneChange",
        "What shall be different. An absent field stays, null clears.",
        "label?:text extension?:text model?:text site?:text? tags?:text[] address?:text? \
         port?:int? scheme?:http|https? sip_uri?:text credential?:text? protected?:bool \
         notes?:text version?:int",
    ),
    (
        "ImportReport",
        "What came of an import, or would come of it.",
        "created:int updated:int unchanged:int new_sites:NewSite[] errors:ImportError[] applied:bool",
    ),
    (
        "NewSite",
        "A site that a list names and the inventory did not have.",
        "slug:text name:text transport_security:pinned|private_ca|plain_http phones:int",
    ),
    (
        "ImportError",
        "One thing that is wrong with a file.",
        "line:int column:text value:text problem:text fix:text",
    ),
    (
        "Group",
        "A group of phones: fixed members, or a rule.",
        "slug:text name:text kind:fixed|rule filter?:text members?:mac[] credential:text? \
         count:int version:int",
    ),
    (
        "GroupInput",
        "A group to make or to replace.",
        "slug?:text name:text kind:fixed|rule filter?:text? members?:mac[] credential?:text? \
         version?:int",
    ),
    (
        "Site",
        "A place with phones.",
        "slug:text name:text transport_security:pinned|private_ca|plain_http credential:text? \
         max_down_percent:int count:int version:int",
    ),
    (
        "SiteInput",
        "A site to make or to replace.",
        "slug?:text name:text transport_security?:pinned|private_ca|plain_http ca_pem?:text? \
         credential?:text? max_down_percent?:int version?:int",
    ),
    (
        "SipProfile",
        "How the phones of a site are reached by SIP.",
        "use:second|only way:sip|ami|esl proxy:text? port:int? transport:udp|tcp|tls \
         tls_name:text from:text credential:text? realm:text rate:int after_forbidden:bool \
         pbx_profile:text password_in_clear:bool version:int",
    ),
    (
        "SipProfileInput",
        "A SIP profile to make or to replace.",
        "use?:second|only? way?:sip|ami|esl? proxy?:text? port?:int? transport?:udp|tcp|tls? \
         tls_name?:text? ca_pem?:text? from?:text? credential?:text? realm?:text? rate?:int? \
         after_forbidden?:bool? pbx_profile?:text? password_in_clear?:bool? version?:int?",
    ),
    (
        "Credential",
        "A stored user and password. The password is never shown.",
        "name:text username:text changed_at:time used_by:int",
    ),
    (
        "CredentialInput",
        "A user and password to store.",
        "name:text username:text password:text",
    ),
    (
        "CredentialChange",
        "Another user and password.",
        "name?:text username:text password:text",
    ),
    (
        "Action",
        "One entry of the catalogue.",
        "name:text title:text note:text category:text class:harmless|disruptive|destructive \
         call_control:bool repeatable:bool params:ActionParam[] models:ActionModels \
         transports:text[] verification:none|phonecfg|comes_back",
    ),
    (
        "ActionParam",
        "One parameter of an action.",
        "name:text title:text hint:text kind:text required:bool",
    ),
    (
        "ActionModels",
        "Which models have an action.",
        "lacking:text[] only:text[]",
    ),
    (
        "JobRequest",
        "One action for a set of phones. `targets` is the union of its parts.",
        "action:text params?:object targets:Targets options?:Options reason?:text expect?:Expect?",
    ),
    (
        "Targets",
        "Which phones. At least one part must be there.",
        "phones?:mac[] groups?:text[] filter?:text?",
    ),
    (
        "Options",
        "How fast and how long. What is left out takes the default of the action's class.",
        "window?:int? timeout_ms?:int? transport?:text? verify?:bool? retries?:int? canary?:int? \
         max_failed_percent?:int? site_max_down_percent?:int? max_auth_failed?:int? \
         site_max_down?:int? jitter_ms?:int? not_after?:time? start_at?:time? include_protected?:bool?",
    ),
    (
        "Expect",
        "What the preview said; when the set changed since, the answer is 409.",
        "count:int digest:text",
    ),
    (
        "Preview",
        "What a job would do.",
        "count:int digest:text will_run:int will_skip:CauseCount[] by_site:CountBy[] \
         by_model:CountBy[] request_example:text needs_reason:bool needs_approval:bool \
         outside_networks:int \
         by_sip:int by_sip_second:int sip_shared:int through_pbx:int",
    ),
    ("CountBy", "So many with this name.", "name:text count:int"),
    (
        "CauseCount",
        "So many with this cause.",
        "cause:text count:int",
    ),
    (
        "JobAccepted",
        "A job was taken.",
        "id:text state:text total:int links:JobLinks",
    ),
    ("JobLinks", "Where to look.", "self:text page:text"),
    (
        "Job",
        "A job. Its counts always add up to its total.",
        "id:text action:text state:text total:int counts:Counts causes:CauseCount[] actor:text \
         reason:text created_at:time start_at:time? not_after:time? finished_at:time? \
         retry_of:text? approval_digest:text? held:Held[]",
    ),
    (
        "ApprovalInput",
        "What exactly is let run: the job's `approval_digest`, while it waits.",
        "digest?:text",
    ),
    (
        "Counts",
        "How many targets are in each state.",
        "waiting:int sending:int verifying:int verified:int acknowledged:int failed:int \
         unknown:int skipped:int cancelled:int expired:int",
    ),
    (
        "Target",
        "One phone of a job.",
        "phone:mac site:text? state:text cause:text? http_status:int? transport:text? \
         attempts:int sent_at:time? finished_at:time? duration_ms:int? evidence:text \
         retry_at:time? held_by:text? earlier:Attempt[]",
    ),
    (
        "Attempt",
        "One try that failed and was followed by another.",
        "number:int sent_at:time finished_at:time duration_ms:int? cause:text http_status:int? \
         transport:text?",
    ),
    (
        "Held",
        "Phones that wait because their credential was refused again and again.",
        "credential:text count:int",
    ),
    (
        "HeldInput",
        "The credential whose phones are meant.",
        "credential?:text",
    ),
    (
        "RetryInput",
        "Which targets to try again.",
        "states:text[] reason?:text",
    ),
    ("Reason", "Why something is done.", "reason?:text"),
    (
        "StopState",
        "Whether everything is stopped.",
        "stopped:bool",
    ),
    (
        "AuditCheckpoint",
        "A signed statement of how far the log reaches, and under what root.",
        "size:int at:time note:text key:text?",
    ),
    (
        "AuditNumber",
        "A dialled number in full: SHA-256 of salt and value is what the record commits to.",
        "seq:int value:text salt:text sha256:text",
    ),
    (
        "Networks",
        "Where phones may be contacted: what the settings allow, what was chosen, what holds.",
        "allowed:text[] chosen:text[] in_force:text[] stored:unchosen|chosen|lost|forged \
         changed_by:text? changed_at:time?",
    ),
    (
        "ChangeRequest",
        "A change that waits for another administrator: what stands there, and what is asked for.",
        "id:text kind:second_factor_reset|rules|second_factor_roles|networks|phones_deletion \
         state:waiting|approved|denied|cancelled|expired|void|alone subject:text before:any \
         after:any digest:text asked_by:text asked_at:time reason:text until:time",
    ),
    (
        "Receivers",
        "Who gets the audit log outside, and how far they are.",
        "streams:Stream[] anchors:Anchor[]",
    ),
    (
        "Stream",
        "A receiver of every record. What it has not taken waits in the log.",
        "name:text receiver:text named:bool in_clear:bool waiting:int oldest:time? taken_at:time? \
         failing_since:time? problem:text? signed:bool secret_at:time?",
    ),
    (
        "Anchor",
        "A receiver of every checkpoint.",
        "receiver:text reached:int behind:time? problem:text?",
    ),
    (
        "AuditRecord",
        "One audit record, as it was written.",
        "seq:int leaf_hash:text entry:object",
    ),
    (
        "Area",
        "Sites and fixed groups; a phone counts that is in any of them.",
        "sites:text[] groups:text[]",
    ),
    (
        "User",
        "An account.",
        "id:text name:text role:viewer|operator|admin|auditor reach:Area? approver:bool disabled:bool created_at:time",
    ),
    (
        "Token",
        "An API token, without the token.",
        "id:text user:text label:text scope:read|run|manage reach:Area? created_at:time expires_at:time? last_used_at:time? \
         revoked_at:time?",
    ),
    (
        "Session",
        "A session of a browser.",
        "id:text user:text created_at:time last_seen_at:time ip:text agent:text",
    ),
    (
        "Problem",
        "A failure, RFC 9457.",
        "type:text title:text status:int detail:text code:text request_id:text \
         errors:FieldProblem[] difference?:object",
    ),
    (
        "FieldProblem",
        "One field at fault.",
        "field:text code:text message:text",
    ),
];

/// All schemas, by name.
pub fn all() -> Map<String, Value> {
    LINES
        .iter()
        .map(|(name, about, fields)| ((*name).to_owned(), object(about, fields)))
        .collect()
}

fn object(about: &str, fields: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields.split_whitespace() {
        let (name, kind) = field.split_once(':').unwrap_or((field, "text"));
        let bare = name.trim_end_matches('?');
        if bare == name {
            required.push(bare);
        }
        properties.insert(bare.to_owned(), of(kind));
    }
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn of(kind: &str) -> Value {
    if let Some(kind) = kind.strip_suffix('?') {
        return json!({ "anyOf": [of(kind), { "type": "null" }] });
    }
    if let Some(kind) = kind.strip_suffix("[]") {
        return json!({ "type": "array", "items": of(kind) });
    }
    match kind {
        "text" => json!({ "type": "string" }),
        "int" => json!({ "type": "integer" }),
        "bool" => json!({ "type": "boolean" }),
        "object" => json!({ "type": "object" }),
        "any" => json!({}),
        "time" => json!({ "type": "string", "format": "date-time" }),
        "mac" => json!({ "type": "string", "examples": ["00:15:65:aa:bb:cc"] }),
        list if list.contains('|') => {
            json!({ "type": "string", "enum": list.split('|').collect::<Vec<_>>() })
        }
        schema => reference(schema),
    }
}

/// Points to a schema of this file.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    found.push(target.clone());
                }
                map.values().for_each(|inner| references(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schemas = all();
        let mut found = Vec::new();
        references(&Value::Object(schemas.clone()), &mut found);
        for target in found {
            let name = target.rsplit('/').next().unwrap_or_default();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
