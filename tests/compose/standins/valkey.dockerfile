# Stands in for valkey/valkey:8-trixie: Debian's Valkey 8 with the same entry point.
FROM standin/debian:trixie
COPY host/ /
RUN groupadd -r -g 999 valkey \
    && useradd -r -g valkey -u 999 -d /data -s /usr/sbin/nologin valkey \
    && apt-get -qq update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends valkey-server valkey-tools \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o valkey -g valkey -m 1777 /data
COPY --chmod=755 valkey-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["valkey-server"]
