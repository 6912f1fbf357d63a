//! What whole-system tests share.
#![allow(dead_code, missing_docs)]

pub mod command;
#[cfg(feature = "aws")]
pub mod deployment;
pub mod hostile;
pub mod long_replay;
pub mod store;
pub mod webhook;
pub mod workplace;

use std::path::PathBuf;

use wafwatch::close::CloseSettings;
use wafwatch::detect::DetectorSettings;
use wafwatch::incident::IncidentPolicy;
use wafwatch::ingest::Limits;
use wafwatch::pipeline::{DecodeLimits, PipelineSettings};
use wafwatch_windows::close::ClosePolicy;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::WindowSize;

pub const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/0d4f1c1e-1111-2222-3333-444455556666";

/// The settings of a replay, with this lateness.
pub fn pipeline_settings(lateness_ms: i64) -> PipelineSettings {
    PipelineSettings {
        limits: DecodeLimits {
            limits: Limits::default(),
            accept_future_ms: 600_000,
        },
        close_policy: ClosePolicy {
            lateness_ms: u32::try_from(lateness_ms).expect("a small lateness"),
            longest_wait_ms: 120_000,
        },
        close: CloseSettings {
            window_size: WindowSize::DEFAULT,
            dormant_after_windows: 1_440,
            detector: DetectorSettings::default(),
            incident: IncidentPolicy::default(),
            sketch: SketchSettings::default(),
        },
        max_acls: 256,
    }
}

/// One WAF log line, small but complete in what is counted.
pub fn line(acl: &str, time: i64, action: &str, address: &str, uri: &str) -> String {
    format!(
        r#"{{"timestamp":{time},"formatVersion":1,"webaclId":"{acl}","terminatingRuleId":"Default_Action","terminatingRuleType":"REGULAR","action":"{action}","httpSourceName":"ALB","ruleGroupList":[],"nonTerminatingMatchingRules":[],"httpRequest":{{"clientIp":"{address}","country":"DE","headers":[{{"name":"Host","value":"shop.example"}},{{"name":"User-Agent","value":"test"}}],"uri":"{uri}","args":"","httpMethod":"GET"}}}}"#
    )
}

/// The folder of recorded logs that is kept beside the repository, where it exists.
pub fn shared_folder() -> Option<PathBuf> {
    let given = std::env::var_os("WAFWATCH_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    given
        .into_iter()
        .chain([beside])
        .find(|folder| folder.is_dir())
}
