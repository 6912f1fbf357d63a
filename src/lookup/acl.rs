//! The Web ACL's configuration, from AWS WAF.

use aws_config::SdkConfig;
use aws_sdk_wafv2::Client;
use aws_sdk_wafv2::types::{DefaultAction, OverrideAction, Rule, RuleAction, Scope, WebAcl};

use super::{Absent, GLOBAL_REGION, statement};
use crate::account::{self, Failure};
use crate::incident::acl::{AclArn, AclScope};
use crate::investigate::hostile::one_line;
use crate::investigate::surroundings::{AclConfiguration, AclRule, Action, Logging, RuleDigest};

/// Pages of Web ACLs that are listed, of a hundred each.
const MAX_PAGES: usize = 10;
const PAGE: i32 = 100;
/// What a configuration that is not there is called.
const NOT_THERE: &str = "WAFNonexistentItemException";
const MAX_NAME: usize = 128;
const MAX_ARN: usize = 256;
/// How digests are made: from how this version writes a statement down.
const DIGEST_FORM: &str = concat!("configuration ", env!("CARGO_PKG_VERSION"));

/// How the Web ACL `arn`, which is written `text`, is configured, and what of it is not known.
pub(super) async fn configuration(
    config: &SdkConfig,
    arn: AclArn<'_>,
    text: &str,
) -> Result<(AclConfiguration, Vec<String>), Absent> {
    let region = match arn.scope {
        AclScope::Global => GLOBAL_REGION,
        AclScope::Regional => arn.region,
    };
    let client = Client::new(&account::in_region(config, region));
    let (acl, logging) = tokio::join!(web_acl(&client, arn, text), logging(&client, text));
    let acl = acl?;
    let mut missing = Vec::new();
    let logging = logging.unwrap_or_else(|absent| {
        missing.push(format!("the logging configuration: {absent}"));
        Logging::Unknown
    });
    if acl.arn() != text {
        missing.push(
            "the Web ACL of the logs is gone: the one of its name is told instead".to_owned(),
        );
    }
    let default_action = acl.default_action().map_or(Action::Unknown, of_default);
    let rules = acl.rules().iter().map(rule).collect();
    Ok((
        AclConfiguration::new(default_action, rules, logging),
        missing,
    ))
}

/// By ARN; where that does not work, by what a list of all Web ACLs says of it.
async fn web_acl(client: &Client, arn: AclArn<'_>, text: &str) -> Result<WebAcl, Absent> {
    let by_arn = client.get_web_acl().arn(text).send().await;
    let failure = match by_arn {
        Ok(answer) => match answer.web_acl {
            Some(acl) => return Ok(acl),
            None => Failure::of_answer("an answer without a Web ACL".to_owned()),
        },
        Err(error) => Failure::of(&error),
    };
    let scope = match arn.scope {
        AclScope::Global => Scope::Cloudfront,
        AclScope::Regional => Scope::Regional,
    };
    let mut marker: Option<String> = None;
    let mut named: Option<(String, String)> = None;
    for _ in 0..MAX_PAGES {
        let page = client
            .list_web_acls()
            .scope(scope.clone())
            .limit(PAGE)
            .set_next_marker(marker)
            .send()
            .await
            // Why the first way failed says more.
            .map_err(|_| Absent::from(failure.clone()))?;
        for summary in page.web_acls() {
            let (Some(name), Some(id)) = (summary.name(), summary.id()) else {
                continue;
            };
            if summary.arn() == Some(text) {
                return by_id(client, scope, name, id).await;
            }
            if name == arn.name {
                named = Some((name.to_owned(), id.to_owned()));
            }
        }
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    match named {
        Some((name, id)) => by_id(client, scope, &name, &id).await,
        None => Err(failure.into()),
    }
}

async fn by_id(client: &Client, scope: Scope, name: &str, id: &str) -> Result<WebAcl, Absent> {
    let call = client.get_web_acl().name(name).id(id).scope(scope);
    let answer = call.send().await.map_err(|error| Failure::of(&error))?;
    answer
        .web_acl
        .ok_or_else(|| Absent::from("AWS WAF answered without a Web ACL"))
}

async fn logging(client: &Client, arn: &str) -> Result<Logging, Absent> {
    let call = client.get_logging_configuration().resource_arn(arn);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let failure = Failure::of(&error);
            if failure.code == NOT_THERE {
                return Ok(Logging::Off);
            }
            return Err(failure.into());
        }
    };
    let Some(found) = answer.logging_configuration else {
        return Ok(Logging::Off);
    };
    let destinations = found.log_destination_configs().iter();
    Ok(Logging::On(
        destinations.map(|arn| one_line(arn, MAX_ARN)).collect(),
    ))
}

fn rule(rule: &Rule) -> AclRule {
    let statement = rule.statement();
    let described = statement.map(|given| statement::described(given, statement::MAX_DEPTH));
    let own = rule.action().map(of_rule);
    let of_group = rule.override_action().map(of_group);
    AclRule {
        name: one_line(rule.name(), MAX_NAME),
        priority: i64::from(rule.priority()),
        action: own.or(of_group).unwrap_or(Action::Unknown),
        statement: described
            .as_ref()
            .map(|statement| statement.words())
            .unwrap_or_default(),
        uses: described
            .map(|statement| statement.uses())
            .unwrap_or_default(),
        digest: RuleDigest::of(DIGEST_FORM, &format!("{statement:?}")),
    }
}

fn of_default(action: &DefaultAction) -> Action {
    set_of([
        (action.block().is_some(), Action::Block),
        (action.allow().is_some(), Action::Allow),
    ])
}

fn of_rule(action: &RuleAction) -> Action {
    set_of([
        (action.block().is_some(), Action::Block),
        (action.allow().is_some(), Action::Allow),
        (action.count().is_some(), Action::Count),
        (action.captcha().is_some(), Action::Captcha),
        (action.challenge().is_some(), Action::Challenge),
    ])
}

fn of_group(action: &OverrideAction) -> Action {
    match action.count() {
        Some(_) => Action::Count,
        None => Action::Group,
    }
}

/// The action that is set: of the API's fields for it, one is.
fn set_of<const N: usize>(actions: [(bool, Action); N]) -> Action {
    let set = actions.into_iter().find(|(is_set, _)| *is_set);
    set.map_or(Action::Unknown, |(_, action)| action)
}
