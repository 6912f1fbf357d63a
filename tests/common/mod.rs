//! What whole-system tests share.
#![allow(dead_code, missing_docs)]

pub mod command;
#[cfg(feature = "aws")]
pub mod deployment;
pub mod hostile;
pub mod long_replay;
pub mod measured;
pub mod proxy;
pub mod store;
pub mod webhook;

use std::path::PathBuf;

use wafwatch::detect::{ClassicSettings, DetectorSettings};
use wafwatch::pipeline::PipelineSettings;
use wafwatch_windows::close::ClosePolicy;

pub const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/0d4f1c1e-1111-2222-3333-444455556666";

/// The settings of a replay, with this lateness.
pub fn pipeline_settings(lateness_ms: i64) -> PipelineSettings {
    PipelineSettings {
        close_policy: ClosePolicy {
            lateness_ms: u32::try_from(lateness_ms).expect("a small lateness"),
            ..ClosePolicy::default()
        },
        ..PipelineSettings::default()
    }
}

/// The same with the detector that needs the fewest windows to learn.
pub fn classic_settings(lateness_ms: i64) -> PipelineSettings {
    let mut settings = pipeline_settings(lateness_ms);
    settings.close.detector = DetectorSettings::Classic(ClassicSettings::default());
    settings
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
