//! Randomness of the host, for both versions of `getrandom` that the crates use.

#[link(wasm_import_module = "host")]
extern "C" {
    fn random(at: *mut u8, length: usize);
}

fn random02(bytes: &mut [u8]) -> Result<(), getrandom02::Error> {
    unsafe { random(bytes.as_mut_ptr(), bytes.len()) };
    Ok(())
}
getrandom02::register_custom_getrandom!(random02);

#[no_mangle]
unsafe extern "Rust" fn __getrandom_v03_custom(at: *mut u8, length: usize) -> Result<(), getrandom04::Error> {
    random(at, length);
    Ok(())
}
