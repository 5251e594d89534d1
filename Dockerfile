# The image of `fpvm`: one static binary and the certificates of authorities, nothing else.
#
#   docker build --build-arg FPVM_COMMIT="$(git rev-parse HEAD)" --tag fpvm .
#
# A host that is linked dynamically (kona-host) needs a base with a C library: see "Running it as a service" in the book.

# Alpine's Rust makes static binaries by itself, so nothing is installed and nothing but cargo downloads.
ARG RUST=1.95-alpine3.22
ARG BASE=scratch

FROM rust:${RUST} AS build
WORKDIR /src
COPY . .
# Which commit `fpvm --version` names: the context has no Git folder.
ARG FPVM_COMMIT=""
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package fpvm-cli --bin fpvm \
    && mkdir -p /image/tmp /image/var/lib/fpvm \
    && cp target/release/fpvm /image/

# What the binary is made of, as CycloneDX: `docker build --target sbom --output DIR .` gives the file alone.
FROM rust:${RUST} AS cyclonedx
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo install --locked --version 0.5.9 cargo-cyclonedx
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo cyclonedx --manifest-path cli/Cargo.toml --format json --override-filename fpvm.cdx \
    && cp cli/fpvm.cdx.json /

FROM scratch AS sbom
COPY --from=cyclonedx /fpvm.cdx.json /

# hadolint ignore=DL3006
FROM ${BASE}
LABEL org.opencontainers.image.title="fpvm" \
      org.opencontainers.image.description="Challenger, monitor and proposer of dispute games, and the fault proof VMs below them" \
      org.opencontainers.image.source="https://github.com/fpvm/fpvm" \
      org.opencontainers.image.documentation="https://github.com/fpvm/fpvm/blob/main/docs/src/operations.md" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /image/fpvm /usr/local/bin/
COPY --from=build --chown=65532:65532 /image/tmp /tmp
COPY --from=build --chown=65532:65532 /image/var/lib/fpvm /var/lib/fpvm
COPY --from=sbom /fpvm.cdx.json /usr/share/doc/fpvm/
USER 65532:65532
# What daemons keep; a folder of the machine's or a volume goes here.
VOLUME /var/lib/fpvm
WORKDIR /var/lib/fpvm
# Every daemon serves its figures here, and the health check asks for them.
ENV FPVM_METRICS=0.0.0.0:7300
EXPOSE 7300 7301
HEALTHCHECK --interval=30s --timeout=15s --start-period=2m --retries=3 \
    CMD ["/usr/local/bin/fpvm", "doctor", "--daemon", "127.0.0.1:7300"]
ENTRYPOINT ["/usr/local/bin/fpvm"]
CMD ["--help"]
