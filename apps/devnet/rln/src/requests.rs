//! What can be asked for. Shapes are given in front of each operation, as `request -> result`.

use rand::rngs::OsRng;
use rln::prelude::*;
use zerokit_utils::merkle_tree::{OptimalMerkleTree, ZerokitMerkleTree};

type Tree = OptimalMerkleTree<PoseidonHash>;

const FIELD: usize = 32;
const PROOF: usize = 128;
const VALUES: usize = 4 * FIELD;
/// The circuit compares 16 bits.
const MAX_LIMIT: u32 = 65_536;

pub struct Circuit {
    node: RLN<Stateful<Tree>, ArkGroth16Backend<PoseidonHash>>,
    member: Option<Member>,
}

/// Who proves here; `prepared` holds for the tree's root of the moment when it was made.
struct Member {
    secret: SecretFr,
    limit: u32,
    position: usize,
    prepared: Option<PartialProof>,
}

type Result<T> = std::result::Result<T, String>;

impl Circuit {
    pub fn open() -> Self {
        let zkey = zkey_from_raw(include_bytes!("../circuit/rln_final.arkzkey")).expect("the file is the crate's own");
        let graph = graph_from_raw(include_bytes!("../circuit/graph.bin"), Some(DEFAULT_TREE_DEPTH), None)
            .expect("the file is the crate's own");
        let tree = Tree::default(DEFAULT_TREE_DEPTH).expect("a tree in memory");
        Self { node: RLNBuilder::stateful().tree(tree).zkey(zkey).graph(graph).build(), member: None }
    }

    pub fn answer(&mut self, operation: u32, request: &[u8]) -> Result<Vec<u8>> {
        let mut input = Input(request);
        let result = match operation {
            0 => identity(&mut input),
            1 => commitment(&mut input),
            2 => leaf(&mut input),
            3 => self.set_leaves(&mut input),
            4 => self.join(&mut input),
            5 => self.prove(&mut input),
            6 => self.verify(&mut input),
            7 => recover(&mut input),
            _ => Err(format!("operation: want 0 to 7, got {operation}")),
        }?;
        match input.0.len() {
            0 => Ok(result),
            rest => Err(format!("request: want its end, got {rest} bytes more")),
        }
    }

    /// position u32, any number of leaves -> root; a leaf of 0 is nobody's
    fn set_leaves(&mut self, input: &mut Input) -> Result<Vec<u8>> {
        let position = input.u32()? as usize;
        let mut leaves = Vec::new();
        while !input.0.is_empty() {
            leaves.push(input.field()?);
        }
        self.node.set_leaves_from(position, leaves).map_err(|error| error.to_string())?;
        if let Some(member) = &mut self.member {
            member.prepared = None;
        }
        written(&[self.node.get_root()])
    }

    /// secret, limit u32, position u32 -> nothing
    fn join(&mut self, input: &mut Input) -> Result<Vec<u8>> {
        let secret = input.secret()?;
        let limit = input.limit()?;
        let position = input.u32()? as usize;
        let expected = leaf_of(commitment_of(&secret)?, limit);
        if self.node.get_leaf(position).map_err(|error| error.to_string())? != expected {
            return Err(format!("membership: want the leaf of secret and limit at position {position}, got another"));
        }
        self.member = Some(Member { secret, limit, position, prepared: None });
        Ok(Vec::new())
    }

    /// epoch (32 bytes), application (32 bytes), index u32, checked u8, signal ->
    /// proof (128 bytes), root, x, y, nullifier
    ///
    /// With `checked` 0, an index beyond the limit is left to the circuit: what a cheat would run.
    fn prove(&mut self, input: &mut Input) -> Result<Vec<u8>> {
        let external_nullifier = input.external_nullifier()?;
        let index = input.u32()?;
        let checked = input.take(1)?[0] != 0;
        let x = hash_to_field_le(input.rest());
        let member = self.member.as_mut().ok_or("membership: want one, got none")?;
        if checked && index >= member.limit {
            return Err(format!("index: want below the limit of {}, got {index}", member.limit));
        }
        let path = self.node.get_merkle_proof(member.position).map_err(|error| error.to_string())?;
        if member.prepared.is_none() {
            let witness = RLNPartialWitnessInput::new()
                .identity_secret(member.secret.clone())
                .user_message_limit(Fr::from(member.limit))
                .merkle_proof(&path)
                .build()
                .map_err(|error| error.to_string())?;
            member.prepared = Some(self.node.generate_partial_proof(&witness).map_err(|error| error.to_string())?);
        }
        let prepared = member.prepared.as_ref().ok_or("prepared proof: want one, got none")?;
        let witness = witness(member, RLNMerkleProof::from(&path), x, external_nullifier, index)?;
        let (proof, values) = self.node.finish_proof(prepared, &witness).map_err(|error| error.to_string())?;
        let mut bytes = Vec::with_capacity(PROOF + VALUES);
        proof.serialize_compressed(&mut bytes).map_err(|error| error.to_string())?;
        let y = values.y().ok_or("values: want one share, got several")?;
        let nullifier = values.nullifier().ok_or("values: want one nullifier, got several")?;
        bytes.extend(written(&[values.root(), values.x(), y, nullifier])?);
        Ok(bytes)
    }

    /// proof and values as from `prove`, epoch, application, number of roots u32, roots, signal -> verdict u8:
    /// 0 valid, 1 an unknown root, 2 not of this signal, 3 the proof is false, as it is for another epoch or application
    fn verify(&mut self, input: &mut Input) -> Result<Vec<u8>> {
        let proof = Proof::deserialize_compressed(input.take(PROOF)?).map_err(|_| "proof: want three points".to_string())?;
        let (root, x_proved, y, nullifier) = (input.field()?, input.field()?, input.field()?, input.field()?);
        // Never taken from the sender: the crate does not compare it with the epoch.
        let external_nullifier = input.external_nullifier()?;
        let values = RLNProofValues::new_single()
            .y(y)
            .root(root)
            .nullifier(nullifier)
            .x(x_proved)
            .external_nullifier(external_nullifier)
            .build();
        let count = input.u32()?;
        let mut roots = Vec::new();
        for _ in 0..count {
            roots.push(input.field()?);
        }
        let x = hash_to_field_le(input.rest());
        let verdict = if !roots.contains(&root) {
            // Asked here: the crate takes an empty list as leave to skip the question.
            1
        } else if x_proved != x {
            2
        } else if !self.node.verify(&proof, &values).unwrap_or(false) {
            3
        } else {
            0
        };
        Ok(vec![verdict])
    }
}

/// nothing -> secret, commitment
fn identity(_: &mut Input) -> Result<Vec<u8>> {
    let keys = IdentityKeys::generate::<PoseidonHash, _>(&mut OsRng);
    written(&[*keys.identity_secret(), keys.id_commitment()])
}

/// secret -> commitment
fn commitment(input: &mut Input) -> Result<Vec<u8>> {
    written(&[commitment_of(&input.secret()?)?])
}

/// commitment, limit u32 -> leaf
fn leaf(input: &mut Input) -> Result<Vec<u8>> {
    let commitment = input.field()?;
    let limit = input.limit()?;
    written(&[leaf_of(commitment, limit)])
}

/// x, y, x, y of two proofs with one nullifier -> secret
fn recover(input: &mut Input) -> Result<Vec<u8>> {
    let (one, other) = ((input.field()?, input.field()?), (input.field()?, input.field()?));
    let secret = compute_id_secret(one, other).map_err(|_| "shares: want two that differ, got equal ones".to_string())?;
    written(&[*secret])
}

fn commitment_of(secret: &SecretFr) -> Result<Fr> {
    Ok(Hasher::<PoseidonHash>::hash_single(**secret))
}

fn leaf_of(commitment: Fr, limit: u32) -> Fr {
    Hasher::<PoseidonHash>::hash_pair(commitment, Fr::from(limit))
}

/// By way of its serialised form, which the crate can be asked not to check.
fn witness(member: &Member, path: RLNMerkleProof, x: Fr, external_nullifier: Fr, index: u32) -> Result<RLNWitnessInput> {
    let mut bytes = vec![0u8];
    let parts = |bytes: &mut Vec<u8>| {
        member.secret.serialize_compressed(&mut *bytes)?;
        Fr::from(member.limit).serialize_compressed(&mut *bytes)?;
        path.serialize_compressed(&mut *bytes)?;
        x.serialize_compressed(&mut *bytes)?;
        external_nullifier.serialize_compressed(&mut *bytes)?;
        Fr::from(index).serialize_compressed(&mut *bytes)
    };
    parts(&mut bytes).map_err(|error| error.to_string())?;
    let witness = RLNWitnessInput::deserialize_compressed_unchecked(bytes.as_slice()).map_err(|error| error.to_string());
    for byte in bytes.iter_mut() {
        unsafe { std::ptr::write_volatile(byte, 0) };
    }
    witness
}

fn written(fields: &[Fr]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(fields.len() * FIELD + 1);
    for field in fields {
        field.serialize_compressed(&mut bytes).map_err(|error| error.to_string())?;
    }
    Ok(bytes)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        if self.0.len() < length {
            return Err(format!("request: want {length} bytes more, got {}", self.0.len()));
        }
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(taken)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    fn u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(bytes))
    }

    fn limit(&mut self) -> Result<u32> {
        let limit = self.u32()?;
        if limit == 0 || limit > MAX_LIMIT {
            return Err(format!("limit: want 1 to {MAX_LIMIT}, got {limit}"));
        }
        Ok(limit)
    }

    fn field(&mut self) -> Result<Fr> {
        Fr::deserialize_compressed(self.take(FIELD)?).map_err(|_| "field element: want one below the order".to_string())
    }

    fn secret(&mut self) -> Result<SecretFr> {
        let mut field = self.field()?;
        Ok(SecretFr::from(&mut field))
    }

    fn external_nullifier(&mut self) -> Result<Fr> {
        let epoch = hash_to_field_le(self.take(32)?);
        let application = hash_to_field_le(self.take(32)?);
        Ok(Hasher::<PoseidonHash>::hash_pair(epoch, application))
    }
}
