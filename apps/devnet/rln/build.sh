#!/bin/sh
# Compiles the crate beside this script to rln.wasm. README.md says what has to be there.
set -eu
cd "$(dirname "$0")"
: "${CARGO_HOME:=$HOME/.cargo}"

cargo fetch --locked
# The circuit as the crate ships it; the names say which release and depth.
crate=$(find "$CARGO_HOME/registry/src" -maxdepth 2 -name rln-3.0.0 | head -n 1)
mkdir -p circuit
cp "$crate/resources/tree_depth_20/rln_final.arkzkey" "$crate/resources/tree_depth_20/graph.bin" circuit/

# No path of this machine may stay in the file.
remap="--remap-path-prefix=$PWD=/rln --remap-path-prefix=$CARGO_HOME=/cargo"
for root in ${REMAP:-}; do remap="$remap --remap-path-prefix=$root=/rust"; done
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="${RUST_LINKER_FLAGS:-} --cfg getrandom_backend=\"custom\" $remap"
# shellcheck disable=SC2086 # several words on purpose
cargo build --release --locked --target wasm32-unknown-unknown ${CARGO_EXTRA:-}
cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/chat_devnet_rln.wasm" rln.wasm
