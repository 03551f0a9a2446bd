import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { listen } from "@/testing/servers/listening";

/**
 * A workload issuer on loopback: its OpenID Connect Discovery document, its keys, and tokens that they sign.
 */
export async function startWorkloadIssuer() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const isKeys = request.url === "/keys";
    response.end(JSON.stringify(isKeys ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  const { port, close } = await listen(server);
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    close,
    /** A token for this workload, valid for ten minutes. */
    sign: ({ subject, audience }: { subject: string; audience: string }) =>
      new SignJWT({})
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime("10m")
        .sign(privateKey),
  };
}
