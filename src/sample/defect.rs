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

macro_rules! defects {
    ($($fault:ident = $name:literal, $rule:literal, $story:literal;)+) => {
        /// The branch that a defect takes; one for each row of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Fault {
            $($fault),+
        }

        /// Every defect, in the order of the rules.
        pub static DEFECTS: &[Defect] = &[
            $(Defect { name: $name, rule: $rule, story: $story, fault: Fault::$fault }),+
        ];
    };
}

// A row: the branch, its switch, the rule that has to find it, and what the merchant does wrong.
defects! {
    NoSignatureCheck = "no-signature-check", "AUTH-01",
        "takes every well-formed notification for genuine, signed or not";
    EmptySecondKey = "empty-second-key", "AUTH-03",
        "also tries the key of before the last rotation, which was never set and is empty";
    OptionalSignature = "optional-signature", "AUTH-04",
        "verifies the signature only where the header exists";
    EmptySignature = "empty-signature-passes", "AUTH-04",
        "finds nothing to compare where the signature is empty, and goes on";
    MismatchOnlyLogged = "mismatch-only-logged", "AUTH-05",
        "computes the signature, logs that it does not match, and goes on";
    ShorterSignatureWins = "shorter-signature-wins", "AUTH-06",
        "compares signatures only as far as the shorter of the two reaches";
    UnknownVersionPasses = "unknown-version-passes", "AUTH-07",
        "refuses what does not match, and nothing where no version that it knows is listed";
    ErrorPasses = "error-passes", "AUTH-08",
        "goes on where decoding the signature fails, because only a mismatch is refused";
    OpenFailureDoor = "open-failure-door", "AUTH-17",
        "lets failures and expiries in without a signature, so that anyone cancels orders";
    ReserialisedBody = "reserialised-body", "PARSE-01",
        "verifies its own spelling of the JSON instead of the bytes that were signed";
    CharsetConfused = "charset-confused", "PARSE-02",
        "takes the body for Latin-1 before it verifies";
    FloatingMoney = "floating-money", "PARSE-06",
        "books amounts that went through a floating-point number";
    UnknownTypeCrash = "unknown-type-crash", "PARSE-07",
        "answers 500 to a type of event that it does not know";
    NoFreshness = "no-freshness-window", "REPLAY-01",
        "never compares the signed timestamp with its clock";
    OnlyAgeChecked = "only-age-checked", "REPLAY-03",
        "refuses what is too old and takes what is dated ahead";
    NoDuplicateCheck = "no-dedup", "IDEM-01",
        "books and ships again for every delivery of the same event";
    CreditPerStatus = "credit-per-status", "IDEM-02",
        "books and ships when a payment is confirmed and again when it is settled";
    EventIdOnly = "event-id-only", "IDEM-02",
        "knows a duplicate by its event id alone, so the same fact under a new id counts again";
    PaymentIdOnly = "payment-id-only", "IDEM-04",
        "takes everything after the first money event of a payment for a duplicate";
    DuplicateIsAnError = "duplicate-is-an-error", "IDEM-08",
        "answers 500 to a copy, because the database refuses the same event id twice";
    CheckThenInsert = "check-then-insert", "RACE-01",
        "looks for a duplicate, works for a while, and only then notes the event";
    EarlyEventLost = "early-event-lost", "RACE-05",
        "acknowledges news of a payment that it does not know yet, and forgets it";
    LatestSnapshotWins = "latest-snapshot-wins", "ORD-01",
        "shows whatever status the event carries that arrived last";
    ExpiryAlwaysWins = "expiry-always-wins", "ORD-02",
        "lets an expiry that arrives late cancel a paid order";
    RefundNeedsPaidOrder = "refund-needs-paid-order", "ORD-05",
        "acknowledges a refund of an order that is not paid yet and forgets it";
    ExpiryIsFinal = "expiry-is-final", "ORD-06",
        "acknowledges the confirmation of an expired payment and does nothing with it";
    AnyMoneySilencesExpiry = "any-money-silences-expiry", "ORD-07",
        "ignores an expiry where any money at all has come";
    ShipsWhenSeen = "ships-when-seen", "LIFE-01",
        "books and ships when the money is seen instead of when it is confirmed";
    OneConfirmationIsEnough = "one-confirmation-is-enough", "LIFE-02",
        "ships when it reads that a first block carries the transfer";
    ReversalIgnored = "reversal-ignored", "LIFE-03",
        "acknowledges that a confirmed payment failed and leaves order and books as they are";
    RevertedCounts = "reverted-counts", "LIFE-04",
        "counts the transfers itself, those whose execution failed included";
    FailureIsCompletion = "failure-is-completion", "LIFE-06",
        "takes every end of a payment for its completion, failure included";
    DeadlineBeatsConfirmation = "deadline-beats-confirmation", "LIFE-07",
        "ignores a confirmation that comes after the deadline of a payment that was covered in time";
    LateMoneyIgnored = "late-money-ignored", "LIFE-08",
        "acknowledges money after the deadline and tells nobody";
    LostDisputeIgnored = "lost-dispute-ignored", "LIFE-11",
        "acknowledges that a dispute was lost and leaves order and books as they are";
    DisputeParksForGood = "dispute-parks-for-good", "LIFE-12",
        "parks an order when its payment is disputed and leaves it there when the dispute is won";
    AmountNotCompared = "amount-not-compared", "AMT-01",
        "ships for any confirmed amount without comparing it with the order";
    AssetNotCompared = "asset-not-compared", "AMT-02",
        "counts the transfers itself and compares numbers, whatever the coin";
    HundredthsCompared = "hundredths-compared", "AMT-08",
        "compares amounts as its pages show them, rounded to hundredths";
    RequestedCounts = "requested-counts", "AMT-09",
        "counts the transfers itself, by what their senders asked for";
    ContractNotCompared = "contract-not-compared", "AMT-10",
        "counts the transfers itself and knows a token by its symbol";
    RunningTotalsBooked = "running-totals-booked", "AMT-12",
        "books the running total once for each transfer of a payment";
    NetworkNotCompared = "network-not-compared", "AMT-17",
        "counts the transfers itself, on whichever network they came";
    UntaggedCounts = "untagged-counts", "BIND-11",
        "counts the transfers itself, those without their tag included";
    KeyPerAttempt = "key-per-attempt", "API-02",
        "asks again for a payment under a new idempotency key, and so creates a second one";
    TimeoutIsFailure = "timeout-is-failure", "API-04",
        "cancels an order for good when the creation of its payment was not answered";
    StatusIsEnough = "status-is-enough", "API-06",
        "takes any 2xx for a payment, whatever the answer says";
    UnreadableIsFatal = "unreadable-is-fatal", "API-11",
        "cancels an order for good when the answer about its payment cannot be read";
    QueueInMemory = "queue-in-memory", "CRASH-01",
        "acknowledges at once and works off a queue that it holds in memory";
    DuplicatesInMemory = "duplicates-in-memory", "CRASH-04",
        "knows copies by a list in memory, and books again what is not on it";
    KeyOfTheProcess = "key-of-the-process", "CRASH-06",
        "makes its idempotency keys of the order and of the moment at which it was started";
    NoRecovery = "no-recovery", "RECON-01",
        "has a reconciliation job that asks nobody, so a lost notification stays lost";
    RecoveryBooksAgain = "recovery-books-again", "RECON-02",
        "books in its reconciliation what the notification has booked already";
    RecoveryStartsNow = "recovery-starts-now", "RECON-07",
        "asks in its reconciliation only about orders that were opened since it was started";
    PartialIsFull = "partial-is-full", "REF-05",
        "books every refund as one of everything";
    FailedRefundIsDone = "failed-refund-is-done", "REF-06",
        "books a refund when it is over, whether it arrived or failed";
    RefundBookedWhenCreated = "refund-booked-when-created", "REF-09",
        "books a refund when it is created instead of when it has arrived";
    TestEventRefused = "test-event-refused", "OPS-02",
        "answers 422 when the service tries its endpoint out, because no payment is in it";
}

/// The defect of that name.
#[must_use]
pub fn defect_by_name(name: &str) -> Option<&'static Defect> {
    DEFECTS.iter().find(|defect| defect.name == name)
}

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
