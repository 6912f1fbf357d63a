//! A message as a finding in the AWS Security Finding Format, within its limits.

use aws_sdk_securityhub::types::{
    AwsSecurityFinding, FindingProviderFields, FindingProviderSeverity, Partition, Recommendation,
    RecordState, Remediation, Resource, Severity, SeverityLabel, Workflow, WorkflowStatus,
};
use jiff::Timestamp;
use wafwatch_windows::time::EventTime;

use super::Product;
use crate::analyst::Cause;
use crate::incident::Level;
use crate::incident::acl::AclArn;
use crate::investigate::hostile::one_line;
use crate::notify::{Message, MessageKind};
use crate::report::Counted;

/// The only version there is.
const SCHEMA_VERSION: &str = "2018-10-08";
/// Makes findings of this product, whatever their cause.
const GENERATOR: &str = "wafwatch";
const MAX_ID_CHARS: usize = 512;
const MAX_TITLE_CHARS: usize = 256;
const MAX_DESCRIPTION_CHARS: usize = 1_024;
const MAX_RECOMMENDATION_CHARS: usize = 512;
const MAX_FIELD_CHARS: usize = 2_048;
const MAX_REGION_CHARS: usize = 16;

/// The finding of `message` for `product`.
pub(super) fn of(message: &Message, product: &Product) -> AwsSecurityFinding {
    let times = message.times;
    let is_over = matches!(message.kind, MessageKind::Resolved | MessageKind::Test);
    let (record, workflow) = if is_over {
        (RecordState::Archived, WorkflowStatus::Resolved)
    } else {
        (RecordState::Active, WorkflowStatus::New)
    };
    let mut finding = AwsSecurityFinding::builder()
        .schema_version(SCHEMA_VERSION)
        .id(required(
            &format!("wafwatch/{}", message.incident_id),
            MAX_ID_CHARS,
        ))
        .product_arn(&product.arn)
        .product_name(GENERATOR)
        .company_name(GENERATOR)
        .generator_id(GENERATOR)
        .aws_account_id(&product.account)
        .types(finding_type(message.cause))
        .created_at(timestamp(times.opened))
        .updated_at(timestamp(times.changed))
        .first_observed_at(timestamp(times.opened))
        .last_observed_at(timestamp(times.last_seen))
        .severity(severity(message))
        .confidence(percent(message.confidence))
        .title(required(&message.subject, MAX_TITLE_CHARS))
        .description(description(message))
        .resources(resource(&message.acl))
        .record_state(record)
        .workflow(Workflow::builder().status(workflow).build())
        .finding_provider_fields(provider_fields(message))
        .sample(message.kind == MessageKind::Test);
    for (name, value) in product_fields(message) {
        finding = finding.product_fields(name, value);
    }
    if let Some(remediation) = remediation(&message.outline.actions) {
        finding = finding.remediation(remediation);
    }
    finding.build()
}

/// `text` on one line, at most `max_chars` long and never blank, which Security Hub refuses.
fn required(text: &str, max_chars: usize) -> String {
    let line = one_line(text.trim(), max_chars);
    if line.is_empty() {
        return GENERATOR.to_owned();
    }
    line
}

fn timestamp(time: EventTime) -> String {
    // Records are accepted only with times that can be written.
    Timestamp::from_millisecond(time.0)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

/// Kinds of findings: namespace and category.
fn finding_type(cause: Cause) -> &'static str {
    match cause {
        Cause::AdminProbing | Cause::Scanner => "TTPs/Discovery",
        Cause::InjectionAttempts | Cause::KnownBadInputs => "TTPs/Initial Access",
        Cause::CredentialStuffing => "TTPs/Credential Access",
        Cause::SingleSourceFlood | Cause::DistributedFlood => "Effects/Denial of Service",
        Cause::RuleBeganToBlock => "Software and Configuration Checks/Misconfiguration",
        Cause::BotSurge | Cause::BenignCrowd | Cause::OutageOrLoggingGap | Cause::Unexplained => {
            "Unusual Behaviors/Application"
        }
    }
}

fn label(level: Level) -> SeverityLabel {
    match level {
        Level::Info => SeverityLabel::Informational,
        Level::Low => SeverityLabel::Low,
        Level::Medium => SeverityLabel::Medium,
        Level::High => SeverityLabel::High,
        Level::Critical => SeverityLabel::Critical,
    }
}

fn severity(message: &Message) -> Severity {
    Severity::builder()
        .label(label(message.level))
        .original(message.severity.0.to_string())
        .build()
}

/// What Security Hub updates the finding with: the same fields beside these only make it.
fn provider_fields(message: &Message) -> FindingProviderFields {
    let severity = FindingProviderSeverity::builder()
        .label(label(message.level))
        .original(message.severity.0.to_string())
        .build();
    FindingProviderFields::builder()
        .severity(severity)
        .confidence(percent(message.confidence))
        .types(finding_type(message.cause))
        .build()
}

fn percent(share: f64) -> i32 {
    (share * 100.0).round().clamp(0.0, 100.0) as i32
}

fn description(message: &Message) -> String {
    let outline = &message.outline;
    required(
        &format!("{} {}", outline.summary, outline.cause),
        MAX_DESCRIPTION_CHARS,
    )
}

fn resource(acl: &str) -> Resource {
    let id = required(acl, MAX_ID_CHARS);
    let resource = Resource::builder().id(id);
    let Some(arn) = AclArn::parse(acl) else {
        return resource.r#type("Other").build();
    };
    let partition = acl.split(':').nth(1).unwrap_or_default();
    let is_region = (1..=MAX_REGION_CHARS).contains(&arn.region.len());
    resource
        .r#type("AwsWafv2WebAcl")
        .partition(Partition::from(partition))
        .set_region(is_region.then(|| required(arn.region, MAX_REGION_CHARS)))
        .build()
}

fn remediation(actions: &[String]) -> Option<Remediation> {
    if actions.is_empty() {
        return None;
    }
    let numbered = actions.iter().enumerate();
    let steps: Vec<String> = numbered
        .map(|(number, action)| format!("{}. {action}", number + 1))
        .collect();
    let text = required(&steps.join("; "), MAX_RECOMMENDATION_CHARS);
    let recommendation = Recommendation::builder().text(text).build();
    Some(
        Remediation::builder()
            .recommendation(recommendation)
            .build(),
    )
}

fn product_fields(message: &Message) -> Vec<(&'static str, String)> {
    let outline = &message.outline;
    let fields = [
        ("Cause", message.cause.name().to_owned()),
        ("State", message.kind.name().to_owned()),
        ("Event", message.event_id.clone()),
        ("Analyst", message.analyst.clone()),
        ("TopOffenders", list(&outline.offenders)),
        ("TopRules", list(&outline.rules)),
        ("TopUris", list(&outline.uris)),
        ("Changes", outline.changes.join("; ")),
        ("OtherCauses", outline.other_causes.join("; ")),
    ];
    let given = fields
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty());
    given
        .map(|(name, value)| (name, one_line(&value, MAX_FIELD_CHARS)))
        .collect()
}

fn list(values: &[Counted]) -> String {
    let values = values.iter();
    let values: Vec<String> = values
        .map(|counted| format!("{} ({})", counted.value, counted.count))
        .collect();
    values.join(", ")
}

#[cfg(test)]
mod tests;
