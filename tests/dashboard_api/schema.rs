//! Holds answers against `docs/openapi.json`: the part of JSON Schema that the file uses, and a panic for
//! any other, so that nothing in it goes unchecked.

use serde_json::Value;

pub struct Contract(Value);

impl Contract {
    pub fn read() -> Self {
        let text = include_str!("../../docs/openapi.json");
        Self(serde_json::from_str(text).expect("is JSON"))
    }

    /// Every operation: method in capitals, path, and the operation itself.
    pub fn operations(&self) -> Vec<(String, String, &Value)> {
        let paths = self.0["paths"].as_object().expect("has paths");
        let operations = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("has methods");
            methods
                .iter()
                .map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
        });
        operations.collect()
    }

    /// The operation behind an address.
    fn operation(&self, method: &str, path: &str) -> Value {
        let fits = |pattern: &str| {
            let (pattern, path): (Vec<&str>, Vec<&str>) =
                (pattern.split('/').collect(), path.split('/').collect());
            pattern.len() == path.len()
                && pattern
                    .iter()
                    .zip(path)
                    .all(|(part, given)| part.starts_with('{') || *part == given)
        };
        let mut operations = self.operations().into_iter();
        let found = operations.find(|(of, pattern, _)| of == method && fits(pattern));
        let (_, _, operation) = found.unwrap_or_else(|| panic!("{method} {path} is not told of"));
        operation.clone()
    }

    /// Checks an answer with this status.
    pub fn check(&self, method: &str, path: &str, status: u16, body: &Value) {
        let operation = self.operation(method, path);
        let response = &operation["responses"][status.to_string()];
        assert!(
            response.is_object(),
            "{method} {path}: {status} is not told of: {body}"
        );
        let schema = &response["content"]["application/json"]["schema"];
        self.check_value(schema, body, &format!("{method} {path}"));
    }

    /// Checks a value against a schema of this name.
    pub fn check_named(&self, name: &str, value: &Value) {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        self.check_value(schema, value, name);
    }

    fn check_value(&self, schema: &Value, value: &Value, at: &str) {
        for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
            match keyword.as_str() {
                "description" | "default" => {}
                "$ref" => {
                    let name = wanted.as_str().expect("is text");
                    let name = name
                        .strip_prefix("#/components/schemas/")
                        .expect("is one of ours");
                    self.check_named_at(name, value, at);
                }
                "oneOf" => {
                    let [schema, null] = &wanted.as_array().expect("a list")[..] else {
                        panic!("{at}: oneOf is used for what may be null only");
                    };
                    assert_eq!(null["type"], "null", "{at}");
                    if !value.is_null() {
                        self.check_value(schema, value, at);
                    }
                }
                "type" => assert!(has_type(wanted, value), "{at}: {value} is no {wanted}"),
                "enum" => {
                    let allowed = wanted.as_array().expect("a list");
                    assert!(allowed.contains(value), "{at}: {value} is none of {wanted}");
                }
                "minimum" | "maximum" => {
                    let Some(number) = value.as_f64() else {
                        continue;
                    };
                    let bound = wanted.as_f64().expect("a number");
                    let is_within = (keyword == "minimum" && number >= bound)
                        || (keyword == "maximum" && number <= bound);
                    assert!(is_within, "{at}: {value} is beyond {keyword} {wanted}");
                }
                "maxLength" => {
                    let Some(text) = value.as_str() else { continue };
                    let most = usize::try_from(wanted.as_u64().expect("a number")).expect("fits");
                    assert!(text.chars().count() <= most, "{at}: is too long");
                }
                "items" => {
                    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check_value(wanted, item, &format!("{at}[{place}]"));
                    }
                }
                "properties" => {
                    for (name, field) in value.as_object().into_iter().flatten() {
                        let at = format!("{at}.{name}");
                        match wanted.get(name) {
                            Some(schema) => self.check_value(schema, field, &at),
                            None => assert_ne!(
                                schema["additionalProperties"], false,
                                "{at} is not told of"
                            ),
                        }
                    }
                }
                "required" => {
                    let Some(fields) = value.as_object() else {
                        continue;
                    };
                    for name in wanted.as_array().expect("a list") {
                        let name = name.as_str().expect("is text");
                        assert!(fields.contains_key(name), "{at}.{name} is missing");
                    }
                }
                "additionalProperties" => assert!(wanted.is_boolean(), "{at}"),
                other => panic!("{at}: the keyword {other} is not checked here"),
            }
        }
    }

    fn check_named_at(&self, name: &str, value: &Value, at: &str) {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        self.check_value(schema, value, at);
    }

    /// Every property of every schema, by where it is.
    pub fn undescribed(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, schema) in self.0["components"]["schemas"]
            .as_object()
            .expect("has schemas")
        {
            describe(schema, name, &mut missing);
        }
        missing
    }
}

fn describe(schema: &Value, at: &str, missing: &mut Vec<String>) {
    if schema.get("description").is_none() && schema.get("$ref").is_none() {
        missing.push(at.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        describe(field, &format!("{at}.{name}"), missing);
    }
    if let Some(items) = schema.get("items") {
        describe(items, &format!("{at}[]"), missing);
    }
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    if let Some(types) = wanted.as_array() {
        return types.iter().any(|wanted| has_type(wanted, value));
    }
    match wanted.as_str().expect("a type is text") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not checked here"),
    }
}
