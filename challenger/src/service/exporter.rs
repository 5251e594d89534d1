//! Metrics for Prometheus, over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use super::http::{Answer, serve};

/// The server cannot listen at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics at {address}: {source}")]
pub struct ExportError {
    /// The address.
    pub address: String,
    /// Why.
    pub source: std::io::Error,
}

/// Answers every request with the newest metrics.
#[derive(Debug)]
pub struct Exporter(Arc<Mutex<String>>);

impl Exporter {
    /// Listens at an address.
    ///
    /// # Errors
    /// If nobody can listen there.
    pub fn serve(address: &str) -> Result<Self, ExportError> {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = text.clone();
        let served = serve(address, move |_| Answer {
            status: "200 OK",
            kind: "text/plain; version=0.0.4",
            headers: &[],
            body: shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        });
        served.map_err(|source| ExportError {
            address: address.to_owned(),
            source,
        })?;
        Ok(Self(text))
    }

    /// Replaces the metrics.
    pub fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}
