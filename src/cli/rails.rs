//! `countersign rails`: what each rail asks of a payer and how long its money takes, in one matrix
//! for those who choose rails.

use std::process::ExitCode;

use anstyle::Style;

use crate::cli::failure::Failure;
use crate::cli::page::print;
use crate::model::{Money, RAILS, Rail};

/// List the rails: decimals, confirmations, time to finality, attribution, minimum
#[derive(Debug, clap::Args)]
pub struct Args {}

const HEAD: [&str; 6] =
    ["RAIL", "DECIMALS", "CONFIRMATIONS", "TIME TO FINALITY", "ATTRIBUTION", "MINIMUM"];

/// Prints the matrix.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(_: &Args) -> Result<ExitCode, Failure> {
    let rows: Vec<[String; 6]> = RAILS.iter().flat_map(rows).collect();
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEAD[column].len()]).max().unwrap_or_default()
    });
    let line = |cells: [&str; 6]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let bold = Style::new().bold();
    print(|out| {
        writeln!(out, "{bold}{}{bold:#}", line(HEAD))?;
        for row in &rows {
            writeln!(out, "{}", line(std::array::from_fn(|column| row[column].as_str())))?;
        }
        writeln!(
            out,
            "\n{} rails; larger amounts need more confirmations where a line says so; \
                       time is that of the simulated blocks",
            RAILS.len()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// One row for the rail and one for each of its tiers.
fn rows(rail: &Rail) -> Vec<[String; 6]> {
    let money = |atoms| Money { atoms, asset: rail.asset };
    let mut rows = vec![[
        rail.id.to_owned(),
        rail.asset.decimals.to_string(),
        rail.confirmations.to_string(),
        time(rail, rail.confirmations),
        rail.attribution.to_string(),
        money(rail.minimum_atoms).to_string(),
    ]];
    rows.extend(rail.tiers.iter().map(|(above, confirmations)| {
        let tier = format!("{confirmations} above {}", money(*above));
        let empty = String::new;
        [empty(), empty(), tier, time(rail, *confirmations), empty(), empty()]
    }));
    rows
}

/// `20 min`, `1 min 30 s`, `12.8 s`; nothing to wait for is `at once`.
fn time(rail: &Rail, confirmations: u32) -> String {
    let ms = rail.time_for(confirmations).ms();
    let (minutes, rest) = (ms / 60_000, ms % 60_000);
    let seconds = match rest % 1000 {
        0 => format!("{} s", rest / 1000),
        part => format!("{}.{} s", rest / 1000, format!("{part:03}").trim_end_matches('0')),
    };
    match (minutes, rest) {
        (0, 0) => "at once".to_owned(),
        (0, _) => seconds,
        (_, 0) => format!("{minutes} min"),
        (..) => format!("{minutes} min {seconds}"),
    }
}
