//! The emulators that are Python programs.

use std::ops::Deref;
use std::sync::OnceLock;

use crate::EmulatorError;
use crate::install::Package;
use crate::process::{Process, Program, Settings};

const MINISTACK: Program = Program {
    package: Package {
        name: "ministack",
        requirements: include_str!("../requirements/ministack.txt"),
    },
    module: "ministack",
    settings: |port| Settings {
        arguments: Vec::new(),
        environment: vec![
            ("BIND_HOST", "127.0.0.1".into()),
            ("GATEWAY_PORT", port.to_string()),
            // Listeners on fixed ports, where several of these would meet.
            ("IOT_MTLS_ENABLED", "0".into()),
            ("SFTP_ENABLED", "0".into()),
        ],
    },
    probe: "/_ministack/health",
};

const MOTO: Program = Program {
    package: Package {
        name: "moto",
        requirements: include_str!("../requirements/moto.txt"),
    },
    module: "moto.server",
    settings: |port| Settings {
        arguments: vec![
            "-H".into(),
            "127.0.0.1".into(),
            "-p".into(),
            port.to_string(),
        ],
        environment: Vec::new(),
    },
    probe: "/moto-api/data.json",
};

/// A whole account: DynamoDB, S3, SNS, SQS, Lambda, CloudFormation with SAM, CloudTrail...
#[derive(Debug)]
pub struct Ministack(Process);

impl Ministack {
    /// Starts one of its own, which ends when it is dropped.
    ///
    /// # Errors
    ///
    /// When it cannot be installed or does not answer.
    pub fn start() -> Result<Self, EmulatorError> {
        Self::start_with(&[])
    }

    /// Starts one with environment variables such as `CLOUDTRAIL_RECORDING`.
    ///
    /// # Errors
    ///
    /// When it cannot be installed or does not answer.
    pub fn start_with(environment: &[(&str, &str)]) -> Result<Self, EmulatorError> {
        Process::start(&MINISTACK, environment).map(Self)
    }

    /// The one that all tests of this process share, each with tables and streams of its own names.
    /// It ends with the process.
    ///
    /// # Panics
    ///
    /// With the reason, when it cannot be installed or does not answer.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Ministack> = OnceLock::new();
        SHARED.get_or_init(|| match Self::start() {
            Ok(started) => started,
            Err(error) => panic!("{error}"),
        })
    }
}

impl Deref for Ministack {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

/// WAFv2 with lock tokens, and Security Hub.
#[derive(Debug)]
pub struct Moto(Process);

impl Moto {
    /// Starts one, which ends when it is dropped.
    ///
    /// # Errors
    ///
    /// When it cannot be installed or does not answer.
    pub fn start() -> Result<Self, EmulatorError> {
        Process::start(&MOTO, &[]).map(Self)
    }
}

impl Deref for Moto {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::Client;

    use super::*;

    #[tokio::test]
    async fn ministack_answers_and_is_shared() {
        let ministack = Ministack::shared();
        let tables = Client::new(&ministack.sdk_config()).list_tables().send();
        assert!(tables.await.expect("answers").table_names().is_empty());
        assert_eq!(Ministack::shared().endpoint(), ministack.endpoint());
        assert!(ministack.log().exists());
        assert!(ministack.log_tail().contains("Running"));
    }

    #[test]
    #[ignore = "installs 300 MB; run it when its requirements change"]
    fn moto_answers() {
        let moto = Moto::start().expect("starts");
        assert!(moto.endpoint().starts_with("http://127.0.0.1:"));
        assert!(moto.log_tail().contains("moto-api"), "{}", moto.log_tail());
    }
}
