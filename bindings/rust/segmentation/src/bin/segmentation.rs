//! Cuts what comes in on standard input into messages, and puts messages together again. Messages are framed by their length: 32 bits,
//! big-endian. It exits with 2 for bad arguments, and with 3 if what came in was incomplete.
use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_segmentation::{Accepted, Options, Parity, Reassembler, Segmenter, SegmenterOptions, Wrap, parity};
use sha3::{Digest, Keccak256};

const USAGE: &str = "usage: segmentation encode|decode --max-message-size N [--wrap when-needed|always] [--blind] \
                     [--parity seven-eighths|none|RATE], or segmentation bench [--rounds N] [--case NAME]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err((code, problem)) => {
            eprintln!("segmentation: {problem}");
            ExitCode::from(code)
        }
    }
}

type Failure = (u8, String);

fn run(arguments: &[String]) -> Result<u8, Failure> {
    let usage = || (2, USAGE.to_owned());
    let (command, rest) = arguments.split_first().ok_or_else(usage)?;
    let mut options = Options::new(0);
    let (mut parity, mut rounds, mut case) = (Parity::default(), 5, None);
    let mut rest = rest.iter().map(String::as_str);
    while let Some(name) = rest.next() {
        if name == "--blind" {
            options.blind = true;
            continue;
        }
        let value = rest.next().ok_or_else(usage)?;
        match (name, value) {
            ("--max-message-size", _) => options.max_message_size = value.parse().map_err(|_| usage())?,
            ("--wrap", "when-needed") => options.wrap = Wrap::WhenNeeded,
            ("--wrap", "always") => options.wrap = Wrap::Always,
            ("--parity", "seven-eighths") => parity = Parity::SevenEighths,
            ("--parity", "none") => parity = Parity::None,
            ("--parity", _) => parity = Parity::Rate(value.parse().map_err(|_| usage())?),
            ("--case", _) => case = Some(value),
            ("--rounds", _) => rounds = value.parse().map_err(|_| usage())?,
            _ => return Err(usage()),
        }
    }
    match command.as_str() {
        "encode" => encode(options, parity),
        "decode" => decode(options),
        "bench" => {
            let cases = bench(rounds, case);
            println!("{}", serde_json::json!({ "cases": cases }));
            Ok(0)
        }
        _ => Err(usage()),
    }
}

fn io(error: std::io::Error) -> Failure {
    (1, error.to_string())
}

fn encode(options: Options, parity: Parity) -> Result<u8, Failure> {
    let mut settings = SegmenterOptions::new(options);
    settings.parity = parity;
    let mut segmenter = Segmenter::new(settings).map_err(|error| (2, error.to_string()))?;
    let mut payload = Vec::new();
    stdin().read_to_end(&mut payload).map_err(io)?;
    let mut out = BufWriter::with_capacity(1 << 20, stdout().lock());
    for message in segmenter.segment(&payload).map_err(|error| (2, error.to_string()))? {
        out.write_all(&(message.len() as u32).to_be_bytes()).map_err(io)?;
        out.write_all(&message).map_err(io)?;
    }
    out.flush().map_err(io)?;
    Ok(0)
}

fn decode(options: Options) -> Result<u8, Failure> {
    let mut reassembler = Reassembler::new(options).map_err(|error| (2, error.to_string()))?;
    let mut input = Vec::new();
    stdin().read_to_end(&mut input).map_err(io)?;
    let mut rest = input.as_slice();
    while let Some((length, left)) = rest.split_at_checked(4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let (message, left) = left.split_at_checked(length).ok_or((1, "the input ends in a message".to_owned()))?;
        rest = left;
        if let Accepted::Complete { payload, .. } = reassembler.accept(message) {
            stdout().write_all(&payload).map_err(io)?;
            return Ok(0);
        }
    }
    for report in reassembler.expire(in_an_hour()) {
        eprintln!("{}", serde_json::json!(report));
    }
    Ok(3)
}

/// Longer than any set waits.
fn in_an_hour() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now + Duration::from_secs(3_600)).as_millis() as i64
}

const MEGABYTE: usize = 1_000_000;
const PAYLOAD_BYTES: usize = 100 << 20;
const MESSAGE_SIZE: usize = 150_000;

/// MB/s of each round of all cases, or of one; one round before them is not told.
fn bench(rounds: usize, only: Option<&str>) -> BTreeMap<&'static str, Vec<f64>> {
    let payload: Vec<u8> = (0..PAYLOAD_BYTES).map(|i| (i * 167 + (i >> 8) * 59) as u8).collect();
    let mut segmenter = Segmenter::new(Options::new(MESSAGE_SIZE)).expect("options");
    let messages: Vec<_> = segmenter.segment(&payload).expect("segments").collect();
    let lossy: Vec<_> =
        messages.iter().enumerate().filter(|(index, _)| index % 8 != 7).map(|(_, message)| message.clone()).collect();
    let shards: Vec<Vec<u8>> =
        (0..112).map(|j| (0..102_400).map(|i| (i * 37 + j * 101 + 11) as u8).collect()).collect();
    let data: Vec<&[u8]> = shards.iter().map(Vec::as_slice).collect();
    let made = parity::encode(&data, 16, 102_400);
    let there: Vec<_> = made.iter().map(|shard| Some(shard.as_slice())).collect();
    let left: Vec<_> = data.iter().enumerate().map(|(index, shard)| (index % 7 != 0).then_some(*shard)).collect();
    let reassemble = |messages: &[Vec<u8>]| {
        let mut reassembler = Reassembler::new(Options::new(MESSAGE_SIZE)).expect("options");
        messages.iter().any(|message| matches!(reassembler.accept(message), Accepted::Complete { .. }))
    };
    let mut results = BTreeMap::new();
    for round in 0..=rounds {
        let mut measure = |name: &'static str, bytes: usize, run: &mut dyn FnMut() -> bool| {
            if only.is_some_and(|only| only != name) {
                return;
            }
            let (start, mut repeats) = (Instant::now(), 0);
            while repeats == 0 || start.elapsed() < Duration::from_millis(200) {
                assert!(run());
                repeats += 1;
            }
            let speed = (bytes * repeats) as f64 / MEGABYTE as f64 / start.elapsed().as_secs_f64();
            let speeds: &mut Vec<f64> = results.entry(name).or_default();
            if round > 0 {
                speeds.push(speed);
            }
        };
        measure("encode-112-16", 112 * 102_400, &mut || parity::encode(&data, 16, 102_400).len() == 16);
        measure("decode-112-16", 112 * 102_400, &mut || parity::recover(&left, &there, 102_400).len() == 16);
        measure("keccak-100mb", payload.len(), &mut || Keccak256::digest(&payload)[0] < 255);
        measure("segment-100mb", payload.len(), &mut || segmenter.segment(&payload).expect("segments").count() > 700);
        measure("reassemble-100mb", payload.len(), &mut || reassemble(&messages));
        measure("reassemble-100mb-lossy", payload.len(), &mut || reassemble(&lossy));
    }
    results
}
