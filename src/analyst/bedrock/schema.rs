//! The answer that a model is asked for: the published analyzer's fields, with a cause beside them.
//!
//! [`text`] is the JSON schema that the service is given. It holds what its subset of JSON Schema
//! knows: objects that are closed, all fields required, no ranges and no lengths. Those are checked by
//! [`checked`], which names the field that is wrong in words of ours, so that a second question can
//! repeat them without repeating anything the model wrote.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::analyst::Cause;
use crate::incident::Level;

/// Name of the schema, and of the tool.
pub const NAME: &str = "incident_report";
/// Longest text of an answer, in characters.
const MAX_TEXT: usize = 2_000;
/// Most entries of a list.
const MAX_ENTRIES: usize = 30;
const MAX_COUNT: f64 = 9e15;
const FIGURES: [&str; 6] = [
    "records_examined",
    "blocked_total",
    "allowed_total",
    "count_total",
    "overall_total",
    "avg_blocked_ratio_top_offenders",
];

/// An answer that follows the schema, within its ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// For a person who was just woken up.
    pub executive_summary: String,
    /// The level that the model sees.
    pub severity: Level,
    /// 0 to 1.
    pub confidence: f64,
    /// The cause.
    pub cause: Cause,
    /// The cause in a sentence.
    pub anomaly_cause: String,
    /// What the model says it looked at.
    pub analysis_sources: Vec<String>,
    /// How it says it got there.
    pub methodology: String,
    /// Its figures, in the order of the schema: totals, then the mean ratio.
    pub metrics: [f64; 6],
    /// Addresses.
    pub primary_offenders: Vec<String>,
    /// Other causes with confidence and reason.
    pub possible_causes: Vec<(Cause, f64, String)>,
    /// Rules.
    pub top_rules: Vec<String>,
    /// Paths.
    pub top_uris: Vec<String>,
    /// Changes.
    pub changes: Vec<String>,
    /// Advice.
    pub recommended_actions: Vec<String>,
}

/// The JSON schema.
#[must_use]
pub fn value() -> Value {
    let text = json!({"type": "string"});
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let number = json!({"type": "number"});
    let cause = json!({"type": "string", "enum": Cause::ALL.map(Cause::name)});
    let level = json!({"type": "string", "enum": Level::ALL.map(Level::name)});
    let figures: Map<String, Value> = FIGURES
        .iter()
        .map(|name| ((*name).to_owned(), number.clone()))
        .collect();
    let possible = closed([
        // The list of causes stands once: it is long, and paid for with every question.
        ("cause", text.clone()),
        ("confidence", number.clone()),
        ("reason", text.clone()),
    ]);
    let evidence = closed([
        ("top_rules", texts.clone()),
        ("top_uris", texts.clone()),
        ("cloudtrail_change_summaries", texts.clone()),
    ]);
    closed([
        ("executive_summary", text.clone()),
        ("severity", level),
        ("confidence", number),
        ("cause", cause),
        ("anomaly_cause", text.clone()),
        ("analysis_sources", texts.clone()),
        ("methodology", text),
        (
            "metrics_overview",
            json!({
                "type": "object",
                "properties": figures,
                "required": FIGURES,
                "additionalProperties": false,
            }),
        ),
        ("primary_offenders", texts.clone()),
        (
            "possible_causes",
            json!({"type": "array", "items": possible}),
        ),
        ("evidence", evidence),
        ("recommended_actions", texts),
    ])
}

/// The JSON schema as text.
#[must_use]
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| value().to_string());
    &TEXT
}

fn closed<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// What is wrong with an answer, in our words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A field is not there.
    #[error("the field {0} is missing")]
    Missing(String),
    /// A field is of another type, or beyond its range.
    #[error("the field {field} is not {wanted}")]
    Wrong {
        /// The field, as `metrics_overview.blocked_total`.
        field: String,
        /// What it has to be.
        wanted: &'static str,
    },
}

/// The answer in `value`, if it follows the schema within its ranges. Fields that are not asked for are
/// passed over.
///
/// # Errors
///
/// What is wrong first.
pub fn checked(value: &Value) -> Result<Answer, Problem> {
    let Value::Object(fields) = value else {
        return Err(wrong("", "an object"));
    };
    let root = Fields { path: "", fields };
    let metrics = root.object("metrics_overview")?;
    let evidence = root.object("evidence")?;
    let mut figures = [0.0; 6];
    for (figure, name) in figures.iter_mut().zip(FIGURES) {
        let most = if name.starts_with("avg_") {
            1.0
        } else {
            MAX_COUNT
        };
        *figure = metrics.number(name, most)?;
    }
    Ok(Answer {
        executive_summary: root.filled_text("executive_summary")?,
        severity: root.level("severity")?,
        confidence: root.number("confidence", 1.0)?,
        cause: root.cause("cause")?,
        anomaly_cause: root.filled_text("anomaly_cause")?,
        analysis_sources: root.texts("analysis_sources")?,
        methodology: root.text("methodology")?,
        metrics: figures,
        primary_offenders: root.texts("primary_offenders")?,
        possible_causes: root.possible_causes()?,
        top_rules: evidence.texts("top_rules")?,
        top_uris: evidence.texts("top_uris")?,
        changes: evidence.texts("cloudtrail_change_summaries")?,
        recommended_actions: root.texts("recommended_actions")?,
    })
}

struct Fields<'a> {
    path: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn get(&self, name: &'static str) -> Result<&'a Value, Problem> {
        let value = self.fields.get(name);
        value.ok_or_else(|| Problem::Missing(self.field(name)))
    }

    fn field(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn wrong(&self, name: &str, wanted: &'static str) -> Problem {
        wrong(&self.field(name), wanted)
    }

    fn object(&self, name: &'static str) -> Result<Fields<'a>, Problem> {
        let fields = self.get(name)?.as_object();
        let fields = fields.ok_or_else(|| self.wrong(name, "an object"))?;
        Ok(Fields { path: name, fields })
    }

    fn text(&self, name: &'static str) -> Result<String, Problem> {
        let text = self.get(name)?.as_str();
        let text = text.filter(|text| text.chars().count() <= MAX_TEXT);
        let text = text.ok_or_else(|| self.wrong(name, "a text of at most 2000 characters"))?;
        Ok(text.to_owned())
    }

    fn filled_text(&self, name: &'static str) -> Result<String, Problem> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            return Err(self.wrong(name, "a text that says something"));
        }
        Ok(text)
    }

    fn number(&self, name: &'static str, most: f64) -> Result<f64, Problem> {
        let number = self.get(name)?.as_f64();
        let number = number.filter(|number| (0.0..=most).contains(number));
        number.ok_or_else(|| match most {
            1.0 => self.wrong(name, "a number from 0 to 1"),
            _ => self.wrong(name, "a number from 0 on"),
        })
    }

    fn texts(&self, name: &'static str) -> Result<Vec<String>, Problem> {
        let wanted = "a list of at most 30 texts of at most 2000 characters";
        let wrong = || self.wrong(name, wanted);
        let entries = self.get(name)?.as_array().ok_or_else(wrong)?;
        if entries.len() > MAX_ENTRIES {
            return Err(wrong());
        }
        let texts = entries.iter().map(|entry| {
            let text = entry
                .as_str()
                .filter(|text| text.chars().count() <= MAX_TEXT);
            text.map(str::to_owned).ok_or_else(wrong)
        });
        texts.collect()
    }

    fn level(&self, name: &'static str) -> Result<Level, Problem> {
        let text = self.get(name)?.as_str().unwrap_or_default();
        let known = Level::ALL.into_iter().find(|level| level.name() == text);
        known.ok_or_else(|| self.wrong(name, "info, low, medium, high or critical"))
    }

    fn cause(&self, name: &'static str) -> Result<Cause, Problem> {
        let text = self.get(name)?.as_str().unwrap_or_default();
        let known = Cause::ALL.into_iter().find(|cause| cause.name() == text);
        known.ok_or_else(|| self.wrong(name, "one of the causes"))
    }

    fn possible_causes(&self) -> Result<Vec<(Cause, f64, String)>, Problem> {
        let name = "possible_causes";
        let wrong = || self.wrong(name, "a list of at most 30 objects");
        let entries = self.get(name)?.as_array().ok_or_else(wrong)?;
        if entries.len() > MAX_ENTRIES {
            return Err(wrong());
        }
        let causes = entries.iter().map(|entry| {
            let fields = entry.as_object().ok_or_else(wrong)?;
            let entry = Fields { path: name, fields };
            Ok((
                entry.cause("cause")?,
                entry.number("confidence", 1.0)?,
                entry.text("reason")?,
            ))
        });
        causes.collect()
    }
}

fn wrong(field: &str, wanted: &'static str) -> Problem {
    let field = if field.is_empty() { "(all)" } else { field };
    Problem::Wrong {
        field: field.to_owned(),
        wanted,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An answer about the published attack.
    pub(crate) fn good() -> Value {
        json!({
            "executive_summary": "One address probed the administration pages. All was blocked.",
            "severity": "high",
            "confidence": 0.9,
            "cause": "admin_probing",
            "anomaly_cause": "203.0.113.7 sent 100 requests, all blocked.",
            "analysis_sources": ["windows", "profiles"],
            "methodology": "Compared with the time before.",
            "metrics_overview": {
                "records_examined": 100, "blocked_total": 100, "allowed_total": 0,
                "count_total": 0, "overall_total": 100, "avg_blocked_ratio_top_offenders": 1.0,
            },
            "primary_offenders": ["203.0.113.7"],
            "possible_causes": [{"cause": "scanner", "confidence": 0.3, "reason": "Few paths."}],
            "evidence": {
                "top_rules": ["AWS-AWSManagedRulesAdminProtectionRuleSet"],
                "top_uris": ["U1"],
                "cloudtrail_change_summaries": [],
            },
            "recommended_actions": ["Block 203.0.113.7 where it is not yet."],
        })
    }

    #[test]
    fn a_good_answer_is_taken() {
        let answer = checked(&good()).expect("follows the schema");
        assert_eq!(answer.cause, Cause::AdminProbing);
        assert_eq!(answer.severity, Level::High);
        assert_eq!(answer.metrics[1], 100.0);
    }

    #[test]
    fn every_field_is_required_and_checked() {
        let Value::Object(properties) = value()["properties"].clone() else {
            panic!("an object");
        };
        assert_eq!(properties.len(), 12);
        for name in properties.keys() {
            let mut answer = good();
            answer.as_object_mut().expect("an object").remove(name);
            let problem = checked(&answer).expect_err(name);
            assert_eq!(problem, Problem::Missing(name.clone()));
            let mut answer = good();
            answer[name] = json!(true);
            let problem = checked(&answer).expect_err(name).to_string();
            assert!(problem.contains(name.as_str()), "{problem}");
        }
    }

    #[test]
    fn ranges_hold() {
        for (field, value) in [
            ("confidence", json!(1.01)),
            ("confidence", json!(-0.1)),
            ("confidence", json!("high")),
            ("severity", json!("severe")),
            ("cause", json!("magic")),
            ("executive_summary", json!(" ")),
            ("executive_summary", json!("x".repeat(2_001))),
            ("recommended_actions", json!(vec!["x"; 31])),
            ("recommended_actions", json!([1])),
            (
                "possible_causes",
                json!([{"cause": "scanner", "confidence": 7, "reason": ""}]),
            ),
            ("possible_causes", json!(["scanner"])),
        ] {
            let mut answer = good();
            answer[field] = value;
            assert!(checked(&answer).is_err(), "{field}");
        }
        let mut answer = good();
        answer["metrics_overview"]["blocked_total"] = json!(-1);
        let problem = checked(&answer).expect_err("a negative count").to_string();
        assert_eq!(
            problem,
            "the field metrics_overview.blocked_total is not a number from 0 on"
        );
    }

    #[test]
    fn the_schema_stays_within_the_subset_that_the_service_takes() {
        let text = text();
        for word in [
            "minimum",
            "maximum",
            "maxLength",
            "maxItems",
            "pattern",
            "$ref",
            "format",
        ] {
            assert!(!text.contains(&format!("\"{word}\"")), "{word}");
        }
        let objects = text.matches("\"type\":\"object\"").count();
        assert_eq!(objects, 4);
        assert_eq!(
            text.matches("\"additionalProperties\":false").count(),
            objects
        );
        assert_eq!(text.matches("\"required\":").count(), objects);
    }
}
