//! The SMTP client against real sockets.

use std::sync::Arc;

use rcgen::{CertificateParams, Issuer, KeyPair};

/// A certificate authority for one test, and a server it vouches for.
pub struct Authority {
    pub roots_pem: String,
    chain_pem: String,
    key_pem: String,
}

impl Authority {
    pub fn new() -> Authority {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let roots_pem = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        Authority { roots_pem, chain_pem: leaf.pem(), key_pem: key.serialize_pem() }
    }

    pub fn server(&self) -> Arc<rustls::ServerConfig> {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        std::fs::write(&chain, &self.chain_pem).unwrap();
        std::fs::write(&key, &self.key_pem).unwrap();
        tactgate::accept::smtp::tls::server_config(&chain, &key).unwrap()
    }
}
