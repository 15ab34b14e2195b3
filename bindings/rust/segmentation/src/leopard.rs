//! Parity that equals that of catid's Leopard bit for bit: our own code in the field of 256 elements, `reed-solomon-simd` in that of
//! 65,536, and by hand where a code needs no field.
use std::borrow::Cow;

use reed_solomon_simd::engine::DefaultEngine;
use reed_solomon_simd::rate::{HighRateDecoder, HighRateEncoder, RateDecoder, RateEncoder};

use crate::field::{MAX_PLACES, code_length};
use crate::leopard8;

/// Whether Leopard has a code of these counts.
pub(crate) fn code_exists(data: usize, parity: usize) -> bool {
    (1..=data).contains(&parity) && data <= MAX_PLACES && code_length(data, parity) <= MAX_PLACES
}

/// Parity shards of `size` bytes, a multiple of 64. Data shards are as long, or shorter and as if zeros followed. There is a code.
pub(crate) fn encode(data: &[&[u8]], parity_count: usize, size: usize) -> Vec<Vec<u8>> {
    let mut parity = vec![vec![0; size]; parity_count];
    if let [only] = data {
        for shard in &mut parity {
            shard[..only.len()].copy_from_slice(only);
        }
    } else if let [sum] = parity.as_mut_slice() {
        data.iter().for_each(|shard| add(sum, shard));
    } else if code_length(data.len(), parity_count) <= 256 {
        leopard8::encode(data, &mut parity, size);
    } else if parity_count > 0 {
        let mut encoder =
            HighRateEncoder::new(data.len(), parity_count, size, DefaultEngine::new(), None).expect("a code");
        for shard in data {
            encoder.add_original_shard(padded(shard, size)).expect("a shard of the size");
        }
        for (shard, made) in parity.iter_mut().zip(encoder.encode().expect("all shards").recovery_iter()) {
            shard.copy_from_slice(made);
        }
    }
    parity
}

/// Data shards that are `None`, at full size, from the others and at least as many parity shards.
pub(crate) fn recover(data: &[Option<&[u8]>], parity: &[Option<&[u8]>], size: usize) -> Vec<(usize, Vec<u8>)> {
    let lost = (0..data.len()).filter(|index| data[*index].is_none());
    if data.len() == 1 {
        let copy = parity.iter().flatten().next().map(|shard| shard.to_vec());
        return lost.zip(copy).collect();
    }
    if let [Some(only)] = parity {
        let mut sum = only.to_vec();
        data.iter().flatten().for_each(|shard| add(&mut sum, shard));
        return lost.map(|index| (index, sum.clone())).collect();
    }
    if code_length(data.len(), parity.len()) <= 256 {
        return leopard8::recover(data, parity, size);
    }
    let mut decoder = HighRateDecoder::new(data.len(), parity.len(), size, DefaultEngine::new(), None).expect("a code");
    for (index, shard) in data.iter().enumerate() {
        if let Some(shard) = shard {
            decoder.add_original_shard(index, padded(shard, size)).expect("a shard of the size");
        }
    }
    for (index, shard) in parity.iter().enumerate() {
        if let Some(shard) = shard {
            decoder.add_recovery_shard(index, shard).expect("a shard of the size");
        }
    }
    let restored = decoder.decode().expect("enough shards");
    restored.restored_original_iter().map(|(index, shard)| (index, shard.to_vec())).collect()
}

fn add(sum: &mut [u8], shard: &[u8]) {
    for (to, from) in sum.iter_mut().zip(shard) {
        *to ^= from;
    }
}

fn padded(shard: &[u8], size: usize) -> Cow<'_, [u8]> {
    if shard.len() == size {
        return Cow::Borrowed(shard);
    }
    let mut full = vec![0; size];
    full[..shard.len()].copy_from_slice(shard);
    Cow::Owned(full)
}

#[cfg(test)]
mod tests {
    use super::{encode, recover};
    use sha2::{Digest, Sha256};

    #[test]
    fn equals_leopard() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../vectors/leopard.json"));
        let file: serde_json::Value = serde_json::from_str(&text.expect("vectors")).expect("JSON");
        let mut paths = std::collections::HashSet::new();
        for vector in ["vectors", "digests"].iter().flat_map(|list| file[list].as_array().expect("a list")) {
            let number = |name: &str| vector[name].as_u64().expect("a number") as usize;
            let (k, m, bytes) = (number("k"), number("m"), number("bytes"));
            let name = format!("{k}+{m} of {bytes}, {}", vector["path"]);
            paths.insert(vector["path"].to_string());
            let shard = |j: usize| (0..bytes).map(|i| (i * 37 + j * 101 + 11) as u8).collect::<Vec<_>>();
            let data: Vec<_> = (0..k).map(shard).collect();
            let shards: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
            let parity = encode(&shards, m, bytes);
            let digest = parity.iter().fold(Sha256::new(), |hash, shard| hash.chain_update(shard)).finalize();
            assert_eq!(hex::encode(digest), vector["sha256"].as_str().expect("a digest"), "{name}");
            for (shard, wanted) in parity.iter().zip(vector["parity"].as_array().into_iter().flatten()) {
                assert_eq!(hex::encode(shard), wanted.as_str().expect("hex"), "{name}");
            }
            // As many data shards are lost as there is parity, and with less parity, fewer.
            for lost in [m, m.div_ceil(2), 1] {
                let is_lost = |index: usize| index * lost % k < lost && index * lost / k < lost;
                let left: Vec<_> = (0..k).map(|index| (!is_lost(index)).then_some(shards[index])).collect();
                let count = left.iter().filter(|shard| shard.is_none()).count();
                let there: Vec<_> =
                    (0..m).map(|index| (index >= m - count).then(|| parity[index].as_slice())).collect();
                let made = recover(&left, &there, bytes);
                assert_eq!(made.len(), count, "{name}");
                for (index, shard) in made {
                    assert!(shard == data[index], "{name}: shard {index}");
                }
            }
        }
        assert_eq!(paths.len(), 4);
    }
}
