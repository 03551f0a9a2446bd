import type { CheckCode, CheckText } from "@/lib/connectors/check-protocol";

/** Results of a check before it has a trusted channel to the server. */
export const reachingTexts = {
  name_not_found: {
    title: "There is no server with this name.",
    advice:
      "Check the spelling; a name inside your company's network may need the full form, with its domain.",
  },
  name_unavailable: {
    title: "The name could not be looked up right now.",
    advice: "Try again in a minute; if it stays, the network's name service has a problem.",
  },
  address_refused: {
    title: "This address is not one that checks may reach.",
    advice: "Use a public address, or ask an operator of Selvage to allow this network.",
  },
  connection_refused: {
    title: "The server is there, but nothing answers on this port.",
    advice: "Check the port, and that the service is running.",
  },
  unreachable: {
    title: "The server cannot be reached from here.",
    advice: "Check the address, and ask whether a firewall has to let Selvage in.",
  },
  connection_closed: {
    title: "The server closed the connection before it answered.",
    advice: "Check the port, and whether the server accepts connections only from certain addresses.",
  },
  timed_out: {
    title: "There was no answer in time.",
    advice: "Check host and port; silence often means that a firewall drops the connection.",
  },
  tls_not_offered: {
    title: "The server does not offer an encrypted connection.",
    advice: "Have encryption switched on at the server, or choose No encryption if you accept the risk.",
  },
  tls_untrusted: {
    title: "The server's certificate is not signed by an authority that is trusted here.",
    advice: "If your company has its own authority, choose its certificate under CA certificate.",
  },
  tls_expired: {
    title: "The server's certificate has expired.",
    advice: "Ask the server’s administrator to renew it.",
  },
  tls_not_yet_valid: {
    title: "The server's certificate is not valid yet.",
    advice: "Ask the server’s administrator to check the certificate's dates and the clocks.",
  },
  tls_wrong_name: {
    title: "The server's certificate was made for another name.",
    advice: "Use the name that the certificate was made for.",
  },
  tls_too_old: {
    title: "The server speaks only outdated forms of encryption.",
    advice: "Ask the server’s administrator to enable TLS 1.2 or newer.",
  },
  tls_failed: {
    title: "No encrypted connection could be agreed on.",
    advice: "Check that this port is the encrypted one, and how the server's encryption is set up.",
  },
  ca_certificate_invalid: {
    title: "The chosen CA certificate is not a certificate that can be read.",
    advice: "Choose a secret that holds the certificate file in PEM or DER form.",
  },
  client_certificate_required: {
    title: "The server asks for a client certificate that it knows.",
    advice: "Choose the client certificate and its key that the server's operator gave you.",
  },
  client_certificate_invalid: {
    title: "The client certificate and its key cannot be used together.",
    advice: "Choose the two files that belong together, in PEM form and without a passphrase.",
  },
  host_key_unknown: {
    title: "Nobody has confirmed yet that this is the right server.",
    advice:
      "Compare the fingerprint with the one from the server’s administrator, then confirm it; nothing was sent.",
  },
  host_key_changed: {
    title: "The server has another host key than the one that was confirmed.",
    advice: "Ask the server’s administrator whether it was replaced; nothing was sent to it.",
  },
  ssh_too_old: {
    title: "The server speaks only outdated forms of SSH.",
    advice: "Ask the server’s administrator to update it.",
  },
  wrong_protocol: {
    title: "Something else than the expected service answers on this port.",
    advice: "Check host and port.",
  },
  redirected: {
    title: "The server sends us on to another address, and a secret is never sent along.",
    advice: "Enter the address that the server points to, if that is the right one.",
  },
  proxy_in_the_way: {
    title: "A proxy between here and the server asks for a sign-in of its own.",
    advice: "Ask your network's operator to let Selvage through.",
  },
} as const satisfies Partial<Record<CheckCode, CheckText>>;
