# syntax=docker/dockerfile:1
# mopenstack as an image: `docker build --tag mopenstack .`, then `docker run --rm --publish 8800:8800 mopenstack`.
# `make image` builds it without Docker and proves it (release/image.sh).

FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/mopenstack
COPY . /src
# Where pip finds packages, if a builder has to say.
ARG PIP_CONFIG_FILE
# PostgreSQL, /_mopenstack/metrics, traces, the config drives of guests and --check-answers. What only installs goes.
RUN /opt/mopenstack/bin/pip install --no-cache-dir --disable-pip-version-check \
      '/src[check,config-drive,metrics,otel,postgres]' \
 && /opt/mopenstack/bin/pip uninstall --yes --quiet pip

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="mopenstack" \
      org.opencontainers.image.description="A mock OpenStack cloud for development and CI" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mopenstack \
 && install --directory --owner 10001 --group 10001 --mode 0700 /data /run/mopenstack /var/cache/mopenstack
COPY --from=build /opt/mopenstack /opt/mopenstack
ENV PATH=/opt/mopenstack/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    MOPENSTACK_STATE=/run/mopenstack \
    MOPENSTACK_CACHE=/var/cache/mopenstack
USER 10001:10001
# What a first start makes of the services is made now: a container is up in a second.
RUN timeout 120 mopenstack up --detach --port 0 && mopenstack stop && rm -rf /run/mopenstack/mopenstack
WORKDIR /data
VOLUME /data
# All services, and gRPC.
EXPOSE 8800 8801
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python3", "-S", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8800/_mopenstack/ready', timeout=4)"]
ENTRYPOINT ["mopenstack"]
# The admin API needs MOPENSTACK_ADMIN_TOKEN, or the token that is in /run/mopenstack; MOPENSTACK_STORE takes PostgreSQL.
CMD ["up", "--host", "0.0.0.0", "--port", "8800", "--grpc-port", "8801", "--data", "/data"]
