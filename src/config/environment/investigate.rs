//! The variables of what is looked up.

use super::{ConfigError, Environment, Settings, TRUTH_WORDS, TRUTHS};

impl Environment<'_> {
    pub(super) fn apply_investigate(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        let investigate = &mut settings.investigate;
        let (variable, key) = ("WAFWATCH_ACCOUNT_EVIDENCE", "investigate.account");
        if let Some(truth) = self.word(variable, key, &TRUTHS, TRUTH_WORDS)? {
            investigate.account = truth;
        }
        if let Some(bucket) = self.text("WAF_LOG_BUCKET", "investigate.archive_bucket") {
            investigate.archive_bucket = Some(bucket);
        }
        if let Some(prefix) = self.text("WAF_LOG_PREFIX", "investigate.archive_prefix") {
            investigate.archive_prefix = prefix;
        }
        let wholes = [
            (
                "WAFWATCH_CHANGES_HOURS",
                "investigate.changes_hours",
                &mut investigate.changes_hours,
            ),
            (
                "TIME_PAD_MINUTES",
                "investigate.time_pad_minutes",
                &mut investigate.time_pad_minutes,
            ),
            (
                "S3_MAX_KEYS",
                "investigate.s3_max_keys",
                &mut investigate.s3_max_keys,
            ),
            (
                "S3_MAX_OBJECTS",
                "investigate.s3_max_objects",
                &mut investigate.s3_max_objects,
            ),
        ];
        for (variable, key, number) in wholes {
            if let Some(given) = self.setting(variable, key)? {
                *number = given as u32;
            }
        }
        if let Some(bytes) = self.setting("S3_MAX_BYTES", "investigate.s3_max_bytes")? {
            investigate.s3_max_bytes = bytes as u64;
        }
        Ok(())
    }
}
