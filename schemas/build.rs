//! Compiles the published Kafka value schema; `protox` needs no `protoc` on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schema = "proto/usage_event.proto";
    println!("cargo:rerun-if-changed={schema}");
    let descriptors = protox::compile([schema], ["proto"])?;
    prost_build::Config::new()
        // Ordered, so that the same event is the same bytes on every machine.
        .btree_map(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
