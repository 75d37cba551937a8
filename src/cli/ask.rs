//! Questions at a terminal, each with what is proposed; an answer that cannot be used is asked for
//! again.

use std::io::{BufRead, Write};

use crate::cli::failure::Failure;

/// Whoever answers, and where they are asked.
pub struct Dialogue<'d> {
    /// Where answers come from, a line each.
    pub answers: &'d mut dyn BufRead,
    /// Where questions go.
    pub questions: &'d mut dyn Write,
}

impl Dialogue<'_> {
    /// Asks until the answer can be used. An empty answer takes what is proposed.
    ///
    /// # Errors
    /// Nobody answers any more, or nobody can be asked.
    pub fn ask<T>(
        &mut self,
        question: &str,
        proposal: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            let proposed = proposal.map(|text| format!(" [{text}]")).unwrap_or_default();
            let line = self.line(&format!("{question}{proposed}: "))?;
            let answer = if line.is_empty() { proposal.unwrap_or_default() } else { line.as_str() };
            match parse(answer) {
                Ok(value) => return Ok(value),
                Err(why) => self.tell(&format!("  {why}\n"))?,
            }
        }
    }

    fn tell(&mut self, text: &str) -> Result<(), Failure> {
        let told = self.questions.write_all(text.as_bytes()).and_then(|()| self.questions.flush());
        told.map_err(|error| Failure::Input(format!("cannot ask: {error}; use flags and --yes")))
    }

    fn line(&mut self, question: &str) -> Result<String, Failure> {
        self.tell(question)?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err(Failure::Input("no answer came; nothing was written".to_owned())),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(Failure::Input(format!("no answer came: {error}; write UTF-8"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("`{text}` is no number"))
    }

    #[track_caller]
    fn check(answers: &str, proposal: Option<&str>, expected: Option<u32>, told: &str) {
        let mut questions = Vec::new();
        let mut dialogue = Dialogue { answers: &mut answers.as_bytes(), questions: &mut questions };
        assert_eq!(dialogue.ask("How many", proposal, number).ok(), expected);
        assert_eq!(String::from_utf8(questions).unwrap(), told);
    }

    #[test]
    fn questions_are_asked_until_the_answer_can_be_used() {
        check("7\n", None, Some(7), "How many: ");
        check("\n", Some("3"), Some(3), "How many [3]: ");
        check("x\n 4 \n", None, Some(4), "How many:   `x` is no number\nHow many: ");
        check("", Some("3"), None, "How many [3]: ");
    }
}
