# The image of every process of the fleet: `migrate`, `ingress`, `worker`. It holds an installed wheel
# and nothing else: no sources, no build tools, no package manager's cache, no embedded servers.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
WORKDIR /src
RUN python -m venv /opt/build && python -m venv --without-pip /opt/outrider
COPY requirements/build.txt requirements/prod.txt requirements/
RUN /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/outrider/bin/python install --require-hashes -r requirements/prod.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY telemetry telemetry
COPY db db
COPY providers providers
COPY pipelines pipelines
COPY workers workers
COPY ingress ingress
COPY scripts scripts
RUN /opt/build/bin/python -m hatchling build -t wheel -d dist \
 && /opt/build/bin/pip --python /opt/outrider/bin/python install --no-deps --no-index dist/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 outrider \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin outrider
COPY --from=build /opt/outrider /opt/outrider
# Ports are fixed, so that the health check of a container knows where to ask. Each container has
# addresses of its own, and what is published is for compose.yaml or the platform to say.
ENV PATH=/opt/outrider/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OUTRIDER_ENV=production \
    OUTRIDER_LOG_FORMAT=json \
    OUTRIDER_HOME=/tmp/outrider \
    OUTRIDER_INGRESS_HOST=0.0.0.0 \
    OUTRIDER_INGRESS_PORT=8080 \
    OUTRIDER_METRICS_HOST=0.0.0.0 \
    OUTRIDER_METRICS_PORT=9090
WORKDIR /work
USER 10001:10001
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 \
  CMD ["python", "-P", "-m", "scripts.health"]
ENTRYPOINT ["outrider"]
CMD ["--help"]
