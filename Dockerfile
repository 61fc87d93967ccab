# syntax=docker/dockerfile:1

# ── build ──────────────────────────────────────────────────────────────────────────────────────
FROM rust:1.95-slim-bookworm AS build
# The image's own toolchain, not a second one that rust-toolchain.toml would make rustup fetch.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    rustup target add wasm32-unknown-unknown \
 && cargo xtask frontend --release \
 && cargo build --locked --release -p carillon --features jemalloc \
 && cp target/release/carillon /usr/local/bin/carillon

# ── run ────────────────────────────────────────────────────────────────────────────────────────
FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 carillon \
 && useradd --system --uid 10001 --gid carillon --home-dir /data --shell /usr/sbin/nologin carillon \
 && install --directory --owner=carillon --group=carillon --mode=0700 /data
COPY --from=build /usr/local/bin/carillon /usr/local/bin/carillon

# Nothing secret is in the image: the key file is made in the volume on the very first start.
ENV CARILLON_LISTEN=0.0.0.0:8080 \
    CARILLON_DATA_DIR=/data
USER carillon
WORKDIR /data
VOLUME /data
EXPOSE 8080

# The program asks itself; the image has no other client.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["carillon", "healthcheck"]

ENTRYPOINT ["carillon"]
CMD ["serve"]
