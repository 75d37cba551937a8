//! Makes the merchant act: the declared steps of a verb, each handing on what it captures.

use super::hands::Hands;
use super::sql::{Purpose, Statement};
use crate::history::Answer;
use crate::merchant::template::{Unfilled, Values, fill, fill_text};
use crate::merchant::{Act, Heard, HttpTemplate, Memory, Profile, SqlTemplate, Step};

/// How much of an answer the history keeps.
const KEPT_BYTES: usize = 2048;

/// What a step answered: what the history keeps, and what values are taken from.
struct Taken {
    answer: Answer,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Drives one verb with these values filled in. Redirects are answers. The answer is that of the
/// last step, or of the first one that was refused.
pub async fn drive(hands: &Hands, profile: &Profile, verb: &str, values: &Values<'_>) -> Answer {
    let Some(steps) = profile.drive.get(verb) else {
        return Answer::Failed(format!("`drive.{verb}` is not declared"));
    };
    let reference = values.get("reference");
    let mut memory = reference.map(|reference| hands.memory(reference)).unwrap_or_default();
    let mut last = Answer::Failed(format!("`drive.{verb}` has no step"));
    for (step, number) in steps.iter().zip(1..) {
        let place = match steps.len() {
            1 => format!("`drive.{verb}`"),
            _ => format!("`drive.{verb}`, step {number}"),
        };
        let taken = match take(hands, step, values, &memory).await {
            Ok(taken) => taken,
            Err(why) => return Answer::Failed(format!("{place}: {why}")),
        };
        last = taken.answer;
        if matches!(last, Answer::Http { status: 400.., .. }) {
            break;
        }
        let heard = Heard { headers: &taken.headers, body: &taken.body };
        if let Err(why) = memory.hear(step, heard) {
            let told = last.tell();
            return Answer::Failed(format!("{place} answered {told}: {why}"));
        }
    }
    if let Some(reference) = reference {
        hands.remember(reference, memory);
    }
    last
}

/// Takes one step.
async fn take(
    hands: &Hands,
    step: &Step,
    own: &Values<'_>,
    memory: &Memory,
) -> Result<Taken, String> {
    let mut values = hands.filled(own);
    values.extend(memory.values.iter().map(|(name, value)| (name.as_str(), value.clone())));
    match &step.act {
        Act::Http(template) => request(hands, template, &values, memory).await,
        Act::Exec(words) => {
            let words =
                texts(words, &values, "a word of the command").map_err(|e| e.to_string())?;
            Ok(ran(hands.commands.run(&words).await?))
        }
        Act::Sql(template) => {
            let statement = statement(template, &values, Purpose::Change)?;
            Ok(ran(hands.databases.rows(statement).await?.to_string().into_bytes()))
        }
    }
}

async fn request(
    hands: &Hands,
    template: &HttpTemplate,
    values: &Values<'_>,
    memory: &Memory,
) -> Result<Taken, String> {
    let mut request = fill(template, values).map_err(|unfilled| unfilled.to_string())?;
    request.headers.extend(memory.cookie().map(|cookie| ("cookie".to_owned(), cookie)));
    let reply = hands.http.send(&request).await?;
    let answer = Answer::Http { status: reply.status, body: reply.beginning(KEPT_BYTES) };
    Ok(Taken { answer, headers: reply.headers, body: reply.body })
}

fn ran(said: Vec<u8>) -> Taken {
    let kept = String::from_utf8_lossy(&said[..said.len().min(KEPT_BYTES)]).into_owned();
    Taken { answer: Answer::Ran(kept), headers: Vec::new(), body: said }
}

/// A statement with its address and arguments filled in.
pub(super) fn statement(
    template: &SqlTemplate,
    values: &Values<'_>,
    purpose: Purpose,
) -> Result<Statement, String> {
    let filled = |text: &String, place| {
        fill_text(text, values, place).map_err(|unfilled| unfilled.to_string())
    };
    Ok(Statement {
        url: filled(&template.url, "the address of the database")?,
        text: template.statement.clone(),
        args: texts(&template.args, values, "an argument").map_err(|e| e.to_string())?,
        columns: None,
        purpose,
    })
}

/// Texts as they are, filled in.
pub(super) fn texts(
    templates: &[String],
    values: &Values<'_>,
    place: &'static str,
) -> Result<Vec<String>, Unfilled> {
    templates.iter().map(|text| fill_text(text, values, place)).collect()
}
