//! Trouble with the merchant's calls: armed by a step, met by the next call of its kind.
//!
//! What a call comes to is the provider's own affair. A trouble that no call met is told, so that no rule passes by it.

use crate::model::Trouble;
use crate::provider::ApiRequest;
use crate::scenario::ApiTrouble;

/// The troubles of one lane.
#[derive(Debug, Clone, Default)]
pub(super) struct Troubles(Vec<Armed>);

#[derive(Debug, Clone)]
struct Armed {
    trouble: ApiTrouble,
    met: u32,
}

impl Troubles {
    /// From here on the next such calls meet it, behind those that were armed before.
    pub fn arm(&mut self, trouble: ApiTrouble) {
        self.0.push(Armed { trouble, met: 0 });
    }

    /// The trouble that this call meets, if any; only one that can be met now.
    pub fn meet(
        &mut self,
        request: &ApiRequest,
        can_meet: impl Fn(Trouble) -> bool,
    ) -> Option<Trouble> {
        self.0.iter_mut().find_map(|armed| {
            let ApiTrouble { call, times, trouble } = armed.trouble;
            let meets = armed.met < times && call.covers(&request.method, &request.path);
            (meets && can_meet(trouble)).then(|| {
                armed.met += 1;
                trouble
            })
        })
    }

    /// Whether any call met any of them.
    pub fn is_met(&self) -> bool {
        self.0.iter().any(|armed| armed.met > 0)
    }

    /// The first that no call met.
    pub fn unmet(&self) -> Option<ApiTrouble> {
        self.0.iter().find(|armed| armed.met == 0).map(|armed| armed.trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Call;

    fn call(method: &str, path: &str) -> ApiRequest {
        let (method, path) = (method.to_owned(), path.to_owned());
        ApiRequest { method, path, ..ApiRequest::default() }
    }

    #[test]
    fn each_call_meets_the_first_trouble_that_is_left_for_it() {
        let mut troubles = Troubles::default();
        troubles.arm(ApiTrouble { call: Call::Read, trouble: Trouble::Stale, times: 1 });
        troubles.arm(ApiTrouble { call: Call::Any, trouble: Trouble::Lost, times: 2 });
        let (create, read) = (call("POST", "/v1/payments"), call("GET", "/v1/payments/pay_1"));
        let always = |_| true;
        let mut met =
            |request, can_meet: &dyn Fn(Trouble) -> bool| troubles.meet(request, can_meet);
        assert_eq!(met(&create, &always), Some(Trouble::Lost));
        let not_yet = |trouble| trouble != Trouble::Stale;
        assert_eq!(met(&read, &not_yet), Some(Trouble::Lost), "nothing changed yet");
        assert_eq!(met(&create, &always), None);
        assert_eq!(met(&read, &always), Some(Trouble::Stale));
        assert_eq!(met(&read, &always), None);
        assert_eq!((troubles.is_met(), troubles.unmet()), (true, None));
    }
}
