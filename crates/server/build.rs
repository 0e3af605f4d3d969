//! The widget's bundle is embedded as it is found; a new one is a new build.
fn main() {
    println!("cargo::rerun-if-changed=../../web/element/dist");
}
