# The bridge as a slim image for every role: built in one stage, run as a user without rights in the next.
# The root file system may be read-only; /data is the only place that is written.
FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && rm -rf dist/test dist/bench && npm prune --omit=dev

FROM node:22-slim
ENV NODE_ENV=production \
    STUDYBRIDGE_DATA_DIR=/data
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 2575 11112 8080
# Every role answers here; a start restores its states first.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STUDYBRIDGE_HTTP_PORT || 8080}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/runtime/cli/main.cjs"]
CMD ["run"]
