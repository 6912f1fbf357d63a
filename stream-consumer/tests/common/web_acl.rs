//! A Web ACL of the emulated account, and who changes it.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::primitives::Blob;
use aws_sdk_wafv2::types::{
    AllowAction, BlockAction, ByteMatchStatement, CountAction, CountryCode, CustomHttpHeader,
    CustomRequestHandling, DefaultAction, FieldToMatch, GeoMatchStatement, PositionalConstraint,
    QueryString, Rule, RuleAction, Scope, Statement, TextTransformation, TextTransformationType,
    VisibilityConfig,
};

use super::account::Account;

/// Who makes the change, as the emulator's CloudTrail records the caller: by access key.
pub const AUTHOR: &str = "alice";
/// Stands in everything of a rule that may be a secret.
pub const CANARY: &str = "Canary7f3a";
const NAME: &str = "shop";

/// A Web ACL.
pub struct WebAcl {
    /// Its ARN.
    pub arn: String,
    id: String,
}

impl WebAcl {
    /// Creates one that lets everything through.
    pub async fn create(account: &Account) -> Self {
        let client = Client::new(&account.config);
        let created = client
            .create_web_acl()
            .name(NAME)
            .scope(Scope::Regional)
            .default_action(allowing())
            .visibility_config(visibility())
            .send()
            .await
            .expect("creates");
        let summary = created.summary.expect("tells what it made");
        Self {
            arn: summary.arn.expect("has an ARN"),
            id: summary.id.expect("has an id"),
        }
    }

    /// [`AUTHOR`] adds the published rule, and another one that is full of secrets.
    pub async fn block_the_united_states(&self, account: &Account) {
        let author = Credentials::from_keys(AUTHOR, "test", None);
        let config = account.config.to_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(author));
        let client = Client::new(&config.build());
        let call = client.get_web_acl().name(NAME).id(&self.id);
        let current = call.scope(Scope::Regional).send().await.expect("is there");
        let geo = GeoMatchStatement::builder().country_codes(CountryCode::Us);
        let geo = Statement::builder().geo_match_statement(geo.build());
        let block = RuleAction::builder().block(BlockAction::builder().build());
        let updated = client
            .update_web_acl()
            .name(NAME)
            .id(&self.id)
            .scope(Scope::Regional)
            .description(CANARY)
            .default_action(allowing())
            .visibility_config(visibility())
            .lock_token(current.lock_token.expect("has a token"))
            .rules(rule("block-rule-test-waf", 0, geo.build(), block.build()))
            .rules(secret())
            .send()
            .await;
        updated.expect("updates");
    }
}

/// A rule that searches for a secret and adds one.
fn secret() -> Rule {
    let transformation = TextTransformation::builder()
        .priority(0)
        .r#type(TextTransformationType::None)
        .build()
        .expect("is whole");
    let search = ByteMatchStatement::builder()
        .search_string(Blob::new(CANARY))
        .field_to_match(
            FieldToMatch::builder()
                .query_string(QueryString::builder().build())
                .build(),
        )
        .positional_constraint(PositionalConstraint::Contains)
        .text_transformations(transformation)
        .build()
        .expect("is whole");
    let header = CustomHttpHeader::builder().name("x-origin").value(CANARY);
    let handling = CustomRequestHandling::builder()
        .insert_headers(header.build().expect("is whole"))
        .build()
        .expect("is whole");
    let count = CountAction::builder().custom_request_handling(handling);
    let action = RuleAction::builder().count(count.build()).build();
    let statement = Statement::builder().byte_match_statement(search).build();
    rule("marks-the-origin", 1, statement, action)
}

fn rule(name: &str, priority: i32, statement: Statement, action: RuleAction) -> Rule {
    Rule::builder()
        .name(name)
        .priority(priority)
        .statement(statement)
        .action(action)
        .visibility_config(visibility())
        .build()
        .expect("is whole")
}

fn allowing() -> DefaultAction {
    let allow = AllowAction::builder().build();
    DefaultAction::builder().allow(allow).build()
}

fn visibility() -> VisibilityConfig {
    VisibilityConfig::builder()
        .sampled_requests_enabled(true)
        .cloud_watch_metrics_enabled(true)
        .metric_name(NAME)
        .build()
        .expect("is whole")
}
