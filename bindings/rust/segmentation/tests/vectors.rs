//! What every implementation is held to: `vectors/segmentation.json`.
use chat_segmentation::{
    Accepted, IncompleteReport, Options, Parity, Reassembler, ReassemblerOptions, Segmenter, SegmenterOptions, Wrap,
};
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};

fn vectors() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../vectors/segmentation.json"));
    serde_json::from_str(&text.expect("vectors")).expect("JSON")
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
    vectors[name].as_array().expect("a list")
}

fn common(options: &Value) -> Options {
    let mut common = Options::new(options["maxMessageSize"].as_u64().expect("a size") as usize);
    if let Some(size) = options["maxPayloadSize"].as_u64() {
        common.max_payload_size = size;
    }
    if let Some(count) = options["maxTotalSegments"].as_u64() {
        common.max_total_segments = count as usize;
    }
    if options["wrap"] == "always" {
        common.wrap = Wrap::Always;
    }
    common.blind = options["blind"] == true;
    common
}

fn settings(options: &Value) -> SegmenterOptions {
    let mut settings = SegmenterOptions::new(common(options));
    settings.parity = match &options["parity"] {
        Value::String(word) if word == "none" => Parity::None,
        Value::Object(rate) => Parity::Rate(rate["rate"].as_f64().expect("a rate")),
        _ => Parity::SevenEighths,
    };
    settings
}

fn payload(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 167 + (i >> 8) * 59 + seed) as u8).collect()
}

#[test]
fn segmenting() {
    let vectors = vectors();
    for vector in list(&vectors, "segmenting") {
        let name = vector["name"].as_str().expect("a name");
        let mut settings = settings(&vector["options"]);
        let blinding = vector["blinding"].as_str().map(|text| hex::decode(text).expect("hex"));
        if let Some(blinding) = blinding {
            settings.random = Box::new(move |bytes| bytes.copy_from_slice(&blinding[..bytes.len()]));
        }
        let number = |key: &str| vector["payload"][key].as_u64().expect("a number") as usize;
        let payload = payload(number("bytes"), number("seed"));
        let mut segmenter = Segmenter::new(settings).expect("options");
        let segments = segmenter.segment(&payload).expect("segments");
        assert_eq!(json!(segments.set_id), vector["setId"], "{name}");
        let total = segments.total;
        let messages: Vec<_> = segments.collect();
        assert_eq!((json!(total), total), (vector["total"].clone(), messages.len()), "{name}");
        for (message, wanted) in messages.iter().zip(vector["messages"].as_array().into_iter().flatten()) {
            assert_eq!(hex::encode(message), wanted.as_str().expect("hex"), "{name}");
        }
        let hash = messages.iter().fold(Keccak256::new(), |hash, message| {
            hash.chain_update((message.len() as u32).to_be_bytes()).chain_update(message)
        });
        assert_eq!(hex::encode(hash.finalize()), vector["keccak256"].as_str().expect("a hash"), "{name}");
    }
}

#[test]
fn refused() {
    let vectors = vectors();
    for vector in list(&vectors, "refused") {
        let payload = vec![0; vector["payloadBytes"].as_u64().expect("a length") as usize];
        let refusal = Segmenter::new(settings(&vector["options"]))
            .and_then(|mut segmenter| segmenter.segment(&payload).map(drop))
            .expect_err("a refusal");
        assert_eq!(json!(refusal.code().as_str()), vector["code"], "{}", vector["name"]);
    }
}

#[test]
fn accepting() {
    let vectors = vectors();
    for vector in list(&vectors, "accepting") {
        let given = &vector["options"];
        let mut options = ReassemblerOptions::new(common(given));
        let number = |key: &str| given[key].as_u64();
        options.max_buffered_bytes = number("maxBufferedBytes").unwrap_or(options.max_buffered_bytes);
        options.max_sets = number("maxSets").map_or(options.max_sets, |count| count as usize);
        options.max_completed_sets =
            number("maxCompletedSets").map_or(options.max_completed_sets, |count| count as usize);
        options.timeout_ms = number("timeoutMs").unwrap_or(options.timeout_ms);
        let mut reassembler = Reassembler::new(options).expect("options");
        for (index, step) in list(vector, "steps").iter().enumerate() {
            let name = format!("{}, step {index}", vector["name"]);
            let now_ms = step["nowMs"].as_i64().expect("a time");
            let sender = step["sender"].as_str().unwrap_or_default();
            if let Some(expire) = step.get("expire") {
                let wanted: Vec<IncompleteReport> = serde_json::from_value(expire.clone()).expect("reports");
                assert_eq!(reassembler.expire(now_ms), wanted, "{name}");
            } else if let Some(set_id) = step["markComplete"].as_str() {
                reassembler.mark_complete(sender, set_id, now_ms);
            } else {
                let message = hex::decode(step["message"].as_str().expect("hex")).expect("hex");
                let result = shown(reassembler.accept_from(sender, &message, now_ms), sender);
                assert_eq!(result, step["result"], "{name}");
            }
            assert_eq!(json!(reassembler.buffered_bytes()), step["bufferedBytes"], "{name}");
        }
    }
}

/// As the vectors have it.
fn shown(accepted: Accepted, sender: &str) -> Value {
    let mut shown = match accepted {
        Accepted::Complete { payload, set_id, forged } => {
            let digest = json!({ "bytes": payload.len(), "keccak256": hex::encode(Keccak256::digest(&payload)) });
            let mut shown = json!({ "kind": "complete", "payload": digest, "setId": set_id });
            if !sender.is_empty() {
                shown["sender"] = json!(sender);
            }
            if forged > 0 {
                shown["forged"] = json!(forged);
            }
            shown
        }
        Accepted::Pending { set_id, index, is_parity, held, needed, total } => json!({
            "kind": "pending", "setId": set_id, "index": index, "isParity": is_parity,
            "held": held, "needed": needed, "total": total,
        }),
        Accepted::Discarded { reason, set_id } => {
            json!({ "kind": "discarded", "reason": format!("{reason:?}").to_lowercase(), "setId": set_id })
        }
    };
    if shown["setId"].is_null() {
        shown.as_object_mut().expect("an object").remove("setId");
    }
    shown
}
