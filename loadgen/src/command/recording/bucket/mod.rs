//! Objects of a bucket.

mod body;

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::DisplayErrorContext;
use tokio::runtime::Runtime;
use wafwatch_loadgen::stream::connect;

use body::Body;

/// Objects of a run, so that a mistake in the prefix ends in words.
const MAX_OBJECTS: usize = 100_000;

/// How a bucket is reached.
#[derive(Debug)]
struct Access {
    runtime: Runtime,
    client: Client,
    bucket: String,
}

/// An object as it was listed.
#[derive(Debug, Clone)]
pub struct Object {
    access: Arc<Access>,
    key: String,
    version: String,
}

impl Object {
    /// Its bytes from the first one on.
    pub fn open(&self) -> Box<dyn Read + Send> {
        Box::new(Body::of(self.clone()))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.access.bucket, self.key)
    }
}

/// All objects of `bucket` whose keys begin with `prefix`, in the order of their keys.
pub fn list(bucket: &str, prefix: &str) -> anyhow::Result<Vec<Object>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot wait for a network")?;
    let config = runtime.block_on(connect());
    // An emulator has no host name for every bucket.
    let is_emulated = config.endpoint_url().is_some();
    let config = Builder::from(&config)
        .force_path_style(is_emulated)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::standard())
        .build();
    let access = Arc::new(Access {
        client: Client::from_conf(config),
        bucket: bucket.to_owned(),
        runtime,
    });
    let listed = access.runtime.block_on(listed(&access, prefix))?;
    let object = |(key, version)| Object {
        access: Arc::clone(&access),
        key,
        version,
    };
    Ok(listed.into_iter().map(object).collect())
}

async fn listed(access: &Access, prefix: &str) -> anyhow::Result<Vec<(String, String)>> {
    let list = access.client.list_objects_v2().bucket(&access.bucket);
    let mut pages = list.prefix(prefix).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let problem = DisplayErrorContext(&error).to_string();
            anyhow::anyhow!("cannot list s3://{}/{prefix}: {problem}", access.bucket)
        })?;
        for object in page.contents.unwrap_or_default() {
            // Folders that a console made are objects without anything in them.
            if object.size != Some(0)
                && let Some(key) = object.key
            {
                found.push((key, object.e_tag.unwrap_or_default()));
            }
        }
        if found.len() > MAX_OBJECTS {
            bail!(
                "more than {MAX_OBJECTS} objects begin with s3://{}/{prefix}: name a longer prefix",
                access.bucket
            );
        }
    }
    Ok(found)
}
