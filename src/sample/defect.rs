//! The defects that can be planted in the sample merchant: one visible table.
//!
//! Each row is one fault of one merchant, under the code of the rule that has to find it. The
//! fault itself stands in the merchant's logic, where its [`Fault`] is asked for; nothing that
//! the merchant reports about itself is ever bent.

/// One defect that can be switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    /// What the switch is called: the fault in a few words.
    pub name: &'static str,
    /// Code of the rule that has to find it, such as `IDEM-01`.
    pub rule: &'static str,
    /// What the merchant does wrong, in one sentence.
    pub story: &'static str,
    /// The branch in the merchant's logic.
    pub(super) fault: Fault,
}

/// The branch that a defect takes; one for each row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    NoSignatureCheck,
    OptionalSignature,
    EmptySignature,
    MismatchOnlyLogged,
    ErrorPasses,
    UnknownVersionPasses,
    EmptySecondKey,
    ShorterSignatureWins,
    OpenFailureDoor,
    ReserialisedBody,
    FloatingMoney,
    UnknownTypeCrash,
    NoFreshness,
    NoDuplicateCheck,
    CreditPerStatus,
    EventIdOnly,
    PaymentIdOnly,
    CheckThenInsert,
    EarlyEventLost,
    LatestSnapshotWins,
    ExpiryAlwaysWins,
    ExpiryIsFinal,
    ShipsWhenSeen,
    LateMoneyIgnored,
    AmountNotCompared,
    RunningTotalsBooked,
    KeyPerAttempt,
    TimeoutIsFailure,
    StatusIsEnough,
    UnreadableIsFatal,
    NoRecovery,
    RecoveryBooksAgain,
}

/// The defect of that name.
#[must_use]
pub fn defect_by_name(name: &str) -> Option<&'static Defect> {
    DEFECTS.iter().find(|defect| defect.name == name)
}

/// Every defect, in the order of the rules.
pub static DEFECTS: &[Defect] = &[
    Defect {
        name: "no-signature-check",
        rule: "AUTH-01",
        story: "takes every well-formed notification for genuine, signed or not",
        fault: Fault::NoSignatureCheck,
    },
    Defect {
        name: "optional-signature",
        rule: "AUTH-04",
        story: "verifies the signature only where the header exists",
        fault: Fault::OptionalSignature,
    },
    Defect {
        name: "empty-signature-passes",
        rule: "AUTH-04",
        story: "finds nothing to compare where the signature is empty, and goes on",
        fault: Fault::EmptySignature,
    },
    Defect {
        name: "mismatch-only-logged",
        rule: "AUTH-05",
        story: "computes the signature, logs that it does not match, and goes on",
        fault: Fault::MismatchOnlyLogged,
    },
    Defect {
        name: "error-passes",
        rule: "AUTH-05",
        story: "goes on where decoding the signature fails, because only a mismatch is refused",
        fault: Fault::ErrorPasses,
    },
    Defect {
        name: "unknown-version-passes",
        rule: "AUTH-05",
        story: "refuses what does not match, and nothing where no version that it knows is listed",
        fault: Fault::UnknownVersionPasses,
    },
    Defect {
        name: "empty-second-key",
        rule: "AUTH-05",
        story: "also tries the key of before the last rotation, which was never set and is empty",
        fault: Fault::EmptySecondKey,
    },
    Defect {
        name: "shorter-signature-wins",
        rule: "AUTH-06",
        story: "compares signatures only as far as the shorter of the two reaches",
        fault: Fault::ShorterSignatureWins,
    },
    Defect {
        name: "open-failure-door",
        rule: "AUTH-17",
        story: "lets failures and expiries in without a signature, so that anyone cancels orders",
        fault: Fault::OpenFailureDoor,
    },
    Defect {
        name: "reserialised-body",
        rule: "PARSE-01",
        story: "verifies its own spelling of the JSON instead of the bytes that were signed",
        fault: Fault::ReserialisedBody,
    },
    Defect {
        name: "floating-money",
        rule: "PARSE-06",
        story: "books amounts that went through a floating-point number",
        fault: Fault::FloatingMoney,
    },
    Defect {
        name: "unknown-type-crash",
        rule: "PARSE-07",
        story: "answers 500 to a type of event that it does not know",
        fault: Fault::UnknownTypeCrash,
    },
    Defect {
        name: "no-freshness-window",
        rule: "REPLAY-01",
        story: "never compares the signed timestamp with its clock",
        fault: Fault::NoFreshness,
    },
    Defect {
        name: "no-dedup",
        rule: "IDEM-01",
        story: "books and ships again for every delivery of the same event",
        fault: Fault::NoDuplicateCheck,
    },
    Defect {
        name: "credit-per-status",
        rule: "IDEM-02",
        story: "books and ships when a payment is confirmed and again when it is settled",
        fault: Fault::CreditPerStatus,
    },
    Defect {
        name: "event-id-only",
        rule: "IDEM-02",
        story: "knows a duplicate by its event id alone, so the same fact under a new id counts again",
        fault: Fault::EventIdOnly,
    },
    Defect {
        name: "payment-id-only",
        rule: "IDEM-04",
        story: "takes everything after the first money event of a payment for a duplicate",
        fault: Fault::PaymentIdOnly,
    },
    Defect {
        name: "check-then-insert",
        rule: "RACE-01",
        story: "looks for a duplicate, works for a while, and only then notes the event",
        fault: Fault::CheckThenInsert,
    },
    Defect {
        name: "early-event-lost",
        rule: "RACE-05",
        story: "acknowledges news of a payment that it does not know yet, and forgets it",
        fault: Fault::EarlyEventLost,
    },
    Defect {
        name: "latest-snapshot-wins",
        rule: "ORD-01",
        story: "shows whatever status the event carries that arrived last",
        fault: Fault::LatestSnapshotWins,
    },
    Defect {
        name: "expiry-always-wins",
        rule: "ORD-02",
        story: "lets an expiry that arrives late cancel a paid order",
        fault: Fault::ExpiryAlwaysWins,
    },
    Defect {
        name: "expiry-is-final",
        rule: "ORD-06",
        story: "acknowledges the confirmation of an expired payment and does nothing with it",
        fault: Fault::ExpiryIsFinal,
    },
    Defect {
        name: "ships-when-seen",
        rule: "LIFE-01",
        story: "books and ships when the money is seen instead of when it is confirmed",
        fault: Fault::ShipsWhenSeen,
    },
    Defect {
        name: "late-money-ignored",
        rule: "LIFE-08",
        story: "acknowledges money after the deadline and tells nobody",
        fault: Fault::LateMoneyIgnored,
    },
    Defect {
        name: "amount-not-compared",
        rule: "AMT-01",
        story: "ships for any confirmed amount without comparing it with the order",
        fault: Fault::AmountNotCompared,
    },
    Defect {
        name: "running-totals-booked",
        rule: "AMT-12",
        story: "books the running total once for each transfer of a payment",
        fault: Fault::RunningTotalsBooked,
    },
    Defect {
        name: "key-per-attempt",
        rule: "API-02",
        story: "asks again for a payment under a new idempotency key, and so creates a second one",
        fault: Fault::KeyPerAttempt,
    },
    Defect {
        name: "timeout-is-failure",
        rule: "API-04",
        story: "cancels an order for good when the creation of its payment was not answered",
        fault: Fault::TimeoutIsFailure,
    },
    Defect {
        name: "status-is-enough",
        rule: "API-06",
        story: "takes any 2xx for a payment, whatever the answer says",
        fault: Fault::StatusIsEnough,
    },
    Defect {
        name: "unreadable-is-fatal",
        rule: "API-11",
        story: "cancels an order for good when the answer about its payment cannot be read",
        fault: Fault::UnreadableIsFatal,
    },
    Defect {
        name: "no-recovery",
        rule: "RECON-01",
        story: "has a reconciliation job that asks nobody, so a lost notification stays lost",
        fault: Fault::NoRecovery,
    },
    Defect {
        name: "recovery-books-again",
        rule: "RECON-02",
        story: "books in its reconciliation what the notification has booked already",
        fault: Fault::RecoveryBooksAgain,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_faults_are_unique() {
        let names: BTreeSet<_> = DEFECTS.iter().map(|defect| defect.name).collect();
        let faults: BTreeSet<_> = DEFECTS.iter().map(|d| format!("{:?}", d.fault)).collect();
        assert_eq!([names.len(), faults.len()], [DEFECTS.len(); 2]);
    }
}
