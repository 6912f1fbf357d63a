//! Functions inside the emulated account, run by its event source mappings.
//!
//! There is no SDK for Lambda here: two calls do not pay for compiling it. The function's archive
//! holds a script that runs the binary where it was built, so that nothing large is sent.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Crc;
use serde_json::{Value, json};
use ureq::Agent;

use crate::{EmulatorError, Ministack};

/// Seconds that a call may take.
const TIMEOUT_SECONDS: u32 = 60;
const SCRIPT_NAME: &str = "bootstrap";

impl Ministack {
    /// Makes `binary` the function `name`, with these environment variables.
    ///
    /// # Errors
    ///
    /// When the emulator refuses.
    pub fn create_function(
        &self,
        name: &str,
        binary: &Path,
        environment: &[(&str, &str)],
    ) -> Result<(), EmulatorError> {
        let script = format!("#!/bin/sh\nexec '{}'\n", binary.display());
        let variables = environment.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        let function = json!({
            "FunctionName": name,
            "Runtime": "provided.al2023",
            "Handler": SCRIPT_NAME,
            "Role": "arn:aws:iam::000000000000:role/test",
            "Timeout": TIMEOUT_SECONDS,
            "MemorySize": 512,
            "Code": {"ZipFile": STANDARD.encode(archive(SCRIPT_NAME, script.as_bytes()))},
            "Environment": {"Variables": Value::Object(variables.collect())},
        });
        self.call_lambda("/2015-03-31/functions", &function)
    }

    /// Hands the records of a stream, from its beginning, to a function: of a Kinesis stream, or of
    /// a table's stream. `filter` is an event pattern.
    ///
    /// # Errors
    ///
    /// When the emulator refuses.
    pub fn map_stream(
        &self,
        source_arn: &str,
        function: &str,
        filter: Option<&Value>,
    ) -> Result<(), EmulatorError> {
        let mut mapping = json!({
            "EventSourceArn": source_arn,
            "FunctionName": function,
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        if let Some(filter) = filter {
            mapping["FilterCriteria"] = json!({"Filters": [{"Pattern": filter.to_string()}]});
        }
        self.call_lambda("/2015-03-31/event-source-mappings", &mapping)
    }

    fn call_lambda(&self, path: &str, body: &Value) -> Result<(), EmulatorError> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .new_agent();
        let refused = |problem: String| EmulatorError::Refused {
            emulator: "ministack",
            call: path.to_owned(),
            problem,
        };
        let mut answer = agent
            .post(format!("{}{path}", self.endpoint()))
            .header("Content-Type", "application/json")
            // What tells the emulator whose call it is; it checks no signature.
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .send(body.to_string().as_bytes())
            .map_err(|error| refused(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        Err(refused(format!("{}: {text}", answer.status())))
    }
}

/// A ZIP archive of one executable file, stored as it is.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let name_length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    // Version 2.0, no flags, stored, midnight of the first day that ZIP knows.
    let mut common = Vec::new();
    for field in [20_u16, 0, 0, 0, 0x21] {
        common.extend(field.to_le_bytes());
    }
    for field in [crc.sum(), size, size] {
        common.extend(field.to_le_bytes());
    }
    common.extend(name_length.to_le_bytes());
    common.extend(0_u16.to_le_bytes());

    let mut archive = Vec::new();
    archive.extend(b"PK\x03\x04");
    archive.extend(&common);
    archive.extend(name.as_bytes());
    archive.extend(content);
    let directory = archive.len() as u32;
    archive.extend(b"PK\x01\x02");
    // Made on Unix, so that the mode below counts.
    archive.extend(0x0314_u16.to_le_bytes());
    archive.extend(&common);
    archive.extend([0; 6]);
    archive.extend((0o100_755_u32 << 16).to_le_bytes());
    archive.extend(0_u32.to_le_bytes());
    archive.extend(name.as_bytes());
    let directory_size = archive.len() as u32 - directory;
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 4]);
    archive.extend(1_u16.to_le_bytes());
    archive.extend(1_u16.to_le_bytes());
    archive.extend(directory_size.to_le_bytes());
    archive.extend(directory.to_le_bytes());
    archive.extend(0_u16.to_le_bytes());
    archive
}
