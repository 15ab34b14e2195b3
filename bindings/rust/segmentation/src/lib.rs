#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod completed;
mod error;
mod field;
mod forged;
mod leopard;
mod leopard8;
mod options;
mod partial_set;
mod reassembler;
mod results;
mod segment;
mod segmenter;

pub use error::{Code, Error};
pub use options::{Options, Parity, ReassemblerOptions, SegmenterOptions, Wrap};
pub use reassembler::Reassembler;
pub use results::{Accepted, IncompleteReport, IndexRange, Reason};
pub use segment::{OVERHEAD, read_set_id};
pub use segmenter::{Segmenter, Segments};

/// For the benchmarks of the command.
#[doc(hidden)]
pub mod parity {
    /// Parity of data shards of one size.
    #[must_use]
    pub fn encode(data: &[&[u8]], parity_count: usize, size: usize) -> Vec<Vec<u8>> {
        crate::leopard::encode(data, parity_count, size)
    }

    /// Data shards that are lost.
    #[must_use]
    pub fn recover(data: &[Option<&[u8]>], parity: &[Option<&[u8]>], size: usize) -> Vec<(usize, Vec<u8>)> {
        crate::leopard::recover(data, parity, size)
    }
}
