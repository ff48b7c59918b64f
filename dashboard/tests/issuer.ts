/** A small OpenID Connect issuer: discovery, keys, authorization code with PKCE. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export const CLIENT_ID = "dashboard";

export async function issuer() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
  const challenges = new Map<string, { challenge: string; nonce: string | null }>();
  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  let url = "";
  const token = (subject: string, more: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const unsigned = `${base64({ alg: "ES256", kid: "1", typ: "JWT" })}.${base64({ iss: url, sub: subject, aud: CLIENT_ID, iat: now, exp: now + 3600, ...more })}`;
    return `${unsigned}.${sign("sha256", Buffer.from(unsigned), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
  };
  const server = createServer(async (request, response) => {
    const at = new URL(request.url ?? "/", url);
    const json = (body: object, status = 200) => response.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" }).end(JSON.stringify(body));
    if (at.pathname === "/.well-known/openid-configuration") {
      json({ issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, jwks_uri: `${url}/jwks`, response_types_supported: ["code"], subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["ES256"] });
    } else if (at.pathname === "/jwks") {
      json({ keys: [jwk] });
    } else if (at.pathname === "/authorize") {
      const code = randomUUID();
      challenges.set(code, { challenge: at.searchParams.get("code_challenge") ?? "", nonce: at.searchParams.get("nonce") });
      const back = new URL(at.searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", at.searchParams.get("state") ?? "");
      response.writeHead(302, { location: back.href }).end();
    } else if (at.pathname === "/token") {
      const form = new URLSearchParams(await body(request));
      const known = challenges.get(form.get("code") ?? "");
      challenges.delete(form.get("code") ?? "");
      const verified = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
      if (!known || known.challenge !== verified) return void json({ error: "invalid_grant" }, 400);
      const nonce = known.nonce ? { nonce: known.nonce } : {};
      // The access token is opaque, as some issuers' are: the dashboard must take the other one.
      json({ access_token: "opaque", token_type: "Bearer", expires_in: 3600, id_token: token("alpha", nonce) });
    } else {
      json({}, 404);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    token,
    url,
    settings: {
      LLMOBSERVE_JWT_JWKS: `${url}/jwks`, LLMOBSERVE_JWT_ISSUER: url, LLMOBSERVE_JWT_AUDIENCE: CLIENT_ID,
      LLMOBSERVE_OIDC_ISSUER: url, LLMOBSERVE_OIDC_CLIENT_ID: CLIENT_ID,
    },
    close: () => new Promise<void>((done) => {
      server.closeAllConnections();
      server.close(() => done());
    }),
  };
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += part;
  return text;
}
