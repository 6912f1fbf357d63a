//! What the functions' roles grant, against what is called in their name.
//!
//! A statement whose Sid begins with `Code` grants what the code calls: exactly that, as [`Source`]
//! derives it. One that begins with `Lambda` grants what the service does with the role, which
//! follows from the function's triggers, destinations and log group.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::calls::Source;
use crate::document::{FUNCTIONS, resource, resources, text, texts};

/// Actions with what they are granted on.
type Grants = BTreeMap<String, BTreeSet<String>>;

fn statements(id: &str) -> Vec<&'static Value> {
    let role = resource(&format!("{id}Role"));
    assert!(
        role.get("ManagedPolicyArns").is_none(),
        "{id} has a managed policy"
    );
    let policies = role["Policies"].as_array().expect("policies");
    // Policies of their own are attached under a condition.
    let role = format!("{id}Role");
    let conditional = resources("AWS::IAM::Policy").into_values();
    let conditional = conditional.filter(|policy| texts(&policy["Roles"]).contains(&role));
    let lists = policies
        .iter()
        .chain(conditional)
        .map(|policy| &policy["PolicyDocument"]["Statement"]);
    lists
        .flat_map(|list| list.as_array().expect("statements"))
        .collect()
}

fn granted(id: &str, prefix: &str) -> Grants {
    let mut grants = Grants::new();
    for statement in statements(id) {
        assert_eq!(statement["Effect"], "Allow");
        if !text(&statement["Sid"]).starts_with(prefix) {
            continue;
        }
        for action in texts(&statement["Action"]) {
            grants
                .entry(action)
                .or_default()
                .extend(texts(&statement["Resource"]));
        }
    }
    grants
}

/// What the code may touch with an action.
fn own_resource(action: &str) -> &'static str {
    let service = action.split(':').next().unwrap_or_default();
    match (service, action) {
        ("dynamodb", _) => "Table.Arn",
        ("kinesis", _) => "Stream.Arn",
        ("securityhub", _) => {
            "arn:${AWS::Partition}:securityhub:${AWS::Region}:${AWS::AccountId}:product/${AWS::AccountId}/default"
        }
        ("sns", _) => "IncidentTopic",
        (_, "s3:PutObject") => "${Bucket.Arn}/rejected/*",
        (_, "s3:GetObject") => "${Bucket.Arn}/archive/*",
        (_, "s3:ListBucket") => "Bucket.Arn",
        (_, action) if WITHOUT_RESOURCE.contains(&action) => "*",
        ("wafv2", _) => "arn:${AWS::Partition}:wafv2:*:${AWS::AccountId}:*/webacl/*/*",
        (_, "bedrock:InvokeModel") => "BedrockModelArns",
        (_, "bedrock:ApplyGuardrail") => {
            "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:guardrail/${BedrockGuardrailId}"
        }
        (other, _) => panic!("the template says nothing of {other}: grant it, and add it here"),
    }
}

/// Actions for which AWS offers no resource to name.
const WITHOUT_RESOURCE: [&str; 3] = [
    "dynamodb:ListStreams",
    "cloudtrail:LookupEvents",
    "wafv2:ListWebACLs",
];

#[test]
fn the_code_is_granted_what_it_calls_and_nothing_else() {
    let mut source = Source::read();
    let mut problems = Vec::new();
    for (program, id) in FUNCTIONS {
        let called = match source.actions(program) {
            Ok(called) => called,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let granted = granted(id, "Code");
        for (action, way) in &called {
            if !granted.contains_key(action) {
                problems.push(format!(
                    "{id} is not granted {action}, which is called: {way}"
                ));
            }
        }
        for (action, on) in granted {
            if !called.contains_key(&action) {
                problems.push(format!(
                    "{id} is granted {action}, which its code does not call"
                ));
            }
            assert_eq!(
                on,
                BTreeSet::from([own_resource(&action).to_owned()]),
                "{id}: {action}"
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What Lambda does with the role of function `id`.
fn done_by_lambda(id: &str) -> Grants {
    let function = resource(id);
    let mut grants = Grants::new();
    let mut grant = |actions: &[&str], on: &str| {
        for action in actions {
            grants
                .entry((*action).to_owned())
                .or_default()
                .insert(on.to_owned());
        }
    };
    let log_group = text(&function["LoggingConfig"]["LogGroup"]);
    assert_eq!(log_group, format!("{id}Logs"));
    grant(
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        &format!("{log_group}.Arn"),
    );

    let mappings = resources("AWS::Lambda::EventSourceMapping").into_values();
    let mut destinations = Vec::new();
    for mapping in mappings.filter(|mapping| text(&mapping["FunctionName"]) == id) {
        match text(&mapping["EventSourceArn"]).as_str() {
            "Stream.Arn" => grant(
                &[
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                "Stream.Arn",
            ),
            "Table.StreamArn" => {
                grant(
                    &[
                        "dynamodb:DescribeStream",
                        "dynamodb:GetRecords",
                        "dynamodb:GetShardIterator",
                    ],
                    "Table.StreamArn",
                );
                grant(&["dynamodb:ListStreams"], "*");
            }
            other => panic!("{id} is called by {other}: say here what that takes"),
        }
        destinations.push(text(
            &mapping["DestinationConfig"]["OnFailure"]["Destination"],
        ));
    }
    if let Some(target) = function["DeadLetterConfig"].get("TargetArn") {
        destinations.push(text(target));
    }
    for destination in destinations {
        match destination.as_str() {
            "Bucket.Arn" => {
                grant(&["s3:PutObject"], "${Bucket.Arn}/aws/lambda/*");
                grant(&["s3:ListBucket"], "Bucket.Arn");
            }
            "DeadLetters.Arn" => grant(&["sqs:SendMessage"], "DeadLetters.Arn"),
            other => panic!("{id}'s failures go to {other}: say here what that takes"),
        }
    }
    let called: BTreeSet<String> = granted(id, "Code")
        .into_keys()
        .chain(grants.keys().cloned())
        .collect();
    for action in called {
        for needed in key_use(&action) {
            grants
                .entry((*needed).to_owned())
                .or_default()
                .insert("Key.Arn".to_owned());
        }
    }
    grants
}

/// What an action needs of the key that encrypts what it touches.
fn key_use(action: &str) -> &'static [&'static str] {
    match action {
        "kinesis:GetRecords" | "s3:GetObject" => &["kms:Decrypt"],
        "kinesis:PutRecords" | "s3:PutObject" => &["kms:GenerateDataKey"],
        "sns:Publish" | "sqs:SendMessage" => &["kms:Decrypt", "kms:GenerateDataKey"],
        action if action.starts_with("dynamodb:") => &["kms:Decrypt"],
        _ => &[],
    }
}

#[test]
fn lambda_is_granted_what_triggers_and_destinations_take_and_nothing_else() {
    for (_, id) in FUNCTIONS {
        assert_eq!(granted(id, "Lambda"), done_by_lambda(id), "{id}");
    }
}

#[test]
fn every_statement_is_explicit() {
    for (_, id) in FUNCTIONS {
        for statement in statements(id) {
            let sid = text(&statement["Sid"]);
            assert!(
                sid.starts_with("Code") || sid.starts_with("Lambda"),
                "{id}: {sid}"
            );
        }
        assert_eq!(text(&resource(id)["Role"]), format!("{id}Role.Arn"));
    }
    let conditional = resources("AWS::IAM::Policy");
    for (id, role) in resources("AWS::IAM::Role") {
        let policies = role["Policies"].as_array().expect("policies");
        let lists = policies
            .iter()
            .chain(conditional.values().copied())
            .map(|policy| &policy["PolicyDocument"]["Statement"]);
        for statement in lists.flat_map(|list| list.as_array().expect("statements")) {
            for action in texts(&statement["Action"]) {
                assert!(!action.contains('*'), "{id}: {action}");
                let is_everything = texts(&statement["Resource"]).contains(&"*".to_owned());
                assert!(
                    !is_everything || WITHOUT_RESOURCE.contains(&action.as_str()),
                    "{id}: {action}"
                );
            }
        }
    }
}
