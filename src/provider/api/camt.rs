//! A statement as an ISO 20022 document: camt.053.001.08, which banks send and accounting reads.
//!
//! The standard has no place for what money here is, and this is what is done about it. A currency
//! has three letters there, so amounts are in `XXX` (ISO 4217: no currency) and the account's type is
//! the rail. An amount has at most five decimals there, so finer ones are cut, and the exact ones
//! stand in `AddtlNtryInf` and `AddtlStmtInf`. Texts that are too long for their field stand there as
//! well. Decides nothing that the other forms do not.

use std::fmt::Write;

use super::statement::{LineForm, StatementForm};

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08";
/// ISO 4217: transactions where no currency is involved.
const CURRENCY: &str = "XXX";
/// The most decimals of an amount in the standard.
const DECIMALS_MAX: usize = 5;

/// The document of that account, made at that instant.
pub(super) fn document(account: &str, of: &StatementForm<'_>, made_at: &str) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let head = &of.head;
    let message = format!("{}-r{}", head.statement_id, head.revision);
    // Writing to a string cannot fail.
    let _ = write!(
        xml,
        "<Document xmlns=\"{NAMESPACE}\"><BkToCstmrStmt>\
         <GrpHdr><MsgId>{message}</MsgId><CreDtTm>{made_at}</CreDtTm></GrpHdr>\
         <Stmt><Id>{}</Id><CreDtTm>{made_at}</CreDtTm>\
         <FrToDt><FrDtTm>{}</FrDtTm><ToDtTm>{}</ToDtTm></FrToDt>\
         <Acct><Id><Othr><Id>{}</Id></Othr></Id><Tp><Prtry>{}-{}</Prtry></Tp></Acct>",
        head.statement_id,
        head.period.from,
        head.period.to,
        escaped(account),
        head.currency,
        head.network,
    );
    // What is open may still change: the standard calls its balance interim.
    let closing = if head.status == "open" { "ITBD" } else { "CLBD" };
    let day = head.period.from.to_string();
    let day = day.split('T').next().unwrap_or_default();
    for (code, amount) in [("OPBD", &head.opening), (closing, &head.closing)] {
        let _ = write!(
            xml,
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{}<Dt><Dt>{day}</Dt></Dt></Bal>",
            signed_amount(amount),
        );
    }
    for (number, line) in of.lines.iter().enumerate() {
        entry(&mut xml, number + 1, line);
    }
    let _ = writeln!(
        xml,
        "<AddtlStmtInf>opening={} closing={} {} on {}, revision {}</AddtlStmtInf>\
         </Stmt></BkToCstmrStmt></Document>",
        head.opening, head.closing, head.currency, head.network, head.revision,
    );
    xml
}

fn entry(xml: &mut String, number: usize, line: &LineForm<'_>) {
    let reversal = if line.kind == "reversal" { "<RvslInd>true</RvslInd>" } else { "" };
    let about = line.payment_id.or(line.payout_id);
    let servicer = about.map_or(String::new(), |id| format!("<AcctSvcrRef>{id}</AcctSvcrRef>"));
    let remittance = line.reference.map_or(String::new(), |reference| {
        let reference = escaped(reference);
        format!("<NtryDtls><TxDtls><RmtInf><Ustrd>{reference}</Ustrd></RmtInf></TxDtls></NtryDtls>")
    });
    let mut exact = format!("line_id={} net={}", line.line_id, line.net);
    if let Some(tx) = &line.tx {
        let _ = write!(exact, " tx={}:{}", tx.hash, tx.index);
    }
    let _ = write!(
        xml,
        "<Ntry><NtryRef>{number}</NtryRef>{}{reversal}<Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><DtTm>{}</DtTm></BookgDt><ValDt><Dt>{}</Dt></ValDt>{servicer}\
         <BkTxCd><Prtry><Cd>{}/{}</Cd></Prtry></BkTxCd>{remittance}\
         <AddtlNtryInf>{exact}</AddtlNtryInf></Ntry>",
        signed_amount(&line.net),
        line.booked_at,
        line.available_on,
        line.kind,
        line.category,
    );
}

/// The amount without its sign, and the sign in words.
fn signed_amount(amount: &str) -> String {
    let (side, digits) =
        amount.strip_prefix('-').map_or(("CRDT", amount), |digits| ("DBIT", digits));
    let cut = match digits.split_once('.') {
        Some((whole, fraction)) => {
            format!("{whole}.{}", &fraction[..fraction.len().min(DECIMALS_MAX)])
        }
        None => digits.to_owned(),
    };
    format!("<Amt Ccy=\"{CURRENCY}\">{cut}</Amt><CdtDbtInd>{side}</CdtDbtInd>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
