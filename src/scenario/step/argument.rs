//! What stood where a wording has braces, read into the contract's words.

use regex::Regex;

use super::{StepError, Wording};
use crate::input::nearest;
use crate::model::{
    EventKind, ExceptionClass, Mistake, Money, MoneyError, OrderState, RAILS, Rail, Span,
    rail_by_asset_network,
};
use crate::scenario::{Call, FORGERIES, Forgery};

const NUMBERS: [&str; 11] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const UNITS: [(&str, u64); 5] = [
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
    ("millisecond", 1),
];

const MISTAKES: [(&str, Mistake); 5] = [
    ("another asset", Mistake::OtherAsset),
    ("the asset on another network", Mistake::OtherNetwork),
    ("a look-alike token", Mistake::LookAlike),
    ("money without its tag", Mistake::Untagged),
    ("a transfer that fails", Mistake::Failing),
];

/// More than this of anything in one step is taken for a mistake.
const COUNT_MAX: u32 = 10_000;

/// The arguments of one step, in the order of the braces.
#[derive(Debug)]
pub struct Args<'a> {
    /// Each with its offset in characters.
    found: Vec<(&'a str, u32)>,
    expression: &'static str,
    focus: Option<&'static Rail>,
}

impl<'a> Args<'a> {
    pub(super) fn new(
        text: &'a str,
        (wording, regex): (&Wording, &Regex),
        focus: Option<&'static Rail>,
    ) -> Self {
        let groups = regex.captures(text).into_iter().flat_map(|captures| {
            let groups = captures.iter().skip(1).flatten();
            groups.map(|group| (group.as_str(), group.start())).collect::<Vec<_>>()
        });
        let found = groups.map(|(arg, start)| (arg, chars(&text[..start]))).collect();
        Self { found, expression: wording.expression, focus }
    }

    /// `250.00 USDT`, in the asset of the order in focus.
    pub(super) fn money(&self, n: usize) -> Result<Money, StepError> {
        let (text, _) = self.found[n];
        let (amount, symbol) = text.split_once(' ').unwrap_or((text, ""));
        self.known_asset(n, symbol)?;
        let Some(rail) = self.focus else {
            let problem = "no order is open yet";
            return Err(self.fault(
                n,
                problem.to_owned(),
                "`Given an order of …` before this step",
            ));
        };
        if rail.asset.symbol != symbol {
            let problem = format!("`{symbol}` is not what the order is to be paid in");
            let expected = format!("an amount of {} on {}", rail.asset.symbol, rail.network);
            return Err(self.fault(n, problem, &expected));
        }
        rail.asset.parse(amount).map_err(|error| self.bad_money(n, &error))
    }

    /// `250.00 USDT` and `tron`: an amount on the rail that both name.
    pub(super) fn money_on(
        &self,
        money: usize,
        network: usize,
    ) -> Result<(Money, &'static Rail), StepError> {
        let (amount, symbol) = self.found[money].0.split_once(' ').unwrap_or_default();
        self.known_asset(money, symbol)?;
        let name = self.found[network].0;
        let Some(rail) = rail_by_asset_network(symbol, name) else {
            let carrying: Vec<_> = RAILS
                .iter()
                .filter(|rail| rail.asset.symbol == symbol)
                .map(|rail| rail.network)
                .collect();
            let problem = match RAILS.iter().any(|rail| rail.network == name) {
                true => format!("`{name}` does not carry {symbol}"),
                false => format!("`{name}` is no network"),
            };
            let mut error = self.unknown(network, problem, name, &carrying);
            if let [only] = carrying[..] {
                error.nearest = Some(only.to_owned());
            }
            return Err(error);
        };
        let amount = rail.asset.parse(amount).map_err(|error| self.bad_money(money, &error))?;
        if amount.atoms < rail.minimum_atoms {
            let least = Money { atoms: rail.minimum_atoms, asset: rail.asset };
            let problem = format!("{amount} is less than {} takes", rail.id);
            return Err(self.fault(money, problem, &format!("at least {least}")));
        }
        Ok((amount, rail))
    }

    /// `"payment.confirmed"`
    pub(super) fn event(&self, n: usize) -> Result<EventKind, StepError> {
        let word = self.found[n].0.trim_matches('"');
        EventKind::from_word(word).ok_or_else(|| {
            let known: Vec<_> = EventKind::ALL.iter().map(|event| event.as_str()).collect();
            let mut error = self.unknown(n, format!("`{word}` is no event"), word, &known);
            error.offset += 1;
            error
        })
    }

    /// `settled, confirmed, paid`; the prefix `payment.` may be written.
    pub(super) fn events(&self, n: usize) -> Result<Vec<EventKind>, StepError> {
        let words = self.found[n].0.split(',').map(str::trim);
        let event = |word: &str| {
            let full = format!("payment.{}", word.trim_start_matches("payment."));
            EventKind::from_word(&full).or_else(|| EventKind::from_word(word)).ok_or_else(|| {
                let known: Vec<_> = EventKind::ALL.iter().copied().map(short).collect();
                self.unknown(n, format!("`{word}` is no event"), word, &known)
            })
        };
        words.map(event).collect()
    }

    /// `paid`
    pub(super) fn state(&self, n: usize) -> Result<OrderState, StepError> {
        let word = self.found[n].0;
        OrderState::from_word(word).ok_or_else(|| {
            let known: Vec<_> = OrderState::ALL.iter().map(|state| state.as_str()).collect();
            self.unknown(n, format!("`{word}` is no state of an order"), word, &known)
        })
    }

    /// `late-payment`
    pub(super) fn class(&self, n: usize) -> Result<ExceptionClass, StepError> {
        let word = self.found[n].0;
        ExceptionClass::from_word(word).ok_or_else(|| {
            let known: Vec<_> = ExceptionClass::ALL.iter().map(|class| class.as_str()).collect();
            self.unknown(n, format!("`{word}` is no exception class"), word, &known)
        })
    }

    /// `with a random signature`
    pub(super) fn forgery(&self, n: usize) -> Result<Forgery, StepError> {
        let phrase = self.found[n].0;
        let found = FORGERIES.iter().find(|(.., known)| *known == phrase);
        found.map(|(forgery, ..)| *forgery).ok_or_else(|| {
            let known: Vec<_> = FORGERIES.iter().map(|(.., known)| *known).collect();
            self.unknown(n, format!("`{phrase}` is no forgery"), phrase, &known)
        })
    }

    /// `a look-alike token`, where a payer of the order in focus can send one.
    pub(super) fn mistake(&self, n: usize) -> Result<Mistake, StepError> {
        let (text, _) = self.found[n];
        let found = MISTAKES.iter().find(|(words, _)| *words == text);
        let Some((_, mistake)) = found else {
            let known: Vec<_> = MISTAKES.iter().map(|(words, _)| *words).collect();
            return Err(self.unknown(n, format!("`{text}` is no mistake"), text, &known));
        };
        match self.focus {
            Some(rail) if !rail.allows(*mistake) => {
                let problem = format!("nobody can send {text} on {}", rail.id);
                let possible = MISTAKES.iter().filter(|(_, mistake)| rail.allows(*mistake));
                let possible: Vec<_> = possible.map(|(words, _)| *words).collect();
                let expected = match &possible[..] {
                    [] => "an order on another rail".to_owned(),
                    words => format!("{}, or an order on another rail", words.join(", ")),
                };
                Err(self.fault(n, problem, &expected))
            }
            Some(_) | None => Ok(*mistake),
        }
    }

    /// `3` or `three`
    pub(super) fn count(&self, n: usize) -> Result<u32, StepError> {
        self.number(n, self.found[n].0)
    }

    /// `once`, `twice`, `three times`
    pub(super) fn times(&self, n: usize) -> Result<u32, StepError> {
        match self.found[n].0 {
            "once" => Ok(1),
            "twice" => Ok(2),
            text => self.number(n, text.trim_end_matches(" times")),
        }
    }

    /// `create call`, `3 create calls`: which, and how many.
    pub(super) fn calls(&self, n: usize) -> Result<(Call, u32), StepError> {
        let text = self.found[n].0;
        let words: Vec<_> = text.split(' ').collect();
        let (number, word) = match words[..] {
            [number, word, _] => (self.number(n, number)?, word),
            [word, ..] => (1, word),
            [] => (1, ""),
        };
        let known = Call::ALL.map(|(word, _)| word);
        let call = Call::ALL.into_iter().find(|(known, _)| *known == word);
        match (call, number) {
            (None, _) => Err(self.unknown(n, format!("`{word}` is no kind of call"), word, &known)),
            (_, 0) => Err(self.fault(n, "no call is none".to_owned(), "at least one")),
            (Some((_, call)), number) => Ok((call, number)),
        }
    }

    /// `first`
    pub(super) fn nth(&self, n: usize) -> Result<u32, StepError> {
        let word = self.found[n].0;
        let at = ORDINALS.iter().position(|ordinal| *ordinal == word);
        let nth = at.and_then(|at| u32::try_from(at + 1).ok());
        nth.ok_or_else(|| {
            self.unknown(n, format!("`{word}` is no ordinal up to tenth"), word, &ORDINALS)
        })
    }

    /// `150 seconds`
    pub(super) fn span(&self, n: usize) -> Result<Span, StepError> {
        let (number, unit) = self.found[n].0.split_once(' ').unwrap_or_default();
        let number = self.number(n, number)?;
        let singular = unit.strip_suffix('s').unwrap_or(unit);
        let Some((_, ms)) = UNITS.iter().find(|(name, _)| *name == singular) else {
            let known: Vec<_> = UNITS.iter().map(|(name, _)| format!("{name}s")).collect();
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            return Err(self.unknown(n, format!("`{unit}` is no unit of time"), unit, &known));
        };
        Ok(Span::from_ms(u64::from(number) * ms))
    }

    /// The wording that reads the step.
    pub(super) const fn expression(&self) -> &'static str {
        self.expression
    }

    /// The rail of the order that the step is about.
    pub(super) const fn focus(&self) -> Option<&'static Rail> {
        self.focus
    }

    /// A fault of that argument.
    pub(super) fn fault(&self, n: usize, problem: String, expected: &str) -> StepError {
        let expected = Some(expected.to_owned());
        StepError { offset: self.found[n].1, problem, expected, nearest: None }
    }

    fn number(&self, n: usize, word: &str) -> Result<u32, StepError> {
        let spelt = NUMBERS.iter().position(|name| *name == word);
        let number = spelt.and_then(|at| u32::try_from(at).ok()).or_else(|| word.parse().ok());
        match number {
            Some(number) if number <= COUNT_MAX => Ok(number),
            _ => {
                let problem = format!("`{word}` is no whole number up to {COUNT_MAX}");
                Err(self.unknown(n, problem, word, &NUMBERS[1..]))
            }
        }
    }

    fn known_asset(&self, n: usize, symbol: &str) -> Result<(), StepError> {
        let mut known: Vec<&str> = Vec::new();
        for rail in RAILS {
            if !known.contains(&rail.asset.symbol) {
                known.push(rail.asset.symbol);
            }
        }
        if known.contains(&symbol) {
            return Ok(());
        }
        Err(self.unknown(n, format!("`{symbol}` is no asset of any rail"), symbol, &known))
    }

    fn bad_money(&self, n: usize, error: &MoneyError) -> StepError {
        self.fault(n, error.to_string(), "a decimal amount with its asset, such as 250.00 USDT")
    }

    fn unknown(&self, n: usize, problem: String, word: &str, known: &[&str]) -> StepError {
        StepError {
            offset: self.found[n].1,
            problem,
            expected: Some(known.join(", ")),
            nearest: nearest(word, known.iter().copied()).map(str::to_owned),
        }
    }
}

/// `once`, `twice`, `3 times`
pub(super) fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// `1 atom`, `3 atoms`; the number as a word where it is one.
pub(super) fn counted(n: u32, noun: &str) -> String {
    match n {
        1 => format!("one {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// `create call`, `3 create calls`
pub(super) fn calls(call: Call, n: u32) -> String {
    match n {
        1 => format!("{} call", call.as_str()),
        n => format!("{n} {} calls", call.as_str()),
    }
}

/// `150 seconds`: the largest unit that divides it.
pub(super) fn span(span: Span) -> Option<String> {
    let (name, ms) = UNITS.iter().find(|(_, ms)| span.ms().is_multiple_of(*ms))?;
    let n = u32::try_from(span.ms() / ms).ok().filter(|n| *n <= COUNT_MAX)?;
    Some(format!("{n} {name}{}", if n == 1 { "" } else { "s" }))
}

/// `a look-alike token`
pub(super) fn mistake(mistake: Mistake) -> &'static str {
    MISTAKES.iter().find(|(_, known)| *known == mistake).map_or("", |(words, _)| words)
}

/// `first`, from 1.
pub(super) fn ordinal(n: u32) -> Option<&'static str> {
    let at = usize::try_from(n).ok()?.checked_sub(1)?;
    ORDINALS.get(at).copied()
}

/// `paid, confirmed`
pub(super) fn list(events: &[EventKind]) -> String {
    events.iter().copied().map(short).collect::<Vec<_>>().join(", ")
}

fn short(event: EventKind) -> &'static str {
    event.as_str().trim_start_matches("payment.")
}

fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
