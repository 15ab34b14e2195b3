//! Makes `client/src/gen` from `proto/`: `cargo run -p generate`, in `bindings/rust`.
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto = here.join("../../../proto");
    let names = ["account", "content", "conversation", "daemon", "error", "message"];
    let files = names.map(|name| proto.join(format!("chat/daemon/v1/{name}.proto")));
    let descriptors = protox::compile(files, [proto])?;
    tonic_prost_build::configure()
        .build_server(false)
        .out_dir(here.join("../client/src/gen"))
        .compile_fds(descriptors)?;
    Ok(())
}
