import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check before it has a trusted channel to the server. */
export const reachingTexts = {
  name_not_found: {
    title: "No server has this name.",
    advice:
      "Verify the spelling. A name inside your company’s network may need its full form, with the domain.",
  },
  name_unavailable: {
    title: "The name lookup failed.",
    advice: "Try again in a minute. If it keeps failing, your network’s DNS has a problem.",
  },
  address_refused: {
    title: "Checks may not connect to this address.",
    advice: "Use a public address, or ask an operator of Selvage to allow this network.",
  },
  connection_refused: {
    title: "The server refused the connection on this port.",
    advice: "Verify the port, and that the service is running.",
  },
  unreachable: {
    title: "Selvage cannot reach the server.",
    advice: "Verify the address, and whether a firewall must allow Selvage.",
  },
  connection_closed: {
    title: "The server closed the connection before it answered.",
    advice: "Verify the port, and whether the server accepts connections only from certain addresses.",
  },
  timed_out: {
    title: "The server did not answer in time.",
    advice: "Verify the host and port. A firewall may be dropping the connection.",
  },
  tls_not_offered: {
    title: "The server does not offer an encrypted connection.",
    advice: "Enable encryption on the server, or choose No encryption if you accept the risk.",
  },
  tls_untrusted: {
    title: "No trusted authority signed the server’s certificate.",
    advice: "If your company has its own certificate authority, choose its certificate under CA certificate.",
  },
  tls_expired: {
    title: "The server’s certificate has expired.",
    advice: "Ask the server’s administrator to renew it.",
  },
  tls_not_yet_valid: {
    title: "The server’s certificate is not valid yet.",
    advice: "Ask the server’s administrator to check the certificate’s dates and the server’s clock.",
  },
  tls_wrong_name: {
    title: "The server’s certificate is for another name.",
    advice: "Use a name that the certificate covers.",
  },
  tls_too_old: {
    title: "The server supports only outdated TLS versions.",
    advice: "Ask the server’s administrator to enable TLS 1.2 or newer.",
  },
  tls_failed: {
    title: "The TLS handshake failed.",
    advice: "Verify that this port uses TLS, and verify the server’s TLS settings.",
  },
  ca_certificate_invalid: {
    title: "The chosen CA certificate cannot be read.",
    advice: "Choose a secret that holds a certificate in PEM or DER format, or up to 300 in PEM.",
  },
  client_certificate_required: {
    title: "The server requires a client certificate that it knows.",
    advice: "Choose the client certificate and key that the server’s administrator gave you.",
  },
  client_certificate_invalid: {
    title: "The client certificate and its key cannot be used together.",
    advice: "Choose a certificate and its own key, both in PEM format without a passphrase.",
  },
  host_key_unknown: {
    title: "The server’s host key is not confirmed yet.",
    advice:
      "Compare the fingerprint with the one from the server’s administrator, then confirm it. Selvage sent nothing.",
  },
  host_key_changed: {
    title: "The server’s host key differs from the confirmed one.",
    advice: "Ask the server’s administrator whether it was replaced. Selvage sent nothing.",
  },
  ssh_too_old: {
    // A server that allows only new post-quantum key exchanges fails in the same way as an outdated one.
    title: "The server and Selvage have no SSH algorithm in common.",
    advice:
      "Ask the server’s administrator to allow the key exchange curve25519-sha256, or to update an outdated server.",
  },
  wrong_protocol: {
    title: "Another service answers on this port.",
    advice: "Verify the host and port.",
  },
  redirected: {
    title: "The server redirects to another address.",
    advice: "Selvage sends no secret along a redirect. If the new address is right, enter it.",
  },
  proxy_in_the_way: {
    title: "A proxy between Selvage and the server requires authentication.",
    advice: "Ask your network administrator to let Selvage through.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
