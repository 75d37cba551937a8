//! What a file holds reaches whoever needs it, and is kept by nobody.

use std::fs;

use super::merchant::sample;
use super::stage::Stage;

const SECRET: &str = "q7-jumps-over-the-lazy-dog";

#[test]
fn the_secret_of_a_file_is_in_no_record() {
    let stage = Stage::new();
    stage.write("token", &format!("{SECRET}\n"));
    let changes = [
        // The merchant prints what it was told, under a name that does not look like a secret.
        (
            "command: [EXE, sample-merchant]",
            "command: [sh, -c, 'echo told: $TOLD; exec EXE sample-merchant']",
        ),
        // Without it the audit need not wait.
        (", recover_within: 5s", ""),
        ("PORT: \"{port}\"", "PORT: \"{port}\"\n      TOLD: \"${file:token}\""),
        ("reference: \"{reference}\",", "reference: \"{reference}\", pin: \"${file:token}\","),
    ];
    stage.write("countersign.yaml", &sample(&changes));
    let ended = stage.run(&["run", "The settled notification arrives three times"]);
    stage.assert_nothing_is_left();
    ended.told(0, &[]);
    assert!(stage.read("reports/latest/merchant.log").contains("told: [redacted]"));
    for entry in fs::read_dir(stage.path("reports/latest")).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
        assert!(!text.contains(SECRET), "{}", path.display());
    }
    assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET));
}
