//! The certificate in which a public key travels where a provider hands out certificates.

use std::str::FromStr;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use p256::pkcs8::LineEnding;
use rsa::pkcs1v15;
use sha2::Sha256;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Result};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::UtcTime;
use x509_cert::der::{DateTime, Decode, EncodePem};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::pair::Private;

/// A certificate that signs itself and names nobody.
struct Plain(Name);

impl BuilderProfile for Plain {
    fn get_issuer(&self, _: &Name) -> Name {
        self.0.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> Result<Vec<Extension>> {
        Ok(Extensions::default())
    }
}

/// The public half in a certificate; its years are fixed, so that it repeats.
pub(super) fn certificate(private: &Private) -> Option<String> {
    let Private::Rsa(key) = private else { return None };
    let year = |year| {
        let first = DateTime::new(year, 1, 1, 0, 0, 0).ok()?;
        UtcTime::from_date_time(first).ok().map(Time::UtcTime)
    };
    let validity = Validity::new(year(2020)?, year(2049)?);
    let info = SubjectPublicKeyInfo::from_der(&private.public().spki()).ok()?;
    let name = Name::from_str("CN=webhooks").ok()?;
    let builder = CertificateBuilder::new(Plain(name), SerialNumber::from(1_u32), validity, info);
    let signer = pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
    let mut rng = ChaCha20Rng::from_seed([0; 32]);
    let certificate = builder.ok()?.build_with_rng(&signer, &mut rng).ok()?;
    certificate.to_pem(LineEnding::LF).ok()
}
