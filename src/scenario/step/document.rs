//! The vocabulary as a page for people: `docs/steps.md` is this, and a test keeps it so.

use std::fmt::Write as _;

use super::{PARAMETERS, STEPS};

/// The vocabulary in Markdown.
#[must_use]
pub fn document() -> String {
    let mut page = String::from(
        "# Steps\n\n\
         Written by `countersign steps --markdown`; do not edit.\n\n\
         A scenario says what happens to an order, and what must be seen of it. `And` and `But` \
         may stand for the keyword before. A step that nothing here reads is an error before \
         anything is sent.\n",
    );
    for group in STEPS {
        let _ = write!(page, "\n## {}\n\n{}\n", group.title, group.doc);
        for wording in group.wordings {
            let keyword = wording.keyword.as_str();
            let _ = write!(
                page,
                "\n### {keyword} {}\n\n{}\n\n```gherkin\n{keyword} {}\n```\n",
                wording.expression, wording.doc, wording.example
            );
        }
    }
    page.push_str("\n## What stands in braces\n\n| parameter | meaning |\n| --- | --- |\n");
    for parameter in PARAMETERS {
        let _ = writeln!(page, "| `{{{}}}` | {} |", parameter.name, parameter.doc);
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_current() {
        let page = include_str!("../../../docs/steps.md");
        assert!(page == super::document(), "run `countersign steps --markdown > docs/steps.md`");
    }
}
