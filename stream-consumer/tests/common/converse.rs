//! A model that finds the person behind a change in what it is told, as a model does.

use serde_json::json;
use wafwatch_emulators::converse::{Converse, tool_use};

/// A model that blames whoever made the last recorded change.
pub fn model() -> Converse {
    let started = Converse::start(|asked| {
        let prompt = asked.prompt();
        let change = prompt
            .lines()
            .find(|line| line.starts_with("recorded change ") && line.contains("added, BLOCK"));
        let words: Vec<&str> = change.unwrap_or_default().split(' ').collect();
        let person = words.iter().position(|word| *word == "by");
        let person = person.and_then(|place| words.get(place + 1)).copied();
        let blamed = format!("The model blames [{}].", person.unwrap_or("P9"));
        tool_use(
            "incident_report",
            json!({
                "executive_summary": blamed,
                "severity": "high",
                "confidence": 0.9,
                "cause": "rule_began_to_block",
                "anomaly_cause": "A rule was added and blocks customers.",
                "analysis_sources": [],
                "methodology": "The change was compared with the traffic.",
                "metrics_overview": {
                    "records_examined": 0, "blocked_total": 0, "allowed_total": 0,
                    "count_total": 0, "overall_total": 0, "avg_blocked_ratio_top_offenders": 0,
                },
                "primary_offenders": [],
                "possible_causes": [],
                "evidence": {"top_rules": [], "top_uris": [], "cloudtrail_change_summaries": []},
                "recommended_actions": ["Take the rule back."],
            }),
        )
    });
    started.expect("starts")
}
