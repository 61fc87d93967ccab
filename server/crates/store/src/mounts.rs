//! Where a SQLite file must not lie.
//!
//! Owns the list of network file systems. Their locks and their memory shared between processes
//! are not to be trusted with a write-ahead log.

use std::path::Path;

const NETWORK: &[&str] = &[
    "afs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// The name of the network file system that a folder lies on. `None` also where the operating
/// system does not say.
pub(crate) fn network_file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let kind = kind_of(&mounts, &folder)?;
    NETWORK.contains(&kind).then(|| kind.to_owned())
}

/// The kind of the innermost mount that holds the folder; of two on one place the later.
fn kind_of<'m>(mounts: &'m str, folder: &Path) -> Option<&'m str> {
    let mut found: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        let (Some(place), Some(kind)) = (fields.next(), fields.next()) else {
            continue;
        };
        let place = place.replace("\\040", " ");
        if folder.starts_with(&place) && found.is_none_or(|(length, _)| place.len() >= length) {
            found = Some((place.len(), kind));
        }
    }
    found.map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "overlay / overlay rw 0 0\nserver:/x /srv/data nfs4 rw 0 0\n\
        tmpfs /srv/data/fast tmpfs rw 0 0\n//pc/share /mnt/the\\040share cifs rw 0 0\nbroken\n";

    #[test]
    fn the_innermost_mount_counts() {
        let kind = |path: &str| kind_of(MOUNTS, Path::new(path));
        assert_eq!(kind("/var/lib"), Some("overlay"));
        assert_eq!(kind("/srv/data/carillon"), Some("nfs4"));
        assert_eq!(kind("/srv/database"), Some("overlay"));
        assert_eq!(kind("/srv/data/fast/x"), Some("tmpfs"));
        assert_eq!(kind("/mnt/the share/x"), Some("cifs"));
    }
}
