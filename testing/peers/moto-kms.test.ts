import { join } from "node:path";
import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "@/launcher/embedded-postgres.mjs";
import { openAwsKey } from "@/lib/kms/providers/aws";
import type { KeyService, Situation } from "@/testing/key-services/key-service";
import { testPromises } from "@/testing/key-services/promises";
import { pythonEnvironment } from "@/testing/peers/python-environment";
import { runProgram, type StartedServer, startServer } from "@/testing/peers/real-server";

type Key = { id: string; secret: string };
/** The requests of `moto_kms_seed.py`. After them, moto verifies signatures and policies. */
const seedRequests = 11;
let server: StartedServer;
let endpoint: string;
let made: { arns: [string, string]; automate: Key; nobody: Key; operator: Key };

beforeAll(async () => {
  const bin = await pythonEnvironment("moto");
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  server = await startServer(join(bin, "moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
    port,
    install: "",
    env: { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: String(seedRequests) },
  });
  const seed = [join(import.meta.dirname, "moto_kms_seed.py"), endpoint];
  made = JSON.parse((await runProgram(join(bin, "python"), seed, "")).stdout);
}, 300_000);

afterAll(() => server?.stop());

function signInAs({ id, secret }: Key) {
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", id);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", secret);
}

/** moto's KMS, with a user of the least rights. */
async function startMoto(): Promise<KeyService> {
  const { arns, automate, operator } = made;
  const credentials = { accessKeyId: operator.id, secretAccessKey: operator.secret };
  const admin = new KMSClient({ region: "eu-central-1", endpoint, credentials });
  signInAs(automate);
  // Unlike AWS, moto takes no ARN here.
  const key = { KeyId: arns[0].split("/")[1] };
  let before: Situation = "works";
  return {
    open: () => openAwsKey({ keyId: arns[0] }),
    openOther: () => openAwsKey({ keyId: arns[1] }),
    async be(situation) {
      if (before === "scheduled for deletion") await admin.send(new CancelKeyDeletionCommand(key));
      if (before !== "works") await admin.send(new EnableKeyCommand(key));
      if (situation === "disabled") await admin.send(new DisableKeyCommand(key));
      if (situation === "scheduled for deletion") await admin.send(new ScheduleKeyDeletionCommand(key));
      before = situation;
    },
    requests: () => 0,
    close: async () => admin.destroy(),
  };
}

describe("moto's KMS", () => {
  testPromises({
    provider: "aws",
    start: startMoto,
    bindsContext: true,
    // Unlike AWS, moto uses keys that are disabled, and denies what another key encrypted.
    anotherKey: "denied",
    outcomes: [
      ["disabled", "-", "-", "disabled"],
      ["scheduled for deletion", "-", "-", "disabled"],
    ],
  });

  test("a user without rights, a wrong secret, an unknown user and a missing key are told apart", async () => {
    const { arns, automate, nobody } = made;
    const state = async (credentials: Key, keyId: string) => {
      signInAs(credentials);
      const master = await openAwsKey({ keyId });
      return (await master.describe()).state;
    };
    const missing = arns[0].replace(/[^/]+$/, "00000000-0000-4000-8000-000000000000");
    expect(await state(nobody, arns[0])).toBe("denied");
    expect(await state({ ...automate, secret: "canary" }, arns[0])).toBe("denied");
    expect(await state({ id: "AKIANOBODYNOBODYNOBO", secret: "canary" }, arns[0])).toBe("denied");
    expect(await state(made.operator, missing)).toBe("missing");
    vi.unstubAllEnvs();
  });
});
