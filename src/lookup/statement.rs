//! What a rule looks at, from the types of AWS WAF.

use aws_sdk_wafv2::types;

use crate::investigate::hostile::one_line;
use crate::investigate::surroundings::Statement;

/// Statements within statements that are followed; AWS WAF allows fewer.
pub(super) const MAX_DEPTH: usize = 6;
const MAX_NAME: usize = 128;

/// What `statement` looks at.
pub(super) fn described(statement: &types::Statement, depth: usize) -> Statement {
    let unknown = Statement::Plain("a statement");
    let Some(depth) = depth.checked_sub(1) else {
        return unknown;
    };
    let text = |text: &str| one_line(text, MAX_NAME);
    let reference = |what, arn: &str| Statement::Reference {
        what,
        arn: arn.to_owned(),
    };
    let all = |statements: &[types::Statement]| {
        let parts = statements.iter();
        parts.map(|part| described(part, depth)).collect()
    };
    if let Some(geo) = statement.geo_match_statement() {
        let countries = geo.country_codes().iter();
        return Statement::Geo(countries.map(|code| text(code.as_str())).collect());
    }
    if let Some(group) = statement.managed_rule_group_statement() {
        return Statement::Managed {
            vendor: text(group.vendor_name()),
            name: text(group.name()),
            version: group.version().map(text),
        };
    }
    if let Some(group) = statement.rule_group_reference_statement() {
        return reference("rule group", group.arn());
    }
    if let Some(set) = statement.ip_set_reference_statement() {
        return reference("IP set", set.arn());
    }
    if let Some(set) = statement.regex_pattern_set_reference_statement() {
        return reference("pattern set", set.arn());
    }
    if let Some(rate) = statement.rate_based_statement() {
        return Statement::Rate {
            limit: rate.limit(),
            seconds: match rate.evaluation_window_sec() {
                0 => 300,
                seconds => seconds,
            },
            of: rate
                .scope_down_statement()
                .map(|part| Box::new(described(part, depth))),
        };
    }
    if let Some(label) = statement.label_match_statement() {
        return Statement::Label(text(label.key()));
    }
    if let Some(and) = statement.and_statement() {
        return Statement::All(all(and.statements()));
    }
    if let Some(or) = statement.or_statement() {
        return Statement::Any(all(or.statements()));
    }
    if let Some(not) = statement.not_statement() {
        let inner = not.statement().map(|part| described(part, depth));
        return Statement::Not(Box::new(inner.unwrap_or(unknown)));
    }
    let plain = [
        (statement.byte_match_statement().is_some(), "text match"),
        (statement.regex_match_statement().is_some(), "pattern match"),
        (
            statement.sqli_match_statement().is_some(),
            "SQL injection match",
        ),
        (
            statement.xss_match_statement().is_some(),
            "cross-site scripting match",
        ),
        (
            statement.size_constraint_statement().is_some(),
            "size constraint",
        ),
        (
            statement.asn_match_statement().is_some(),
            "network number match",
        ),
    ];
    let set = plain.into_iter().find(|(is_set, _)| *is_set);
    set.map_or(unknown, |(_, words)| Statement::Plain(words))
}

#[cfg(test)]
mod tests {
    use aws_sdk_wafv2::types::{
        ByteMatchStatement, CountryCode, FieldToMatch, GeoMatchStatement, NotStatement,
        PositionalConstraint, Statement as Given, TextTransformation, TextTransformationType,
    };

    use super::*;

    #[test]
    fn a_statement_is_told_without_what_it_searches_for() {
        let secret = ByteMatchStatement::builder()
            .search_string(aws_sdk_wafv2::primitives::Blob::new("Canary"))
            .field_to_match(FieldToMatch::builder().build())
            .text_transformations(
                TextTransformation::builder()
                    .priority(0)
                    .r#type(TextTransformationType::None)
                    .build()
                    .expect("is whole"),
            )
            .positional_constraint(PositionalConstraint::Exactly)
            .build()
            .expect("is whole");
        let statement = Given::builder().byte_match_statement(secret).build();
        assert_eq!(described(&statement, MAX_DEPTH).words(), "text match");

        let geo = GeoMatchStatement::builder().country_codes(CountryCode::Us);
        let geo = Given::builder().geo_match_statement(geo.build()).build();
        let not = NotStatement::builder().statement(geo).build();
        let statement = Given::builder().not_statement(not).build();
        assert_eq!(
            described(&statement, MAX_DEPTH).words(),
            "not (geo match US)"
        );
    }
}
