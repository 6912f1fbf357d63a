//! What was seen of Web ACLs' configurations.

use wafwatch::investigate::surroundings::{
    AclConfiguration, AclRule, Action, ConfigurationHistory, Logging, MAX_RULES, RuleDigest,
};
use wafwatch_windows::time::EventTime;

use crate::values::*;

/// As large as a configuration gets: every text at its limit, and as hard to compress as texts are.
fn largest(action: Action) -> AclConfiguration {
    let text = |seed: usize, length: usize| -> String {
        let letter = |place: usize| {
            let mixed = (seed * 7_919 + place * 104_729) ^ (seed << 3);
            char::from(b'a' + (mixed % 26) as u8)
        };
        (0..length).map(letter).collect()
    };
    let rules = (0..MAX_RULES).map(|number| AclRule {
        name: text(number, 128),
        priority: number as i64,
        action,
        statement: text(number + 1_000, 160),
        uses: (0..4).map(|used| text(number * 4 + used, 120)).collect(),
        digest: RuleDigest::of("test", &text(number, 9)),
    });
    AclConfiguration::new(action, rules.collect(), Logging::On(vec![text(1, 256)]))
}

#[tokio::test]
async fn what_was_seen_is_read_back_however_large() {
    let kept = kept("configurations").await;
    let store = &kept.store;
    assert_eq!(store.configuration_history(ACL).await.expect("reads"), None);
    let mut history = None;
    for (action, now) in [(Action::Allow, 1), (Action::Block, 2), (Action::Block, 3)] {
        let next = ConfigurationHistory::with(history, largest(action), EventTime(now));
        store.keep_configuration(ACL, &next).await.expect("keeps");
        history = Some(next);
    }
    let found = store.configuration_history(ACL).await.expect("reads");
    assert_eq!(found, history);
    assert!(found.is_some_and(|found| found.drift().is_some()));
}
