//! What is spoken under HTTPS to a model's server.
//!
//! Knows which ciphers every server has: those that TLS 1.3 demands, and their like of TLS 1.2.
//! What else the library for TLS could do is then no part of the program.

use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::SignatureScheme;
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384,
};
use rustls::crypto::ring::kx_group;
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use std::sync::Arc;
use webpki::ring as checks;

/// What to make a connection with. Not the library's own default, which names everything there is.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            TLS13_AES_256_GCM_SHA384,
            TLS13_AES_128_GCM_SHA256,
            TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        signature_verification_algorithms: CHECKS,
        secure_random: &System,
        key_provider: &System,
    })
}

/// The signatures that a server's certificate may have: all that the default has.
static CHECKS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        checks::ECDSA_P256_SHA256,
        checks::ECDSA_P256_SHA384,
        checks::ECDSA_P384_SHA256,
        checks::ECDSA_P384_SHA384,
        checks::ED25519,
        checks::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        checks::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        checks::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        checks::RSA_PKCS1_2048_8192_SHA256,
        checks::RSA_PKCS1_2048_8192_SHA384,
        checks::RSA_PKCS1_2048_8192_SHA512,
        checks::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        checks::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        checks::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[checks::ECDSA_P384_SHA384, checks::ECDSA_P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[checks::ECDSA_P256_SHA256, checks::ECDSA_P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[checks::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[checks::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[checks::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[checks::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[checks::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[checks::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[checks::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

/// The system's random numbers; and no keys, since a client never shows a certificate of its own.
#[derive(Debug)]
struct System;

impl SecureRandom for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new().fill(bytes).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for System {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("there are no keys".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_signature_the_default_checks_is_checked() {
        let default = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        assert_eq!(CHECKS.supported_schemes(), default.supported_schemes());
        assert_eq!(CHECKS.all.len(), default.all.len());
        let mut bytes = [0; 32];
        assert!(System.fill(&mut bytes).is_ok() && bytes != [0; 32]);
    }
}
