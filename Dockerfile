# One bot, one account, one session folder: docs/operating.md.
# Debian rather than Alpine: sharp's build for glibc is the one most people run.
FROM node:22-slim AS build
WORKDIR /app
# Not .npmrc: it asks for the development packages, which are pruned below.
COPY package.json package-lock.json ./
# No install script is needed: sharp brings its library as a package.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools/build.mjs tools/bundle.mjs ./tools/
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-slim
# Colours and npm's update notice belong to terminals.
ENV NODE_ENV=production NO_COLOR=1 SESSION_PATH=/app/sessions
WORKDIR /app
# A fresh named volume takes its owner from this folder. 1000 is `node` in the image, by number so that
# Kubernetes can see that it is not root.
RUN install -d -m 0700 -o 1000 -g 1000 sessions
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY deploy/healthcheck.mjs deploy/hold.sh ./deploy/
USER 1000:1000
VOLUME ["/app/sessions"]
STOPSIGNAL SIGTERM
# It looks at the age of a file that the bot renews, and asks over HTTP only if that file is old.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
# No shell and no npm in between: the bot itself gets the signals.
CMD ["node", "dist/main.js"]
