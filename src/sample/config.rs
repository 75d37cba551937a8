//! What the sample merchant is started with: its environment and one switch.

use std::env;
use std::path::PathBuf;

use super::SampleError;
use super::defect::{DEFECTS, Defect, Fault, defect_by_name};

/// A merchant's configuration.
#[derive(Clone)]
pub struct Config {
    /// `PORT`: where it listens on 127.0.0.1.
    pub port: u16,
    /// `DB`: its SQLite file, kept from start to start.
    pub db: PathBuf,
    /// `PAYMENTS_API`: base URL of the payment service, without a trailing slash.
    pub payments_api: String,
    /// `PAYMENTS_KEY`: its API key there.
    pub payments_key: String,
    /// `PAYMENTS_ACCOUNT`: its account there; events of any other are not its own.
    pub payments_account: String,
    /// `WEBHOOK_SECRET`: `whsec_` and the key in base64.
    pub webhook_secret: String,
    /// `LIVEMODE`: whether it takes real money; events of the other mode are not its own.
    pub livemode: bool,
    /// The planted defect; none: it is sound.
    pub defect: Option<&'static Defect>,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable that is missing or unreadable, or a defect that does not exist.
    pub fn from_env(defect: Option<&str>) -> Result<Self, SampleError> {
        let port = required("PORT")?;
        let livemode = env::var("LIVEMODE").unwrap_or_else(|_| "true".to_owned());
        Ok(Self {
            port: port.parse().map_err(|_| SampleError::Variable { name: "PORT", value: port })?,
            db: required("DB")?.into(),
            payments_api: required("PAYMENTS_API")?.trim_end_matches('/').to_owned(),
            payments_key: required("PAYMENTS_KEY")?,
            payments_account: required("PAYMENTS_ACCOUNT")?,
            webhook_secret: required("WEBHOOK_SECRET")?,
            livemode: livemode
                .parse()
                .map_err(|_| SampleError::Variable { name: "LIVEMODE", value: livemode })?,
            defect: defect.map(find_defect).transpose()?,
        })
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.defect.map(|defect| defect.fault)
    }
}

fn required(name: &'static str) -> Result<String, SampleError> {
    env::var(name).ok().filter(|value| !value.is_empty()).ok_or(SampleError::Missing(name))
}

fn find_defect(name: &str) -> Result<&'static Defect, SampleError> {
    defect_by_name(name).ok_or_else(|| SampleError::UnknownDefect {
        name: name.to_owned(),
        known: DEFECTS.iter().map(|defect| defect.name).collect::<Vec<_>>().join(", "),
    })
}
