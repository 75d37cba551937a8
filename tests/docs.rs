//! The user's guide against the program: every word of the format, every code, every message and
//! every example on a page is one that exists, and none that exists is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign::input::InputErrors;
use countersign::merchant::{Known, Outside, Profile, read};
use countersign::model::{AccountEventKind, AmountState, EventKind, Flag, RAILS, SimTime, Status};
use countersign::provider::{ApiKey, ApiRequest, Config, PayoutStatus, Provider};
use countersign::rule::{RULES, SCOPE_WORDS};
use countersign::scenario::{gherkin, yaml};
use countersign::signature::{self, Message, Secret};
use serde_json::Value;

const PAGES: &[&str] = &[
    "README.md",
    "docs/provider.md",
    "docs/connect.md",
    "docs/scenarios.md",
    "docs/steps.md",
    "docs/signatures.md",
    "docs/api.md",
    "docs/sandbox.md",
    "docs/profiles.md",
];

fn page(name: &str) -> String {
    fs::read_to_string(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of that language, whole.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let inside = page.split("```").skip(1).step_by(2);
    let of = inside.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'));
    of.map(str::to_owned).collect()
}

/// Every word that stands in code within a line.
fn words(page: &str) -> BTreeSet<String> {
    let outside = page.split("```").step_by(2);
    let code = outside.flat_map(|text| text.split('`').skip(1).step_by(2));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut words = BTreeSet::new();
    for word in code.flat_map(|code| code.split(|c| !is_part(c))) {
        words.insert(word.to_owned());
        words.extend(word.split('.').map(str::to_owned));
    }
    words
}

#[track_caller]
fn has_all<'a>(name: &str, wanted: impl IntoIterator<Item = &'a str>) {
    let words = words(&page(name));
    let missing: Vec<_> = wanted.into_iter().filter(|word| !words.contains(*word)).collect();
    assert!(missing.is_empty(), "{name} lacks {missing:?}");
}

/// What the errors about `zz` name in its place.
fn accepted(errors: &InputErrors, but: &[&str]) -> BTreeSet<String> {
    let about = errors.0.iter().filter(|error| error.problem.starts_with("`zz` is no "));
    let about = about.filter(|error| !but.iter().any(|kind| error.problem.ends_with(kind)));
    let lists = about.filter_map(|error| error.expected.as_deref());
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let words = lists.flat_map(|list| list.split(|c| !is_part(c)));
    words.filter(|word| !word.is_empty() && *word != "or").map(str::to_owned).collect()
}

fn profile(text: &str) -> Result<Profile, InputErrors> {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let scope_words: Vec<&str> = SCOPE_WORDS.iter().map(|(word, _)| *word).collect();
    let signatures = signature::signing();
    let profiles = countersign::provider::profile::names();
    let known = Known {
        rules: &rules,
        signatures: &signatures,
        profiles: &profiles,
        scope_words: &scope_words,
    };
    let names = ["STAFF_TOKEN", "PAYMENTS_KEY", "WEBHOOK_SECRET"];
    let env = names.map(|name| (name.to_owned(), "value".to_owned())).into();
    let outside = Outside { env: &env, file: &|_| Ok("value".to_owned()) };
    read(text, "page.yaml", PathBuf::from("/shop"), &outside, &known)
}

#[test]
fn the_provider_page_has_every_word_and_every_code() {
    let known = EventKind::ALL.iter().map(|kind| kind.as_str());
    let known = known.chain(Status::ALL.iter().map(|status| status.as_str()));
    let known = known.chain(AmountState::ALL.iter().map(|state| state.as_str()));
    let known = known.chain(Flag::ALL.iter().map(|flag| flag.as_str()));
    let known = known.chain(AccountEventKind::ALL.iter().map(|kind| kind.as_str()));
    let known = known.chain(PayoutStatus::ALL.iter().map(|status| status.as_str()));
    has_all("docs/provider.md", known.chain(RAILS.iter().map(|rail| rail.id)));

    let (page, source) = (page("docs/provider.md"), page("src/provider/problem.rs"));
    let rows = source.split('(').filter_map(|rest| {
        let (status, rest) = rest.split_once(", \"")?;
        let (code, _) = rest.split_once('"')?;
        status.parse::<u16>().ok().map(|status| format!("| {status} | `{code}` |"))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 15, "the table of codes is not where it was");
    for row in &rows {
        assert!(page.contains(row), "docs/provider.md lacks {row}");
    }
    let is_row = |line: &&str| line.starts_with("| 4") || line.starts_with("| 5");
    assert_eq!(page.lines().filter(is_row).count(), rows.len() + 2);
}

/// A payment of 250 USDT on Tron, confirmed, and the event that says so.
fn confirmed() -> (Value, Value) {
    let config = Config {
        live: true,
        account: "acct_1".to_owned(),
        keys: vec![ApiKey::with_all_scopes("sk_live_key")],
        rails: RAILS.iter().collect(),
        seed: 1,
        nonce: "nonce".to_owned(),
        start: SimTime::from_unix_ms(1_767_608_128_412),
        profile: std::sync::Arc::default(),
        keyring: None,
    };
    let now = config.start;
    let mut provider = Provider::new(config);
    let headers = [("x-api-key", "sk_live_key"), ("idempotency-key", "order")];
    let body = r#"{"reference":"A","asset":"USDT","network":"tron","amount":"250.00"}"#;
    let request = ApiRequest {
        method: "POST".to_owned(),
        path: "/v1/payments".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: body.into(),
        ..ApiRequest::default()
    };
    let payment = provider.handle(&request, now, 1).payment.expect("it is created");
    provider.pay(&payment, 250_000_000, now).unwrap();
    let events = provider.mine(&payment, 20, now).unwrap();
    let event: Value = serde_json::from_slice(&events[0].body).unwrap();
    (event["data"]["payment"].clone(), event)
}

/// The same members in the same order, all the way down; what they hold differs from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
        Value::Array(items) => items.first().map(shape).into_iter().collect(),
        Value::Null => Value::Null,
        _ => Value::Bool(true),
    }
}

#[test]
fn payment_and_event_are_shown_as_they_are_served() {
    let page = page("docs/provider.md");
    let shown = |mark: &str| -> Value {
        let (_, rest) = page.split_once(&format!("<!-- {mark} -->\n")).expect(mark);
        serde_json::from_str(&blocks(rest, "json")[0]).unwrap()
    };
    let (payment, mut event) = confirmed();
    assert_eq!(shape(&shown("payment")).to_string(), shape(&payment).to_string());
    // The page shortens what it has shown above.
    let short = ["id", "status"].map(|name| (name.to_owned(), payment[name].clone()));
    event["data"]["payment"] = short.into_iter().collect();
    assert_eq!(shape(&shown("event")).to_string(), shape(&event).to_string());
}

#[test]
fn the_signature_to_try_is_right() {
    let page = page("docs/provider.md");
    let (_, part) = page.split_once("To try your own code").expect("the vector");
    let code: Vec<&str> = part.split('`').collect();
    let (secret, id, ts) = (code[1], code[3], code[5].parse::<i64>().unwrap());
    let body = &blocks(part, "json")[0];
    let (_, signature) = part.split_once("the signature is `").unwrap();
    let message = Message {
        id,
        ts: SimTime::from_unix_ms(ts * 1000),
        url: "",
        method: "POST",
        body: body.trim_end().as_bytes(),
    };
    let scheme = signature::scheme("standard-webhooks").unwrap();
    let signed = scheme.sign(&Secret::new(secret), &message).unwrap();
    assert_eq!(Some(signed.headers[3].1.as_str()), signature.split('`').next());
}

#[test]
fn the_connecting_page_has_every_key_and_word() {
    let errors = profile(&page("fixtures/docs/every-key.yaml")).unwrap_err();
    let wanted = accepted(&errors, &[]);
    for word in ["prepare", "webhook_rate", "scratch", "registration", "svix", "fee-variance"] {
        assert!(wanted.contains(word), "the file provokes no word about {word}: {errors}");
    }
    has_all("docs/connect.md", wanted.iter().map(String::as_str));
}

#[test]
fn the_connecting_page_names_what_is_refused() {
    let errors = profile(&page("fixtures/config/later.yaml")).unwrap_err();
    let refused = errors.0.iter().filter_map(|error| {
        let (name, rest) = error.problem.strip_prefix('`')?.split_once('`')?;
        rest.contains("in this version").then(|| name.rsplit('.').next().unwrap_or(name))
    });
    let refused: Vec<&str> = refused.collect();
    assert!(!refused.is_empty(), "{errors}");
    let page = page("docs/connect.md");
    let (_, section) = page.split_once("## Not in this version").unwrap();
    let named = words(section.split("\n## ").next().unwrap());
    for name in refused {
        assert!(named.contains(name), "docs/connect.md does not say that `{name}` is refused");
    }
}

/// Whole files as they stand; a section within the shortest file.
#[test]
fn profiles_on_the_connecting_page_are_valid() {
    let head = "version: 1\n\
        merchant: {name: m, base_url: \"http://127.0.0.1:{port}\", webhook: {path: /w}, \
        start: {command: [m]}}\n\
        provider: {rails: [usdt-tron]}\n";
    for block in blocks(&page("docs/connect.md"), "yaml") {
        let is_whole = block.starts_with("version:");
        let text = if is_whole { block } else { format!("{head}{block}") };
        profile(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    }
}

/// A message on the page, its values as dots, is a message of the program.
#[test]
fn the_connecting_page_quotes_messages_that_exist() {
    let files = [
        "io/preflight",
        "io/launch",
        "io/process",
        "io/refusal",
        "io/session",
        "io/probe",
        "io/sql/mod",
        "merchant/memory",
        "merchant/observe",
        "signature/error",
    ];
    let files = files.map(|file| page(&format!("src/{file}.rs")));
    let item = page("src/merchant/item.rs");
    // A text that is broken across lines goes on at the first letter of the next.
    let source: Vec<String> = files.into_iter().chain([item]).collect();
    let lines = source.join("\n");
    let joined: String =
        lines.split("\\\n").enumerate().fold(String::new(), |all, (i, part)| match i {
            0 => part.to_owned(),
            _ => all + part.trim_start(),
        });
    let page = page("docs/connect.md");
    let (_, section) = page.split_once("| message | what to do |").unwrap();
    let rows = section.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut quoted = 0;
    for row in rows {
        let message = row.split('|').nth(1).unwrap_or_default();
        for part in message.split('…').map(str::trim).filter(|part| !part.is_empty()) {
            assert!(joined.contains(part), "no message has `{part}`");
            quoted += 1;
        }
    }
    assert!(quoted > 15);
}

#[test]
fn scenarios_and_sweeps_on_their_page_are_valid_and_complete() {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let page_text = page("docs/scenarios.md");
    for feature in blocks(&page_text, "gherkin") {
        gherkin::parse(&feature, "page.feature", &rules).unwrap_or_else(|e| panic!("{e}"));
    }
    let yaml_blocks = blocks(&page_text, "yaml");
    let sweep = yaml_blocks.iter().find(|block| block.starts_with("name:")).expect("a sweep");
    let rows = yaml::parse(sweep, "page.yaml", &rules).unwrap_or_else(|e| panic!("{e}")).len();
    assert!(page_text.contains(&format!("= {rows} scenarios")), "{rows}");

    let errors = yaml::parse(&page("fixtures/docs/every-step.yaml"), "s.yaml", &rules).unwrap_err();
    // Words of other pages.
    let wanted = accepted(&errors, &["event", "state of an order", "exception class", "rail"]);
    for word in ["unknown-event", "over_by", "at_once", "respelled", "consistent", "about"] {
        assert!(wanted.contains(word), "the file provokes no word about {word}: {errors}");
    }
    has_all("docs/scenarios.md", wanted.iter().map(String::as_str));
}

/// Titles of a page as links name them.
fn anchors(page: &str) -> BTreeSet<String> {
    let titles = page.split("```").step_by(2).flat_map(str::lines);
    let titles =
        titles.filter_map(|line| line.strip_prefix('#')?.split_once("# ").or(line.split_once(' ')));
    let kept = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    titles
        .map(|(_, title)| {
            title.to_lowercase().replace(' ', "-").chars().filter(|c| kept(*c)).collect()
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut pages = BTreeMap::new();
    for name in PAGES {
        pages.insert(PathBuf::from(name), page(name));
    }
    for (path, text) in &pages {
        let outside: String = text.split("```").step_by(2).collect();
        for link in outside.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { beside(path, file) };
            assert!(target.exists(), "{}: {link}", path.display());
            let known = pages.get(&target).map(|text| anchors(text));
            assert!(
                anchor.is_empty() || known.is_some_and(|known| known.contains(anchor)),
                "{}: {link}",
                path.display()
            );
        }
    }
}

/// `../a` seen from `docs/b` is `a`.
fn beside(path: &Path, link: &str) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    match link.strip_prefix("../") {
        Some(up) => folder.parent().unwrap_or(Path::new("")).join(up),
        None => folder.join(link),
    }
}

#[test]
fn the_page_of_profiles_has_every_knob_with_its_default() {
    let page = page("docs/profiles.md");
    let default = countersign::provider::Profile::default();
    for knob in countersign::provider::profile::knobs() {
        let (name, told) = (knob.name, knob.told(&default));
        let row = format!("| `{name}` | {} | {} | {told} |", knob.about, knob.values);
        assert!(page.contains(&row), "docs/profiles.md lacks\n{row}");
    }
    let examples = blocks(&page, "yaml").into_iter();
    let profiles: Vec<_> = examples.filter(|text| text.starts_with("version:")).collect();
    assert!(profiles.len() > 1, "the examples are not where they were");
    for text in profiles {
        countersign::provider::profile::read(&text, "page").unwrap_or_else(|it| panic!("{it}"));
    }
}
