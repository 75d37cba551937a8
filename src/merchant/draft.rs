//! A first `countersign.yaml`, written with comments for whoever goes on from it.
//!
//! Knows what was answered and how the file reads, and nothing of who was asked.

/// How the merchant comes to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Running {
    /// Countersign starts it.
    Started {
        /// Program and arguments.
        command: Vec<String>,
        /// What comes before the first start.
        prepare: Vec<Vec<String>>,
        /// The variable that it takes its port from.
        port_variable: Option<String>,
        /// Seconds that it may take to come up.
        ready_within_s: u32,
    },
    /// It runs already, and was told these.
    Already {
        /// Where the provider listens, such as `127.0.0.1:8090`.
        listen: String,
        /// The key that opens its API.
        api_key: String,
        /// What webhooks are signed with.
        webhook_secret: String,
    },
}

/// What the file is written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where the schema is, seen from the file.
    pub schema: String,
    /// `merchant.name`.
    pub name: String,
    /// `merchant.base_url`.
    pub base_url: String,
    /// `merchant.webhook.path`.
    pub webhook: String,
    /// The path of the checkout.
    pub checkout: String,
    /// The path that answers 2xx once it is ready; none: its port opens.
    pub ready: Option<String>,
    /// `provider.rails`; never empty.
    pub rails: Vec<String>,
    /// How it comes to run.
    pub running: Running,
}

/// The file, with what differs in marks.
const FILE: &str = r#"# yaml-language-server: $schema=«schema»
# How countersign starts, drives and observes this service, and what it promises.
#   countersign check     reads this file, starts nothing
#   countersign doctor    starts the service and says what is wired wrongly
#   countersign run       judges it
# What stands in braces is filled in when a run starts; ${NAME} comes from your environment.
version: 1

merchant:
  name: «name»
  base_url: «base_url»
  webhook:
    path: «webhook»
    signature: standard-webhooks
«start»
# The payment service, as this merchant meets it.
provider:
  mode: live                      # the mode that goes to production, or test
«provider»  rails: [«rails»]

# How it is made to act: opening an order has to make it create a payment for it.
drive:
  checkout:
    http:
      method: POST
      path: «checkout»
      json: {reference: "{reference}", amount: "{amount}", asset: "{asset}", network: "{network}"}
  # reconcile: {http: {method: POST, path: /internal/reconcile}}      # runs its own recovery now

# Where its state is read. A service that answers GET /countersign/orders/{reference} as the
# observation contract says needs none of this; otherwise map what it shows already:
# observe:
#   order:
#     http: {path: "/orders/{reference}"}
#     map: {state: /status, fulfilments: /shipments/count}      # JSON pointers into the answer
#   ledger:
#     http: {path: "/ledger?reference={reference}"}
#     each: /postings
#     map: {id: /id, kind: /kind, amount: /amount, asset: /asset}
#   exceptions:
#     http: {path: "/exceptions?reference={reference}"}
#     each: /items
#     map: {class: /type}
# lifecycle:                      # our states on the left, your words for them on the right
#   awaiting:    [new]
#   provisional: [processing]
#   paid:        [paid]
#   exception:   [on_hold]
#   cancelled:   [expired, cancelled]
#   refunded:    [refunded]

# What it promises; finance signs this.
policy:
  fulfil_at: confirmed            # paid, confirmed or settled: when goods may leave
  post_at: confirmed              # confirmed or settled: when the books may move

# What it does not have, always with a reason that reports show.
# scope:
#   absent: [payouts, vouchers]
#   reason: "one shop, no stored value"
"#;

const START: &str = r#"  start:
    command: [«command»]
«prepare»    env:                          # on the left, the names that your service reads
«port»      PAYMENTS_API: "{provider.url}"
      PAYMENTS_KEY: "{provider.api_key}"
      WEBHOOK_SECRET: "{webhook.secret}"
      # DATABASE: "{scratch}/shop.db"      # an empty folder of each run
    ready: {«ready»within: «within»s}
"#;

const ALREADY: &str =
    "  # Start the merchant with http://«listen» for the address of the API, and with these:
  listen: «listen»
  api_key: «api_key»
  webhook_secret: «webhook_secret»
";

impl Draft {
    /// The file's text.
    #[must_use]
    pub fn render(&self) -> String {
        let (start, provider) = match &self.running {
            Running::Started { command, prepare, port_variable, ready_within_s } => {
                let prepare = prepare.iter().map(|command| format!("[{}]", words(command)));
                let prepare = prepare.collect::<Vec<_>>().join(", ");
                let prepare = match prepare.is_empty() {
                    true => prepare,
                    false => format!("    prepare: [{prepare}]      # before the first start\n"),
                };
                let port = port_variable.as_ref();
                let port = port.map(|name| format!("      {name}: \"{{port}}\"\n"));
                let ready = self.ready.as_ref().map(|path| format!("http: {}, ", word(path)));
                let marks = [
                    ("command", words(command)),
                    ("prepare", prepare),
                    ("port", port.unwrap_or_default()),
                    ("ready", ready.unwrap_or_default()),
                    ("within", ready_within_s.to_string()),
                ];
                (filled(START, &marks), String::new())
            }
            Running::Already { listen, api_key, webhook_secret } => {
                let marks = [
                    ("listen", listen.clone()),
                    ("api_key", api_key.clone()),
                    ("webhook_secret", webhook_secret.clone()),
                ];
                (String::new(), filled(ALREADY, &marks))
            }
        };
        let marks = [
            ("schema", self.schema.clone()),
            ("name", word(&self.name)),
            ("base_url", self.base_url.clone()),
            ("webhook", word(&self.webhook)),
            ("start", start),
            ("provider", provider),
            ("rails", words(&self.rails)),
            ("checkout", word(&self.checkout)),
        ];
        filled(FILE, &marks)
    }
}

/// The text with every mark replaced, once: what is filled in is not looked into again.
fn filled(text: &str, marks: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('«').and_then(|(before, rest)| Some((before, rest.split_once('»')?)))
    {
        let value = marks.iter().find(|(known, _)| *known == name);
        out.push_str(before);
        out.push_str(&value.expect("every mark of the file has a value").1);
        rest = after;
    }
    out + rest
}

fn words(all: &[String]) -> String {
    all.iter().map(|text| word(text)).collect::<Vec<_>>().join(", ")
}

/// A scalar that YAML takes for this text and nothing else.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '.');
    let means_more = ["true", "false", "null", "yes", "no", "on", "off"];
    if begins
        && text.chars().all(is_plain)
        && !means_more.contains(&text.to_ascii_lowercase().as_str())
    {
        return text.to_owned();
    }
    // A JSON string is a double-quoted scalar of YAML.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::{Known, Outside, Profile, read};

    fn draft(name: &str, running: Running) -> Draft {
        let base_url = match running {
            Running::Started { .. } => "http://127.0.0.1:{port}",
            Running::Already { .. } => "http://127.0.0.1:4000",
        };
        Draft {
            schema: "countersign.schema.json".to_owned(),
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            webhook: "/webhooks/payments".to_owned(),
            checkout: "/api/orders?dry=no".to_owned(),
            ready: Some("/healthz".to_owned()),
            rails: vec!["usdt-tron".to_owned(), "xrp-xrpl".to_owned()],
            running,
        }
    }

    fn started(command: &[&str]) -> Running {
        Running::Started {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            prepare: vec![vec!["bin/rails".to_owned(), "db:prepare".to_owned()]],
            port_variable: Some("PORT".to_owned()),
            ready_within_s: 20,
        }
    }

    #[track_caller]
    fn read_back(draft: &Draft) -> Profile {
        let text = draft.render();
        let known = Known {
            rules: &[],
            signatures: &["standard-webhooks"],
            profiles: &[],
            scope_words: &[],
        };
        let profile = read(&text, "m.yaml", "/".into(), &Outside::NOTHING, &known);
        profile.unwrap_or_else(|errors| panic!("{errors}\n{text}"))
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let odd = ["node", "it's", "a: b", "#c", "true", "7", "", "{port}", "--port={port}", "-p"];
        let profile = read_back(&draft("no: \"shop\" #1", started(&odd)));
        let start = profile.start.unwrap();
        assert_eq!(profile.name, "no: \"shop\" #1");
        assert_eq!(start.command, odd);
        assert_eq!(start.prepare, [["bin/rails", "db:prepare"]]);
        assert_eq!(start.ready.http.as_deref(), Some("/healthz"));
        assert_eq!(profile.provider.rails, ["usdt-tron", "xrp-xrpl"]);
    }

    #[test]
    fn one_that_runs_already_is_given_what_it_must_be_started_with() {
        let running = Running::Already {
            listen: "127.0.0.1:8090".to_owned(),
            api_key: "sk_live_1".to_owned(),
            webhook_secret: "whsec_MDEy".to_owned(),
        };
        let profile = read_back(&draft("shop", running));
        assert_eq!((profile.start, &*profile.provider.listen), (None, "127.0.0.1:8090"));
        assert_eq!(profile.provider.api_key.as_deref(), Some("sk_live_1"));
    }

    /// Whoever follows the comments must not meet an error.
    #[test]
    fn what_is_commented_out_is_valid_as_well() {
        let text = draft("shop", started(&["node"])).render();
        let (before, after) = text.split_once("# observe:").unwrap();
        let after = format!("# observe:{after}");
        let lines = after.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(": ") || rest.ends_with(':') => rest,
            _ => line,
        });
        let text = format!("{before}{}", lines.collect::<Vec<_>>().join("\n"));
        let words = ["payouts", "vouchers"];
        let known = Known {
            rules: &[],
            signatures: &["standard-webhooks"],
            profiles: &[],
            scope_words: &words,
        };
        let profile = read(&text, "m.yaml", "/".into(), &Outside::NOTHING, &known);
        let profile = profile.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        assert!(profile.observe.is_some_and(|observe| observe.exceptions.is_some()));
        assert_eq!((profile.lifecycle.len(), profile.scope.absent.len()), (7, 2));
    }
}
