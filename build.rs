//! Builds anew when the suite changes: the files inside the binary are read by a macro, and cargo
//! does not see a new one by itself.

fn main() {
    println!("cargo::rerun-if-changed=features");
    println!("cargo::rerun-if-changed=scenarios");
}
