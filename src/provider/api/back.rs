//! Calls that undo: a payment is cancelled, money is given back, a refund is read.

use crate::model::{PaymentId, SimTime};

use super::{ApiReply, ApiRequest, json};
use crate::provider::idempotency::Outcome;
use crate::provider::problem::{Code, Problem};
use crate::provider::refund::RefundStatus;
use crate::provider::refused::Refused;
use crate::provider::{Provider, request, wire};

impl Provider {
    pub(super) fn cancel_call(
        &mut self,
        request: &ApiRequest,
        id: &str,
        now: SimTime,
    ) -> Result<ApiReply, Problem> {
        let payment = self.find(id)?.id.clone();
        request::empty(&request.body)?;
        let events = self
            .cancel(&payment, now)
            .map_err(|refused| Problem::new(Code::PaymentNotCancellable, refused.to_string()))?;
        Ok(ApiReply { events, ..self.read_payment(id)? })
    }

    pub(super) fn refund_call(
        &mut self,
        request: &ApiRequest,
        id: &str,
        now: SimTime,
    ) -> Result<ApiReply, Problem> {
        let unknown = || Problem::new(Code::PaymentNotFound, format!("there is no payment `{id}`"));
        let position = self.position(&PaymentId::new(id)).ok_or_else(unknown)?;
        self.idempotent(request, now, |provider| {
            let payment = &provider.payments[position];
            let wanted = request::read_refund(&request.body, payment.terms.rail)?;
            let left = payment.refundable();
            let atoms = wanted.amount.map_or(left, |money| money.atoms);
            let destination = wanted.destination.unwrap_or_else(|| payment.sender());
            // Nothing is left: that is about the payment, whatever was asked for.
            if left == 0 {
                let detail = format!("the payment is {} and nothing is left", payment.status());
                return Err(Problem::new(Code::RefundNotAllowed, detail));
            }
            let (id, events) = provider
                .refund_to(position, (atoms, destination), now)
                .map_err(|refused| Problem::new(code_of(&refused), refused.to_string()))?;
            let reply = ApiReply { events, ..provider.refunded(&id) };
            Ok((reply, Outcome::Refunded(id)))
        })
    }

    /// The refund as it was when it was made, which is also what a replay says.
    pub(super) fn refunded(&self, id: &str) -> ApiReply {
        let mut reply = self.show_refund(id, Some(RefundStatus::Pending));
        reply.status = 201;
        reply.headers.push(("location".to_owned(), format!("/v1/refunds/{id}")));
        reply
    }

    pub(super) fn read_refund(&self, id: &str) -> Result<ApiReply, Problem> {
        if !self.refunds.contains_key(id) {
            let detail = format!("there is no refund `{id}`");
            return Err(Problem::new(Code::RouteNotFound, detail));
        }
        Ok(self.show_refund(id, None))
    }

    /// The refund in that status, or as it is.
    fn show_refund(&self, id: &str, status: Option<RefundStatus>) -> ApiReply {
        let payment = &self.payments[self.refunds[id]];
        let refunds = payment.refunds.after(payment.refunds.steps.len());
        let found = refunds.into_iter().find(|(refund, _)| refund.id == id);
        let (refund, now) = found.expect("a refund stands at the payment that it is of");
        let reply = json(&wire::refund(payment, (refund, status.unwrap_or(now))));
        ApiReply { payment: Some(payment.id.clone()), ..reply }
    }
}

fn code_of(refused: &Refused) -> Code {
    match refused {
        Refused::ExceedsBalance(_) => Code::RefundExceedsBalance,
        Refused::NoAtoms => Code::AmountBelowMinimum,
        _ => Code::RefundNotAllowed,
    }
}
