//! The door's certificate: PEM files → a rustls configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetup {
    /// A file is missing or not PEM of the right kind.
    #[error("{path}: {why}")]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Key and certificate do not belong together, or are of an unknown kind.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Reads a certificate chain and its key.
pub fn server_config(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsSetup> {
    let bad = |path: &Path, why: String| TlsSetup::Pem { path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| bad(certificates, e.to_string()))?;
    if chain.is_empty() {
        return Err(bad(certificates, "holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| bad(key, e.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, private)?;
    Ok(Arc::new(config))
}
