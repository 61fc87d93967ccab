//! Proofs of single records.

use carillon_engine::EngineError;
use carillon_engine::audit::{InclusionProof, ProofFault, is_as_signed, prove};
use carillon_store::TILE;

use crate::house::{Database, House};

/// The numbers at which trees of tiles turn.
async fn proven(house: &House, sizes: &[i64]) -> Vec<InclusionProof> {
    let mut proofs = Vec::new();
    for size in sizes {
        for seq in [0, 1, TILE - 1, TILE, 2 * TILE, size / 2, size - 1] {
            let proof = prove(&house.store, seq).await.unwrap();
            assert_eq!(proof.index, u64::try_from(seq).unwrap());
            proofs.push(proof);
        }
    }
    proofs
}

pub(crate) async fn a_record_is_proven_by_one_file(database: &Database) {
    let house = House::new(database).await;
    let notary = house.notary().await;
    let sizes = [600, 1024, 1300, 1301];
    for size in sizes {
        let known = house.store.audit_head().await.unwrap().size();
        house.record(size - i64::try_from(known).unwrap()).await;
        notary.look(true).await.unwrap();
    }
    let key = house.key().await.unwrap().public().clone();
    let file = house.file("one.tlog-proof");
    for proof in proven(&house, &sizes).await {
        let text = proof.to_string();
        assert_eq!(text.parse(), Ok(proof.clone()));
        let entry = proof.check(&key).unwrap();
        std::fs::write(&file, &text).unwrap();
        let (status, told) = house.second(&["--proof", file.to_str().unwrap()]);
        assert_eq!(status, 0, "{told}");
        assert!(told.contains(entry), "{told}");
    }
    house.close().await;
}

/// Whatever is touched, both programs see it.
pub(crate) async fn a_proof_that_was_touched_proves_nothing(database: &Database) {
    let house = House::signed(database).await;
    let key = house.key().await.unwrap().public().clone();
    let honest = prove(&house.store, 300).await.unwrap();
    let text = honest.to_string();
    let last = text.lines().nth(4).unwrap();
    let without = text.lines().filter(|line| *line != last);
    let mut other_entry = honest.clone();
    other_entry.entry = Some(b"{\"seq\":300,\"action\":\"nothing\"}".to_vec());
    let cases = [
        (other_entry.to_string(), ProofFault::Changed),
        (text.replace("index 300", "index 301"), ProofFault::Changed),
        (
            without.collect::<Vec<_>>().join("\n") + "\n",
            ProofFault::Changed,
        ),
        (text.replace("\n400\n", "\n600\n"), ProofFault::Foreign),
    ];
    let file = house.file("one.tlog-proof");
    for (text, fault) in cases {
        let read: InclusionProof = text.parse().unwrap();
        assert_eq!(read.check(&key), Err(fault), "{text}");
        std::fs::write(&file, &text).unwrap();
        let (status, told) = house.second(&["--proof", file.to_str().unwrap()]);
        assert_eq!(status, 1, "{told}");
        assert!(
            told.contains(fault.to_string().split(':').next().unwrap()),
            "{told}"
        );
    }
    let bare = text.lines().filter(|line| !line.starts_with("extra "));
    let bare = bare.collect::<Vec<_>>().join("\n") + "\n";
    let read: InclusionProof = bare.parse().unwrap();
    assert_eq!(read.check(&key), Err(ProofFault::NoRecord));
    for wrong in [
        "",
        "c2sp.org/tlog-proof@v1\n",
        &text.replace("index", "number"),
        &text.replace("index 300", "index -300"),
        &text.replace("index 300", "index 3_00"),
        &text.replace("\n400\n", "\n99999999999999999999\n"),
        &text.replace("\n400\n", "\n-400\n"),
        &text.replace('\n', "\r\n"),
        &format!("\u{feff}{text}"),
        &format!("{text}\n"),
    ] {
        assert!(wrong.parse::<InclusionProof>().is_err(), "{wrong}");
        std::fs::write(&file, wrong).unwrap();
        let (status, told) = house.second(&["--proof", file.to_str().unwrap()]);
        assert_eq!(status, 3, "{wrong}: {told}");
    }
    house.close().await;
}

pub(crate) async fn only_what_leads_to_the_signed_root_is_proven(database: &Database) {
    let house = House::signed(database).await;
    house.record(1).await;
    let proof = prove(&house.store, 600).await;
    assert!(matches!(proof, Err(EngineError::Conflict(why)) if why.contains("not signed yet")));
    let proof = prove(&house.store, 601).await;
    assert!(matches!(proof, Err(EngineError::NotFound)));
    let hash = house.bytes(&[7; 32]);
    let row = house.store.audit_entry(298).await.unwrap().unwrap();
    let signed = house.store.checkpoint_over(298).await.unwrap().unwrap();
    let holds = is_as_signed(&house.store, &row, signed.clone()).await;
    assert!(holds.unwrap());
    let touch = format!("UPDATE audit SET leaf_hash = {hash} WHERE seq = 299");
    house.tamper(&[touch]).await;
    let proof = prove(&house.store, 298).await;
    assert!(matches!(proof, Err(EngineError::Conflict(why)) if why.contains("does not lead")));
    let holds = is_as_signed(&house.store, &row, signed).await;
    assert!(!holds.unwrap());
    house.close().await;
}
