// Package forged finds the true shards of a set that holds forged ones.
//
// True shards together satisfy the checks of the erasure code, and all symbols of one shard are wrong together, so a few random
// sums over its columns stand for it (sketch.go). Linear algebra then tells what is forged: where no candidate is true
// (locate.go), where one of several is (alternatives.go), and both in one set. The hash of the payload is asked only about choices
// that satisfy every check: that is one, unless the forger sent codewords himself. LIP-243 has no defence of its own.
package forged
