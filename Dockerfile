# One image for every role; the command names the role.
FROM node:22-bookworm-slim AS dashboard
WORKDIR /src/dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci
COPY schemas/openapi.json ../schemas/
COPY dashboard ./
RUN npm run build

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends perl make gcc g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
COPY --from=dashboard /src/dashboard/dist/site dashboard/dist/site
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    RUSTFLAGS=-Cprofile-use=/src/bench/profile/llmobserve.profdata \
    cargo build --profile dist --locked -p llmobserve \
    && install -D target/dist/llmobserve /out/llmobserve

FROM debian:bookworm-slim
# curl is for the health checks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/llmobserve llmobserve \
    # A named volume takes its owner from here.
    && install -d -o llmobserve -g llmobserve /var/lib/llmobserve/proxy
COPY --from=build /out/llmobserve /usr/local/bin/llmobserve
USER llmobserve
WORKDIR /var/lib/llmobserve
EXPOSE 8000 9000
ENTRYPOINT ["llmobserve"]
CMD ["--help"]
