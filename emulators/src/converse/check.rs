//! Whether a request is one that the service's model allows.
//!
//! Not its whole validation: what the model marks as required, what its unions and enumerations hold,
//! and that nothing is there which it does not know.

use axum::http::Method;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::Asked;

const TOP: [&str; 7] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "guardrailConfig",
    "outputConfig",
    "requestMetadata",
];

pub(super) fn asked(head: &Parts, body: &[u8]) -> Result<Asked, String> {
    if head.method != Method::POST {
        return Err(format!("{} is no method of Converse", head.method));
    }
    let path = head.uri.path();
    let model = path
        .strip_prefix("/model/")
        .and_then(|rest| rest.strip_suffix("/converse"))
        .ok_or_else(|| format!("{path} is no path of Converse"))?;
    let has_signature = head
        .headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 ") && value.contains("/bedrock/"));
    if !has_signature {
        return Err("the request is not signed for bedrock".to_owned());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    check(&body)?;
    Ok(Asked {
        model: decoded(model),
        body,
    })
}

fn check(body: &Value) -> Result<(), String> {
    let root = object(body, "the request")?;
    known(root, &TOP, "the request")?;
    for message in array(&body["messages"], "messages")? {
        let fields = object(message, "a message")?;
        known(fields, &["role", "content"], "a message")?;
        one_of(&message["role"], &["user", "assistant"], "role")?;
        texts(&message["content"], "content")?;
    }
    if let Some(system) = root.get("system") {
        texts(system, "system")?;
    }
    if let Some(inference) = root.get("inferenceConfig") {
        let fields = object(inference, "inferenceConfig")?;
        known(
            fields,
            &["maxTokens", "temperature", "topP", "stopSequences"],
            "inferenceConfig",
        )?;
    }
    if let Some(tools) = root.get("toolConfig") {
        tool_config(tools)?;
    }
    if let Some(guardrail) = root.get("guardrailConfig") {
        let fields = object(guardrail, "guardrailConfig")?;
        known(
            fields,
            &["guardrailIdentifier", "guardrailVersion", "trace"],
            "guardrailConfig",
        )?;
    }
    match root.get("outputConfig") {
        Some(output) => output_config(output),
        None => Ok(()),
    }
}

fn tool_config(tools: &Value) -> Result<(), String> {
    known(
        object(tools, "toolConfig")?,
        &["tools", "toolChoice"],
        "toolConfig",
    )?;
    let mut names = Vec::new();
    for tool in array(&tools["tools"], "tools")? {
        let specification = &tool["toolSpec"];
        let fields = object(specification, "toolSpec")?;
        known(
            fields,
            &["name", "description", "inputSchema", "strict"],
            "toolSpec",
        )?;
        names.push(text(&specification["name"], "name")?);
        let schema = object(&specification["inputSchema"]["json"], "inputSchema.json")?;
        one_of(
            schema.get("type").unwrap_or(&Value::Null),
            &["object"],
            "type",
        )?;
    }
    if let Some(choice) = tools.get("toolChoice") {
        let fields = object(choice, "toolChoice")?;
        known(fields, &["auto", "any", "tool"], "toolChoice")?;
        if let Some(tool) = fields.get("tool") {
            let name = text(&tool["name"], "toolChoice.tool.name")?;
            if !names.contains(&name) {
                return Err(format!("toolChoice names {name}, which is no tool"));
            }
        }
    }
    Ok(())
}

fn output_config(output: &Value) -> Result<(), String> {
    known(
        object(output, "outputConfig")?,
        &["textFormat", "effort"],
        "outputConfig",
    )?;
    let format = &output["textFormat"];
    known(
        object(format, "textFormat")?,
        &["type", "structure"],
        "textFormat",
    )?;
    one_of(&format["type"], &["json_schema"], "textFormat.type")?;
    let definition = &format["structure"]["jsonSchema"];
    known(
        object(definition, "jsonSchema")?,
        &["schema", "name", "description"],
        "jsonSchema",
    )?;
    // The schema is a text that holds JSON.
    let schema: Value = serde_json::from_str(text(&definition["schema"], "schema")?)
        .map_err(|error| format!("schema: {error}"))?;
    closed(&schema)
}

/// Every object of a schema for structured output is closed.
fn closed(schema: &Value) -> Result<(), String> {
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        return Err("for 'object' type, 'additionalProperties' must be false".to_owned());
    }
    let inner: Vec<&Value> = match schema {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().try_for_each(closed)
}

fn texts(blocks: &Value, name: &str) -> Result<(), String> {
    for block in array(blocks, name)? {
        known(object(block, name)?, &["text"], name)?;
        if text(&block["text"], name)?.is_empty() {
            return Err(format!("a text in {name} is empty"));
        }
    }
    Ok(())
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{name} is no object"))
}

fn array<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, String> {
    let array = value.as_array().filter(|items| !items.is_empty());
    array.ok_or_else(|| format!("{name} is no list, or an empty one"))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("{name} is no text"))
}

fn one_of(value: &Value, known: &[&str], name: &str) -> Result<(), String> {
    let is_known = value.as_str().is_some_and(|text| known.contains(&text));
    is_known
        .then_some(())
        .ok_or_else(|| format!("{name} cannot be {value}"))
}

fn known(fields: &Map<String, Value>, names: &[&str], within: &str) -> Result<(), String> {
    let unknown = fields.keys().find(|name| !names.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(format!("{within} has no field {name}")))
}

/// A part of a path without percent signs.
fn decoded(part: &str) -> String {
    let mut text = Vec::new();
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            text.push(byte);
            continue;
        }
        let digits: Vec<u8> = bytes.by_ref().take(2).collect();
        let digits = String::from_utf8_lossy(&digits);
        text.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&text).into_owned()
}
