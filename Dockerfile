# The gateway in a small image: the binary, certificates and the shipped policies.
#
#   docker build -t tactgate .
#   docker run -p 2525:2525 -p 8700:8700 -v tactgate-data:/data \
#     -v "$PWD/tactgate.toml:/etc/tactgate/tactgate.toml:ro" -e TACTGATE_CONFIG=/etc/tactgate/tactgate.toml tactgate
#
# In a container the doors must listen off loopback (`address = "0.0.0.0:2525"`), so a settings file is
# needed that says who may use them: `networks` or `auth`.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src ./src
RUN cargo build --release --locked --bin tactgate && mkdir -p /out/data && cp target/release/tactgate /out/

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --no-install-recommends --yes ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /srv/tactgate --shell /usr/sbin/nologin tactgate
COPY --from=build /out/tactgate /usr/local/bin/tactgate
COPY --from=build --chown=10001:10001 /out/data /data
COPY policies /srv/tactgate/policies
COPY LICENSE /usr/share/doc/tactgate/LICENSE
# The built-in defaults keep state in ./data: here the volume.
RUN ln -s /data /srv/tactgate/data
WORKDIR /srv/tactgate
USER 10001:10001
EXPOSE 2525 8700 8701
VOLUME /data
STOPSIGNAL SIGTERM
# Whether it works is asked at /readyz of the admin door by what runs the container.
ENTRYPOINT ["tactgate"]
