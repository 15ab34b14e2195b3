//! RLN for the development network as one WebAssembly file without wasm-bindgen: bytes in, bytes out.
//!
//! The host writes a request into memory that `allocate` gave, calls `call`, reads the reply and releases both. A reply
//! starts with 0 and its result, or with 1 and a reason in UTF-8. Integers are little endian; a field element has 32
//! bytes, little endian and below the order of the field: anything else is refused, so that every value has one
//! spelling. The only import is `host.random`.

mod random;
mod requests;

use std::cell::RefCell;

use requests::Circuit;

thread_local!(static CIRCUIT: RefCell<Option<Circuit>> = const { RefCell::new(None) });

#[no_mangle]
extern "C" fn allocate(length: usize) -> *mut u8 {
    Box::into_raw(vec![0u8; length].into_boxed_slice()).cast()
}

/// # Safety
/// `at` and `length` are those of one `allocate` or of one reply, and are not used again.
#[no_mangle]
unsafe extern "C" fn release(at: *mut u8, length: usize) {
    // A request or a reply may hold a secret.
    let bytes = std::slice::from_raw_parts_mut(at, length);
    for byte in bytes.iter_mut() {
        std::ptr::write_volatile(byte, 0);
    }
    drop(Box::from_raw(std::ptr::from_mut(bytes)));
}

/// Where the reply is (high 32 bits) and how long (low 32 bits).
///
/// # Safety
/// `at` and `length` are those of one `allocate`.
#[no_mangle]
unsafe extern "C" fn call(operation: u32, at: *const u8, length: usize) -> u64 {
    let request = std::slice::from_raw_parts(at, length);
    let result = CIRCUIT.with_borrow_mut(|circuit| {
        circuit.get_or_insert_with(Circuit::open).answer(operation, request)
    });
    let reply = match result {
        Ok(mut bytes) => {
            bytes.insert(0, 0);
            bytes
        }
        Err(reason) => [&[1], reason.as_bytes()].concat(),
    }
    .into_boxed_slice();
    let length = reply.len() as u64;
    let at = Box::into_raw(reply).cast::<u8>() as u64;
    at << 32 | length
}
