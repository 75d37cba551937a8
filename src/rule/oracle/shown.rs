//! What a merchant showed at one look, in numbers.

use crate::model::{Asset, ExceptionClass, Money, Observation, OrderState, PostingKind};

/// One look, summed up in the order's asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The state; none: no such order.
    pub state: Option<OrderState>,
    /// Credits less reversals; none: the ledger is not connected or does not parse.
    pub credited: Option<Money>,
    /// How many credits.
    pub credits: Option<u32>,
    /// Credits that were taken back; none: as `credited`.
    pub reversed: Option<Money>,
    /// How many refunds.
    pub refunds: Option<u32>,
    /// Their sum; none: as `credited`.
    pub refunded: Option<Money>,
    /// Why the postings do not add up in the order's asset, where they do not.
    pub odd_posting: Option<String>,
    /// Fulfilments.
    pub fulfilments: Option<u64>,
    /// Open exceptions.
    pub exceptions: Option<Vec<ExceptionClass>>,
}

impl Shown {
    /// Sums up `observation` for an order in `asset`.
    #[must_use]
    pub fn of(observation: &Observation, asset: Asset) -> Self {
        let mut shown = Self {
            state: observation.state,
            credited: None,
            credits: None,
            reversed: None,
            refunds: None,
            refunded: None,
            odd_posting: None,
            fulfilments: observation.fulfilments,
            exceptions: observation
                .exceptions
                .as_ref()
                .map(|open| open.iter().map(|exception| exception.class).collect()),
        };
        let Some(postings) = &observation.postings else { return shown };
        let (mut credited, mut reversed, mut refunded) = (asset.zero(), asset.zero(), asset.zero());
        let (mut credits, mut refunds, mut is_refund_odd) = (0, 0, false);
        for posting in postings {
            let sum = match posting.kind {
                PostingKind::Credit => &mut credited,
                PostingKind::Reversal => &mut reversed,
                PostingKind::Refund => &mut refunded,
                PostingKind::Fee => continue,
            };
            credits += u32::from(posting.kind == PostingKind::Credit);
            refunds += u32::from(posting.kind == PostingKind::Refund);
            let parsed = if posting.asset == asset.symbol {
                asset.parse(trimmed(&posting.amount, asset)).and_then(|amount| sum.plus(amount))
            } else {
                Err(crate::model::MoneyError::Mixed("another asset", asset.symbol))
            };
            match parsed {
                Ok(total) => *sum = total,
                // What was paid back moves no order: who books it in another way is not judged.
                Err(_) if posting.kind == PostingKind::Refund => is_refund_odd = true,
                Err(_) => {
                    let text = format!("{} {}", posting.amount, posting.asset);
                    shown.odd_posting.get_or_insert(text);
                }
            }
        }
        shown.credits = Some(credits);
        shown.refunds = Some(refunds);
        if shown.odd_posting.is_none() {
            shown.credited = credited.less(reversed).ok();
            shown.reversed = Some(reversed);
            shown.refunded = Some(refunded).filter(|_| !is_refund_odd);
        }
        shown
    }

    /// Whether an open exception is of one of these classes. Where exceptions are not observed,
    /// the state suffices.
    #[must_use]
    pub fn has_exception(&self, classes: &std::collections::BTreeSet<ExceptionClass>) -> bool {
        match &self.exceptions {
            Some(open) => open.iter().any(|class| classes.contains(class)),
            None => self.state == Some(OrderState::Exception),
        }
    }

    /// As findings tell it: `paid, 2 credits of 500.00 USDT together, fulfilled 2 times`.
    #[must_use]
    pub fn tell(&self) -> String {
        let mut parts = vec![self.state.map_or_else(
            || "the merchant knows no such order".to_owned(),
            |state| format!("the order is {state}"),
        )];
        match (self.credits, self.credited, &self.odd_posting) {
            (_, _, Some(odd)) => parts.push(format!("a posting of {odd}")),
            (Some(0), ..) => parts.push("no credit".to_owned()),
            (Some(1), Some(sum), _) => parts.push(format!("one credit of {sum}")),
            (Some(n), Some(sum), _) => parts.push(format!("{n} credits, together {sum}")),
            _ => {}
        }
        for (what, sum) in [("reversed", self.reversed), ("refunded", self.refunded)] {
            if let Some(sum) = sum.filter(|sum| !sum.is_zero()) {
                parts.push(format!("{sum} {what}"));
            }
        }
        match self.fulfilments {
            Some(0) => parts.push("not fulfilled".to_owned()),
            Some(1) => parts.push("fulfilled once".to_owned()),
            Some(n) => parts.push(format!("fulfilled {n} times")),
            None => {}
        }
        match self.exceptions.as_deref() {
            Some([]) | None => {}
            Some(open) => {
                let words: Vec<_> = open.iter().map(|class| class.as_str()).collect();
                parts.push(format!("open exception: {}", words.join(", ")));
            }
        }
        parts.join(", ")
    }
}

/// Without zeros beyond the asset's decimals: a wide numeric column shows `250.000000000000000000`
/// and means 250 to the atom. Any other digit there is one too many, and stays.
fn trimmed(amount: &str, asset: Asset) -> &str {
    let Some((whole, fraction)) = amount.split_once('.') else { return amount };
    let decimals = usize::from(asset.decimals);
    match fraction.get(decimals..) {
        Some(rest) if !rest.is_empty() && rest.bytes().all(|digit| digit == b'0') => {
            let kept = if decimals == 0 { whole.len() } else { whole.len() + 1 + decimals };
            &amount[..kept]
        }
        _ => amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_beyond_the_decimals_are_no_money() {
        let usdt = Asset { symbol: "USDT", decimals: 6 };
        let cases = [
            ("250", "250"),
            ("250.00", "250.00"),
            ("250.000000", "250.000000"),
            ("250.000000000000000000", "250.000000"),
            ("250.0000001", "250.0000001"),
        ];
        for (shown, read) in cases {
            assert_eq!(trimmed(shown, usdt), read);
        }
        assert_eq!(trimmed("5.00", Asset { symbol: "JPY", decimals: 0 }), "5");
    }
}
