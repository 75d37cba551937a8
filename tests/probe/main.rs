//! Probes and drives over every way there is, against real databases and commands: they show the
//! same, change nothing that they should not, and leave nothing behind.

mod command;
mod same;
mod server;
mod sql;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use countersign::history::{Answer, Redaction};
use countersign::io::hands::{Hands, Place};
use countersign::io::{drive, probe};
use countersign::merchant::{Known, Outside, Profile, read};
use countersign::model::{Observation, Reference};

const EXE: &str = env!("CARGO_BIN_EXE_countersign");

/// A profile with these sections `drive`, `observe` and `lifecycle`.
fn profile(sections: &str) -> Profile {
    let text = format!(
        "version: 1\n\
         merchant: {{name: m, base_url: \"http://127.0.0.1:80\", webhook: {{path: /w}}}}\n\
         provider: {{listen: \"127.0.0.1:9\", api_key: k, webhook_secret: s, rails: [usdt-tron]}}\n\
         {sections}"
    );
    let known =
        Known { rules: &[], signatures: &["standard-webhooks"], scope_words: &[], profiles: &[] };
    let profile = read(&text, "m.yaml", "/".into(), &Outside::NOTHING, &known);
    profile.unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

fn hands(url: &str, folder: &Path) -> Hands {
    let redaction = Redaction::default();
    let folder = folder.to_owned();
    let place = Place { exe: Path::new(EXE), folder, start: None, redaction: &redaction };
    Hands::new(url, Duration::from_secs(10), &place, BTreeMap::new()).unwrap()
}

/// What is seen of an order, in a shop of which only the address of its database is asked.
async fn look(sections: &str, folder: &Path, reference: &str) -> Result<Observation, String> {
    let hands = hands("http://127.0.0.1:9", folder);
    probe::observe(&hands, &profile(sections), &Reference::new(reference)).await
}

async fn do_(sections: &str, folder: &Path, verb: &str, values: &[(&'static str, &str)]) -> Answer {
    let hands = hands("http://127.0.0.1:9", folder);
    let values = values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    drive::drive(&hands, &profile(sections), verb, &values).await
}
