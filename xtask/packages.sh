#!/bin/sh
# Installs the Debian packages that a build ("build"), a test run ("test") or the fault suite
# ("faults") needs and this machine lacks. Says which, and why, before it does. Rust itself is the one thing it expects.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

if ! has cargo; then
  echo "Rust is missing: install it with rustup, or your distribution's package of it." >&2
  exit 1
fi

packages=""
want() { # PACKAGE REASON
  packages="$packages $1"
  echo "needed: $1 ($2)"
}

has cc || want build-essential "the linker, and the C compiler for SQLite"

has_postgres() {
  has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

if [ "${1:-build}" = test ] || [ "${1:-build}" = faults ]; then
  has_postgres ||
    want postgresql "the second database of the tests; they start their own cluster"
  has strace || want strace "kills the program at the n-th call of the system"
  has faketime || want faketime "sets the clock of one program"
fi

if [ "${1:-build}" = faults ]; then
  has xfs_io || want xfsprogs "cuts the power of a file system"
fi

if [ "${1:-build}" = test ]; then
  has chromium || has chromium-browser || has google-chrome ||
    want chromium "the browser of the browser tests"
  has node || want nodejs "runs the browser tests"
  has python3 || want python3 "runs the second verifier of the audit log"
  has kamailio || want kamailio "the SIP server of the tests; they start their own"
  ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 ||
    want kamailio-tls-modules "its TLS"
  has sipp || want sip-tester "plays the phones behind it"
  has nft || [ -x /usr/sbin/nft ] || want nftables "loads the rules of the guard outside"
  has ip || [ -x /usr/sbin/ip ] || want iproute2 "makes the networks of those tests"
  has npm || want npm "fetches their two libraries"
fi

[ -n "$packages" ] || exit 0

if ! has apt-get; then
  echo "This is no Debian or Ubuntu: please install the above yourself, then run make again." >&2
  exit 1
fi

as_root=""
if [ "$(id -u)" != 0 ]; then
  if ! has sudo; then
    echo "To install them, run as root: apt-get install$packages" >&2
    exit 1
  fi
  as_root=sudo
fi

echo "installing:$packages (apt-get)"
$as_root apt-get update -q >/dev/null
# The list is meant to fall apart into words.
# shellcheck disable=SC2086
# A service that comes with a package is not started: the tests run their own.
DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $as_root apt-get install -y -q --no-install-recommends $packages
