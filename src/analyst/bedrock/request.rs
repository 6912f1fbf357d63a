//! A question as Converse takes it, and what came back.

use std::collections::HashMap;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, GuardrailConfiguration, InferenceConfiguration,
    JsonSchemaDefinition, Message, OutputConfig, OutputFormat, OutputFormatStructure,
    OutputFormatType, SpecificToolChoice, StopReason, SystemContentBlock, Tool, ToolChoice,
    ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;

use super::capabilities::{Capabilities, Contract};
use super::parse::{self, ParseError};
use super::prompt::Prompt;
use super::{BedrockSettings, schema};
use crate::analyst::{Fallback, Usage};

const SCHEMA_ABOUT: &str = "What happened, why, and what to do.";

/// The call that asks `prompt`.
pub(super) fn converse(
    client: &Client,
    settings: &BedrockSettings,
    capabilities: Capabilities,
    prompt: &Prompt,
) -> ConverseFluentBuilder {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(prompt.user.clone()))
        .build()
        .expect("role and content are given");
    let call = client
        .converse()
        .model_id(&settings.model)
        .system(SystemContentBlock::Text(prompt.system.clone()))
        .messages(message)
        .inference_config(inference(settings, capabilities))
        .set_guardrail_config(guardrail(settings));
    match capabilities.contract {
        Contract::Schema => call.output_config(json_schema()),
        Contract::Tool => call.tool_config(forced_tool()),
        Contract::StopToken => call,
    }
}

fn inference(settings: &BedrockSettings, capabilities: Capabilities) -> InferenceConfiguration {
    let most = i32::try_from(settings.max_output_tokens).unwrap_or(i32::MAX);
    let inference = InferenceConfiguration::builder()
        .max_tokens(most)
        .set_temperature(
            capabilities
                .temperature
                .then_some(settings.temperature as f32),
        );
    let inference = match capabilities.contract {
        Contract::StopToken => inference.stop_sequences(&settings.stop_token),
        Contract::Schema | Contract::Tool => inference,
    };
    inference.build()
}

fn guardrail(settings: &BedrockSettings) -> Option<GuardrailConfiguration> {
    let (id, version) = settings.guardrail.as_ref()?;
    let guardrail = GuardrailConfiguration::builder()
        .guardrail_identifier(id)
        .guardrail_version(version);
    Some(guardrail.build())
}

fn json_schema() -> OutputConfig {
    let definition = JsonSchemaDefinition::builder()
        .name(schema::NAME)
        .description(SCHEMA_ABOUT)
        .schema(schema::text())
        .build()
        .expect("the schema is given");
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(definition))
        .build()
        .expect("the type is given");
    OutputConfig::builder().text_format(format).build()
}

fn forced_tool() -> ToolConfiguration {
    let specification = ToolSpecification::builder()
        .name(schema::NAME)
        .description(SCHEMA_ABOUT)
        .input_schema(ToolInputSchema::Json(document(&schema::value())))
        .build()
        .expect("name and schema are given");
    let choice = SpecificToolChoice::builder()
        .name(schema::NAME)
        .build()
        .expect("the name is given");
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(specification))
        .tool_choice(ToolChoice::Tool(choice))
        .build()
        .expect("a tool is given")
}

/// Adds the tokens that `output` cost to `usage`.
pub(super) fn count(output: &ConverseOutput, usage: &mut Usage) {
    let Some(tokens) = output.usage() else {
        return;
    };
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
    usage.input_tokens += count(tokens.input_tokens);
    usage.output_tokens += count(tokens.output_tokens);
}

/// What became of a question, by why the model stopped.
pub(super) enum Reply {
    /// The JSON of an answer, or why there is none.
    Said(Result<Value, ParseError>),
    /// Nothing that asking again would mend.
    Ended(Fallback),
}

/// What `output` says.
pub(super) fn reply(output: &ConverseOutput, stop_token: &str, usage: &mut Usage) -> Reply {
    match output.stop_reason() {
        StopReason::MaxTokens => return Reply::Ended(Fallback::CutOff),
        StopReason::ContentFiltered => return Reply::Ended(Fallback::Refused),
        StopReason::GuardrailIntervened => {
            usage.guardrail_interventions += 1;
            return Reply::Ended(Fallback::Guardrail);
        }
        StopReason::MalformedModelOutput | StopReason::MalformedToolUse => {
            return Reply::Said(Err(ParseError::Malformed));
        }
        // The SDK has no name for it yet.
        other if other.as_str() == "refusal" => return Reply::Ended(Fallback::Refused),
        _ => {}
    }
    Reply::Said(content(output, stop_token))
}

fn content(output: &ConverseOutput, stop_token: &str) -> Result<Value, ParseError> {
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(Message::content).unwrap_or_default();
    let mut text = String::new();
    for block in blocks {
        match block {
            ContentBlock::ToolUse(call) if call.name() == schema::NAME => {
                let value = value(call.input());
                return match value.to_string().len() {
                    length if length > parse::MAX_ANSWER_BYTES => Err(ParseError::TooLong),
                    _ => Ok(value),
                };
            }
            ContentBlock::Text(part) => text.push_str(part),
            _ => {}
        }
    }
    parse::object_in(&text, stop_token)
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), document(value)));
            Document::Object(fields.collect::<HashMap<_, _>>())
        }
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => Document::Number(Number::PosInt(whole)),
            (None, float) => Document::Number(Number::Float(float.unwrap_or_default())),
        },
    }
}

fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(truth) => Value::Bool(*truth),
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => items.iter().map(value).collect(),
        Document::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, inner)| (name.clone(), value(inner)));
            Value::Object(fields.collect())
        }
        Document::Number(number) => match *number {
            Number::PosInt(whole) => Value::from(whole),
            Number::NegInt(whole) => Value::from(whole),
            Number::Float(float) => Value::from(float),
        },
    }
}
