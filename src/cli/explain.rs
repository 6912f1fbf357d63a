//! `wafwatch explain`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::arguments::{AnalystName, ExplainArguments};
use super::exit::{Outcome, UsageError};
use super::incidents::{find, open};
use super::text::figures::grouped;
use super::text::lines::push_line;
use super::{print, print_json, setup};
use crate::analyst::Analyst;
use crate::analyst::bedrock::capabilities::Contract;
use crate::analyst::bedrock::prompt::{self, Format, Prompt};
use crate::analyst::bedrock::schema;
use crate::analyst::builtin::BuiltIn;
use crate::config::{AnalystKind, Settings};
use crate::incident::IncidentEvent;
use crate::investigate::{self, Evidence};
use crate::report::{Report, hostile};

pub(super) fn run(arguments: &ExplainArguments) -> anyhow::Result<Outcome> {
    let (mut settings, store) = open(&arguments.common)?;
    if let Some(analyst) = arguments.analyst {
        settings.analyst.kind = match analyst {
            AnalystName::BuiltIn => AnalystKind::BuiltIn,
            AnalystName::Bedrock => AnalystKind::Bedrock,
        };
        settings.set_by_flag("analyst.kind", "--analyst");
    }
    let incident = find(&store, &arguments.incident)?;
    let Some((event, explanation)) = store.events_of(&incident.id)?.pop() else {
        let words = format!(
            "nobody was told of {} yet: there is nothing to explain",
            incident.id
        );
        return Err(UsageError(words).into());
    };
    let evidence = match explanation {
        Some(kept) => kept.evidence,
        None => {
            let window_ms = event.window.end.0 - event.window.start.0;
            investigate::gather(&event, &store, window_ms)
        }
    };
    let as_json = arguments.common.json;
    if arguments.show_prompt {
        show_prompt(&evidence, &settings, as_json)?;
    } else {
        explain(&event, &evidence, &settings, as_json)?;
    }
    Ok(Outcome::Done)
}

fn explain(
    event: &IncidentEvent,
    evidence: &Evidence,
    settings: &Settings,
    as_json: bool,
) -> anyhow::Result<()> {
    let analyst = setup::analyst(settings)?;
    let started = Instant::now();
    let assessment = analyst.assess(evidence);
    let took: Duration = started.elapsed();
    let redaction = setup::redaction(settings);
    let report = Report::new(event, evidence, &assessment, took, redaction);
    if as_json {
        print_json(&report.to_json())?;
    } else {
        print(&report.to_text(setup::terminal_style()))?;
    }
    Ok(())
}

/// The question that the settings' model would get first.
fn show_prompt(evidence: &Evidence, settings: &Settings, as_json: bool) -> anyhow::Result<()> {
    let bedrock = settings.analyst.bedrock();
    let contract = bedrock.capabilities().contract;
    let format = Format {
        contract,
        stop_token: &bedrock.stop_token,
    };
    let first = BuiltIn.assess(evidence);
    let question = Prompt::of(evidence, &first, format, prompt::MAX_FIRST_TOKENS, None);
    let (held_by, schema) = match contract {
        Contract::Schema => ("a JSON schema", Some(schema::value())),
        Contract::Tool => ("the input of a forced tool", Some(schema::value())),
        Contract::StopToken => ("a stop token", None),
    };
    if as_json {
        print_json(&json!({
            "model": bedrock.model,
            "prompt": prompt::VERSION,
            "answer_held_by": held_by,
            "estimated_tokens": question.tokens,
            "most_tokens": prompt::MAX_TOKENS,
            "system": question.system,
            "user": question.user,
            "schema": schema,
        }))?;
        return Ok(());
    }
    let mut text = format!(
        "# model {}, prompt {}, answer held by {held_by}\n\
         # about {} tokens in, of at most {} for all questions about one event; nothing was sent\n",
        hostile::one_line(&bedrock.model, 200),
        prompt::VERSION,
        grouped(question.tokens),
        grouped(prompt::MAX_TOKENS),
    );
    section(&mut text, "system", &question.system);
    section(&mut text, "user", &question.user);
    if let Some(schema) = schema {
        section(&mut text, "schema", &format!("{schema:#}"));
    }
    print(&text)?;
    Ok(())
}

fn section(text: &mut String, title: &str, content: &str) {
    push_line(text, &format!("\n## {title}\n"));
    for line in content.lines() {
        push_line(text, &hostile::one_line(line, usize::MAX));
    }
}
