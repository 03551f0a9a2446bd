/*
 * Attackers that try to stop web and automate for everybody else. A separate process, so that it does not
 * delay the measured requests. Its argument is a JSON job. When its input ends, also because the test's process
 * ended, it writes the counted answers to its output and exits.
 * Real attackers have their own machines, so this process yields the processor to the programs.
 */
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * @typedef {{ webUrl: string, automateUrl: string, fabricId: string, accessToken: string, pipelineToken: string, otherToken: string,
 *   csrf: { cookie: string, token: string } }} Job
 */
/** @type {Job} */
const job = JSON.parse(process.argv[2] ?? "{}");
setPriority(10);

/** @type {Record<string, Record<string, number>>} */
const answers = {};
/** @param {string} attack @param {string | number} status */
function count(attack, status) {
  answers[attack] ??= {};
  answers[attack][status] = (answers[attack][status] ?? 0) + 1;
}

const secrets = `/api/orchestration/fabric/${job.fabricId}/secret`;
const mount = `/vault/v1/${job.fabricId}`;

repeat(400, () => leaveUnread("unread lists", job.webUrl, secrets, { "x-auth-token": job.accessToken }));
repeat(20, () =>
  get("searches", job.webUrl, `${secrets}?search=${word()}`, { "x-auth-token": job.accessToken }),
);
repeat(150, () =>
  get("Vault lists", job.automateUrl, `${mount}/metadata/?list=true`, { "x-vault-token": job.pipelineToken }),
);
repeat(20, () =>
  leaveUnread("unread Vault lists", job.automateUrl, `${mount}/metadata/?list=true`, {
    "x-vault-token": job.pipelineToken,
  }),
);
repeat(50, () =>
  get("missing names", job.automateUrl, `/v1/secrets/${word()}`, {
    authorization: `Bearer ${job.otherToken}`,
  }),
);
repeat(20, () =>
  get("unknown tokens", job.automateUrl, "/v1/secrets/one", { authorization: `Bearer svp_${word()}` }),
);
repeat(200, () => {
  const form = { csrfToken: job.csrf.token, email: `${word()}@test.example`, password: word(), json: "true" };
  return post("sign-ins", job.webUrl, "/api/auth/callback/password", {
    cookie: job.csrf.cookie,
    body: new URLSearchParams(form).toString(),
  });
});
process.stdin.on("end", () => process.stdout.write(JSON.stringify(answers), () => process.exit(0))).resume();

/** @param {number} attackers @param {() => Promise<void>} attack */
function repeat(attackers, attack) {
  for (let i = 0; i < attackers; i += 1)
    void (async () => {
      for (;;) await attack();
    })();
}

function word() {
  return randomBytes(8).toString("hex");
}

/**
 * Sends a request and reads nothing more than the status line; waits until the server disconnects.
 * @param {string} attack @param {string} base @param {string} path @param {Record<string, string>} headers
 */
async function leaveUnread(attack, base, path, headers) {
  const { hostname, port, host } = new URL(base);
  const socket = connect({ port: Number(port), host: hostname });
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  socket.once("data", (chunk) => {
    const status = chunk.toString("latin1").slice(9, 12);
    count(attack, status);
    socket.pause();
    // A refusal is complete in one packet.
    if (status !== "200") socket.destroy();
  });
  await new Promise((closed) => {
    socket.on("error", () => undefined);
    socket.on("close", closed);
    // A paused socket does not notice that the server left.
    void sleep(60_000).then(() => socket.destroy());
  });
  await sleep(10);
}

/** @param {string} attack @param {string} base @param {string} path @param {Record<string, string>} headers */
function get(attack, base, path, headers) {
  return send(attack, base, path, { method: "GET", headers });
}

/** @param {string} attack @param {string} base @param {string} path @param {{ cookie: string, body: string }} form */
function post(attack, base, path, { cookie, body }) {
  const headers = { cookie, "content-type": "application/x-www-form-urlencoded", origin: base };
  return send(attack, base, path, { method: "POST", headers, body });
}

/**
 * @param {string} attack @param {string} base @param {string} path
 * @param {{ method: string, headers: Record<string, string>, body?: string }} init
 */
async function send(attack, base, path, { method, headers, body }) {
  await new Promise((done) => {
    const sent = request(new URL(path, base), { method, headers }, (response) => {
      count(attack, response.statusCode ?? 0);
      response.on("close", done).resume();
    });
    sent.on("error", (error) => {
      count(attack, /** @type {NodeJS.ErrnoException} */ (error).code ?? "error");
      done(undefined);
    });
    sent.end(body);
  });
  await sleep(10);
}
