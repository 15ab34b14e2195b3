//! What holds of any payload and any traffic. proptest prints what it finds; a fixed seed comes first, and then a fresh one.
use chat_segmentation::{Accepted, OVERHEAD, Options, Reassembler, ReassemblerOptions, Segmenter, Wrap};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The same cases for ever, and then others.
fn both_ways<S: Strategy>(cases: u32, strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let fixed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config.clone(), fixed).run(strategy, &property).unwrap();
    TestRunner::new(config).run(strategy, &property).unwrap();
}

/// xorshift: enough to shuffle with.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

fn messages_of(options: &Options, payload: &[u8]) -> Vec<Vec<u8>> {
    Segmenter::new(options.clone()).unwrap().segment(payload).unwrap().collect()
}

#[test]
fn any_payload_comes_back() {
    let given = (123_usize..2_200, 0_usize..60_000, any::<bool>(), any::<bool>(), 1_u64..);
    both_ways(120, &given, |(size, length, blind, always, seed)| {
        let mut numbers = Numbers(seed);
        let mut options = Options::new(size);
        options.blind = blind;
        options.wrap = if always { Wrap::Always } else { Wrap::WhenNeeded };
        let payload = numbers.bytes(length);
        let mut messages = messages_of(&options, &payload);
        numbers.shuffle(&mut messages);
        let total = messages.len();
        let mut kept = messages.split_off(total / 8);
        kept.extend_from_within(..kept.len() / 3);
        let mut reassembler = Reassembler::new(options).unwrap();
        let mut got = Vec::new();
        for message in &kept {
            prop_assert!(message.len() <= size);
            if let Accepted::Complete { payload, .. } = reassembler.accept(message) {
                got.push(payload);
            }
        }
        prop_assert!(got.first() == Some(&payload));
        prop_assert_eq!(got.len(), 1);
        prop_assert_eq!(reassembler.buffered_bytes(), 0);
        Ok(())
    });
}

#[test]
fn forged_segments_cost_time_only() {
    let cases = [(24, 2, 0), (113, 15, 0), (24, 0, 1), (113, 0, 3), (113, 1, 1)];
    let given = (prop::sample::select(cases.to_vec()), 1_u64..);
    both_ways(12, &given, |((data, alone, copies), seed)| {
        let mut numbers = Numbers(seed);
        let options = Options::new(4_096 + OVERHEAD);
        let payload = numbers.bytes(data * 4_096 - 100);
        let mut messages = messages_of(&options, &payload);
        numbers.shuffle(&mut messages);
        let mut sent = Vec::new();
        for (index, message) in messages.into_iter().enumerate() {
            let is_lost = index < alone;
            for _ in 0..copies.max(usize::from(is_lost)) {
                let mut forged = message.clone();
                for _ in 0..200 {
                    let at = forged.len() - 1 - numbers.below(3_000);
                    forged[at] ^= 1 + numbers.below(255) as u8;
                }
                sent.push(forged);
            }
            if !is_lost {
                sent.push(message);
            }
        }
        let mut reassembler = Reassembler::new(options).unwrap();
        let whole = sent.iter().find_map(|message| match reassembler.accept(message) {
            Accepted::Complete { payload, .. } => Some(payload),
            _ => None,
        });
        prop_assert!(whole == Some(payload));
        Ok(())
    });
}

#[test]
fn hostile_traffic_stays_within_bounds() {
    both_ways(6, &(1_u64..), |seed| {
        const BOUND: u64 = 200_000;
        let mut numbers = Numbers(seed);
        let mut options = Options::new(300);
        options.max_payload_size = 20_000;
        let payload = numbers.bytes(5_000);
        let genuine = messages_of(&options, &payload);
        let mut settings = ReassemblerOptions::new(options);
        settings.max_buffered_bytes = BOUND;
        settings.max_buffered_bytes_per_sender = Some(30_000);
        settings.max_sets = 9;
        settings.max_sets_per_sender = Some(1);
        let mut reassembler = Reassembler::new(settings).unwrap();
        let mut is_whole = false;
        for step in 0..3_000 {
            let now_ms = 1_800_000_000_000 + step as i64 * 50;
            let mut message = genuine[numbers.below(genuine.len())].clone();
            for _ in 0..numbers.below(4) {
                let at = numbers.below(message.len());
                message[at] = numbers.below(256) as u8;
            }
            reassembler.accept_from(&format!("forger {}", numbers.below(5)), &message, now_ms);
            prop_assert!(reassembler.buffered_bytes() <= BOUND);
            if let Some(message) = genuine.get(step / 60).filter(|_| step % 60 == 0) {
                let accepted = reassembler.accept_from("friend", message, now_ms);
                is_whole |= matches!(accepted, Accepted::Complete { payload: got, .. } if got == payload);
            }
        }
        prop_assert!(is_whole);
        Ok(())
    });
}

#[test]
fn no_bytes_do_harm() {
    let options = Options::new(200);
    let messages = messages_of(&options, &[7; 3_000]);
    let change = (any::<prop::sample::Index>(), any::<u8>());
    let noise = prop::collection::vec(any::<u8>(), 0..200);
    let mutated = (prop::sample::select(messages), prop::collection::vec(change, 0..6), any::<prop::sample::Index>());
    let cut = mutated.prop_map(|(mut message, changes, end)| {
        let length = message.len();
        for (at, value) in &changes {
            message[at.index(length)] ^= value;
        }
        message.truncate(length - end.index(length.min(3)));
        message
    });
    both_ways(3_000, &prop_oneof![noise, cut], |message| {
        let mut reassembler = Reassembler::new(Options::new(200)).unwrap();
        if let Accepted::Complete { payload, set_id: None, .. } = reassembler.accept(&message) {
            // What is a payload to the receiver is one to the sender, too.
            prop_assert_eq!(&payload, &message);
            prop_assert_eq!(messages_of(&Options::new(200), &message), [message]);
        }
        Ok(())
    });
}
