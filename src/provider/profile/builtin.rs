//! The profiles that come with the program.

use std::sync::LazyLock;

use super::Profile;
use super::read::read_like;

/// Files by name, in the order in which they are listed. A profile may be like the default only.
const FILES: &[(&str, &str)] = &[
    ("default", include_str!("../../../fixtures/profiles/default.yaml")),
    ("kobbopay-observed", include_str!("../../../fixtures/profiles/kobbopay-observed.yaml")),
    ("btcpay", include_str!("../../../fixtures/profiles/btcpay.yaml")),
    ("coinbase-commerce", include_str!("../../../fixtures/profiles/coinbase-commerce.yaml")),
    ("coingate", include_str!("../../../fixtures/profiles/coingate.yaml")),
    ("nowpayments", include_str!("../../../fixtures/profiles/nowpayments.yaml")),
    ("stripe", include_str!("../../../fixtures/profiles/stripe.yaml")),
];

/// A fault in one of them is a fault of this program, and the tests of this folder read them.
static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        let path = format!("fixtures/profiles/{name}.yaml");
        read_like(text, &path, &["default"], |_| None).unwrap_or_else(|faults| panic!("{faults}"))
    };
    FILES.iter().map(read).collect()
});

/// The profile of that name.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// The profile of that name as it is written.
#[must_use]
pub fn builtin_text(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Names of all, in the order in which they are listed.
#[must_use]
pub fn names() -> Vec<&'static str> {
    FILES.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_what_the_code_says() {
        let written = builtin("default").unwrap();
        let coded = Profile::default();
        for knob in super::super::knobs() {
            assert_eq!(knob.told(written), knob.told(&coded), "{}", knob.name);
        }
        assert_eq!(Profile { sources: Vec::new(), ..written.clone() }, coded);
    }

    #[test]
    fn every_file_is_named_after_its_profile_and_says_where_its_facts_are_from() {
        for name in names() {
            let profile = builtin(name).unwrap_or_else(|| panic!("{name}"));
            assert!(!profile.summary.is_empty() && !profile.sources.is_empty(), "{name}");
        }
    }
}
