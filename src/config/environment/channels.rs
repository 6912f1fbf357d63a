//! Channels that variables set, or add.

use super::{Environment, refused};
use crate::config::error::{ConfigError, Origin};
use crate::config::notify::{
    NotifyConfig, NotifyError, NotifyTarget, SecurityHubConfig, SlackConfig, SnsConfig,
};
use crate::config::settings::Settings;

impl Environment<'_> {
    /// The channels whose place is a variable.
    pub(super) fn apply_channels(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        self.apply_topic(settings)?;
        self.apply_security_hub(settings)?;
        self.apply_slack(settings);
        Ok(())
    }

    fn apply_topic(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        const TOPIC: &str = "SNS_TOPIC_ARN";
        const REGION: &str = "SNS_REGION";
        let Some(topic_arn) = self.value(TOPIC) else {
            return Ok(());
        };
        let region = self.value(REGION);
        let sns = SnsConfig::new(topic_arn.clone(), region.clone());
        let sns = sns.map_err(|error| match error {
            NotifyError::Region => refused(REGION, "notify[].region", &region.unwrap_or_default()),
            _ => refused(TOPIC, "notify[].topic_arn", &topic_arn),
        })?;
        let index = set_or_added(settings, NotifyTarget::Sns(sns), |target, given| {
            let (NotifyTarget::Sns(target), NotifyTarget::Sns(given)) = (target, given) else {
                return;
            };
            target.topic_arn = given.topic_arn;
            target.region = given.region.or(target.region.take());
        });
        note(settings, index, "topic_arn", TOPIC);
        Ok(())
    }

    fn apply_security_hub(&mut self, settings: &mut Settings) -> Result<(), ConfigError> {
        const PRODUCT: &str = "SECURITYHUB_PRODUCT_ARN";
        let Some(product_arn) = self.value(PRODUCT) else {
            return Ok(());
        };
        let hub = SecurityHubConfig::new(product_arn.clone())
            .map_err(|_| refused(PRODUCT, "notify[].product_arn", &product_arn))?;
        let index = set_or_added(settings, NotifyTarget::SecurityHub(hub), |target, given| {
            let (NotifyTarget::SecurityHub(target), NotifyTarget::SecurityHub(given)) =
                (target, given)
            else {
                return;
            };
            target.product_arn = given.product_arn;
        });
        note(settings, index, "product_arn", PRODUCT);
        Ok(())
    }

    /// The variable holds a secret, so it is only looked at here, and read when the channel is made.
    fn apply_slack(&mut self, settings: &mut Settings) {
        if self.value(SlackConfig::VARIABLE).is_none() {
            return;
        }
        let target = NotifyTarget::Slack(SlackConfig::default());
        let index = set_or_added(settings, target, |_, _| {});
        note(settings, index, "url_env", SlackConfig::VARIABLE);
    }
}

/// Sets the block that has the name of its kind to what is `given`; where there is no block of the
/// kind, one is added to the others. Gives the block's place, or none where nothing changed.
fn set_or_added(
    settings: &mut Settings,
    given: NotifyTarget,
    set: impl FnOnce(&mut NotifyTarget, NotifyTarget),
) -> Option<usize> {
    let kind = given.kind();
    let is_of_kind = |block: &NotifyConfig| block.target.kind() == kind;
    let has_kind = settings.notify.iter().any(is_of_kind);
    let mut blocks = settings.notify.iter();
    let named = blocks.position(|block| block.name == kind && is_of_kind(block));
    match named {
        Some(index) => {
            let target = &mut settings.notify[index].target;
            let before = target.clone();
            set(target, given);
            (*target != before).then_some(index)
        }
        // Blocks with names of their own are set on purpose.
        None if has_kind => None,
        None => {
            settings.notify.push(NotifyConfig::to(given));
            Some(settings.notify.len() - 1)
        }
    }
}

fn note(settings: &mut Settings, index: Option<usize>, key: &str, variable: &'static str) {
    if let Some(index) = index {
        let key = format!("notify[{index}].{key}");
        settings.origins.set(&key, Origin::Environment { variable });
    }
}
