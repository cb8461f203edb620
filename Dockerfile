# Two stages: wheels are built once, then installed without a network into a small image that runs as nobody special.
# Offline: put a ./wheelhouse beside this file (docs/operating.md, "Without a network"); what lies in it is installed as it is.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY . .
RUN if ls wheelhouse/shouwen-*.whl; then cp -r wheelhouse /wheels; else pip wheel --wheel-dir /wheels .; fi

FROM ${PYTHON}
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    SHOUWEN_DATA_DIR=/data SHOUWEN_HOST=0.0.0.0 SHOUWEN_PORT=8000
# Forms as PDF need Pango and a Chinese font, backups pg_dump of the server's release or later (compose.yaml). Without them (an image built
# with no network) forms print from the browser, and `shouwen backup` says what is missing.
RUN (apt-get update && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-wqy-microhei postgresql-client \
 && rm -rf /var/lib/apt/lists/*) || true
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels shouwen \
 && rm -rf /wheels \
 && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin shouwen \
 && install -d -o shouwen -g shouwen -m 700 /data
USER shouwen
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["shouwen"]
CMD ["serve"]
