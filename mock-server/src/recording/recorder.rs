use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;

use super::forward::Forward;
use super::tape::Tape;
use crate::front::{self, Running};
use crate::tasks::Tasks;

/// What a recorder is started with.
#[derive(Clone, Debug)]
pub struct RecordConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The TCP port; 0 takes a free one.
    pub port: u16,
    /// The server that is recorded.
    pub upstream: Upstream,
    /// The file; what is in it is overwritten.
    pub file: PathBuf,
    /// Whether what clients connect with is hidden: `auth` and the values in the address.
    pub redact: bool,
}

/// A server's URL: `http://HOST` or `http://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    pub(super) authority: String,
    pub(super) port: u16,
    pub(super) host: String,
}

/// A running recorder: it stands between clients and a real server, and writes down what they say.
///
/// It runs on the runtime that started it, until [`Recorder::shutdown`] or the end of the runtime.
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use sockeye_mock::{RecordConfig, Recorder};
///
/// let upstream = "http://127.0.0.1:3000".parse()?;
/// let file = "session.jsonl".into();
/// let host = "127.0.0.1".to_owned();
/// let config = RecordConfig { host, port: 0, upstream, file, redact: true };
/// let recorder = Recorder::start(config).await?;
/// println!("{} instead of the server's address", recorder.url());
/// recorder.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Recorder {
    running: Running,
}

/// Why a recorder did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {host}:{port}; choose another port with --port N (0 takes a free one)"
    )]
    Listen {
        /// The host, as configured.
        host: String,
        /// The port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the recording {path}")]
    File {
        /// The file, as configured.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl Recorder {
    /// Starts a recorder; it accepts connections when this returns.
    ///
    /// The upstream is asked for when the first client comes.
    ///
    /// # Errors
    ///
    /// [`RecorderError`] when the address cannot be listened on, or the file cannot be written.
    pub async fn start(config: RecordConfig) -> Result<Self, RecorderError> {
        let RecordConfig { host, port, upstream, file, redact } = config;
        let listening = front::bind((host.as_str(), port))
            .await
            .map_err(|source| RecorderError::Listen { host, port, source })?;
        // After the port: a recording is not emptied by a start that fails.
        let tape = Tape::create(&file, &upstream.to_string(), redact)
            .map_err(|source| RecorderError::File { path: file, source })?;
        let tasks = Tasks::default();
        let forward = Forward::new(upstream, Arc::new(tape), tasks.clone());
        let app =
            Router::new().fallback(async move |request: Request| forward.respond(request).await);
        Ok(Self { running: Running::start(listening, app, tasks) })
    }

    /// Returns the URL that takes the server's place, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Stops accepting and drops all connections; what was said is in the file.
    pub async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

impl std::str::FromStr for Upstream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "not a URL such as http://localhost:3000".to_owned();
        let uri: Uri = text.parse().map_err(|_| shape())?;
        let path_is_empty = matches!(uri.path(), "" | "/") && uri.query().is_none();
        match (uri.scheme_str(), uri.authority()) {
            (Some("https"), _) => {
                Err("https is not spoken; record on the side of http, behind what ends TLS"
                    .to_owned())
            }
            (Some("http"), Some(authority)) if path_is_empty => Ok(Self {
                authority: authority.to_string(),
                port: authority.port_u16().unwrap_or(80),
                host: authority.host().trim_matches(['[', ']']).to_owned(),
            }),
            _ => Err(shape()),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upstream_is_a_url() {
        let upstream: Upstream = "http://localhost:3000/".parse().unwrap();
        assert_eq!((upstream.host.as_str(), upstream.port), ("localhost", 3000));
        assert_eq!(upstream.to_string(), "http://localhost:3000");
        assert_eq!("http://a.example".parse::<Upstream>().unwrap().port, 80);
        assert_eq!("http://[::1]:7".parse::<Upstream>().unwrap().host, "::1");
        for wrong in
            ["localhost:3000", "ws://a", "http://a/socket.io", "http://a?b", "https://a", ""]
        {
            assert!(wrong.parse::<Upstream>().is_err(), "{wrong}");
        }
    }
}
