//! What the kernel says about this process and this machine.
//!
//! Owns the reading of `/proc`. Where there is none, the figures are zero.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Processor time of a process, in microseconds, over all threads that live.
pub(crate) fn cpu_micros(process: &str) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return 0;
    };
    let of_thread = |folder: &Path| {
        let text = fs::read_to_string(folder.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    let nanos = threads.flatten().filter_map(|it| of_thread(&it.path()));
    nanos.sum::<u64>() / 1_000
}

/// A line of `/proc/…/status` in KiB.
pub(crate) fn memory_kib(process: &str, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let number = found.and_then(|rest| rest.trim_matches([':', ' ', '\t']).split(' ').next());
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Forgets the highest memory so far, so that [`peak_kib`] tells of what follows.
pub(crate) fn forget_peak() {
    forget_peak_of("self");
}

/// The same for another process.
pub(crate) fn forget_peak_of(process: &str) {
    // Without it the peak is that of the whole life, which is more, never less.
    let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// The most memory since [`forget_peak`].
pub(crate) fn peak_kib() -> u64 {
    memory_kib("self", "VmHWM")
}

/// Looks every now and then how many descriptors are open, and keeps the most.
pub(crate) struct DescriptorWatch {
    most: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl DescriptorWatch {
    const PAUSE: Duration = Duration::from_millis(25);

    pub(crate) fn start() -> Self {
        let watch = Self {
            most: Arc::default(),
            over: Arc::default(),
        };
        let (most, over) = (watch.most.clone(), watch.over.clone());
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(open_descriptors(), Ordering::Relaxed);
                std::thread::sleep(Self::PAUSE);
            }
        });
        watch
    }

    pub(crate) fn most(&self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        self.most.load(Ordering::Relaxed)
    }
}

/// Descriptors that are open now.
pub(crate) fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// The other ends of all connections that the kernel holds for a port of this machine, also of those that
/// its process has closed: as long as something is left to send they take memory.
pub(crate) fn held_for(port: u16) -> HashSet<SocketAddrV4> {
    let all = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    all.lines().filter_map(|line| peer_of(line, port)).collect()
}

fn peer_of(line: &str, port: u16) -> Option<SocketAddrV4> {
    let mut words = line.split_whitespace().skip(1);
    let (own, peer, state) = (words.next()?, words.next()?, words.next()?);
    // 06 = over, only the port rests; 0A = the listener.
    if end_of(own)?.port() != port || ["06", "0A"].contains(&state) {
        return None;
    }
    end_of(peer)
}

/// An address as the kernel writes it: the bytes of the number in its own order.
fn end_of(text: &str) -> Option<SocketAddrV4> {
    let (ip, port) = text.split_once(':')?;
    let ip = u32::from_str_radix(ip, 16).ok()?.to_ne_bytes();
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddrV4::new(ip.into(), port))
}

/// The machine in a few words.
pub(crate) fn description() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of_line = |line: &str| line.split_once(':').map(|(_, name)| name.trim().to_owned());
    let model = info.lines().find(|line| line.starts_with("model name"));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{} cores, {}, Linux {}",
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        model.and_then(of_line).unwrap_or_default(),
        kernel.trim()
    )
}
