//! Reads the expanded template.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lint::EXPANDED;

/// The functions, by the names of their programs.
pub const FUNCTIONS: [(&str, &str); 4] = [
    ("consumer", "Consumer"),
    ("closer", "Closer"),
    ("investigator", "Investigator"),
    ("forwarder", "Forwarder"),
];

/// Every resource of `kind`, by logical id.
pub fn resources(kind: &str) -> BTreeMap<&'static str, &'static Value> {
    let all = EXPANDED["Resources"].as_object().expect("resources");
    let of_kind = all.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind
        .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
        .collect()
}

/// The properties of one resource.
pub fn resource(id: &str) -> &'static Value {
    let resource = &EXPANDED["Resources"][id];
    assert!(resource.is_object(), "the template has no resource {id}");
    &resource["Properties"]
}

/// A value as text: `Table` for a reference, `Table.Arn` for an attribute, and texts as they are.
pub fn text(value: &Value) -> String {
    if let Some(id) = value["Ref"].as_str() {
        return id.to_owned();
    }
    match &value["Fn::GetAtt"] {
        Value::Array(parts) => {
            let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
            return parts.join(".");
        }
        Value::String(path) => return path.clone(),
        _ => {}
    }
    if let Some(text) = value["Fn::Sub"].as_str() {
        return text.to_owned();
    }
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// One value or a list of them, as texts.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

/// The kind of function that `value`, a name in the template, belongs to.
pub fn program_of(value: &str) -> Option<&'static str> {
    let known = FUNCTIONS
        .iter()
        .find(|(program, id)| value == *id || value == format!("${{AWS::StackName}}-{program}"));
    known.map(|(program, _)| *program)
}
