import { afterEach, expect, test, vi } from "vitest";
import { programUsers } from "@/launcher/users.mjs";

const settings = { dev: false, port: 3000, files: [import.meta.filename], dataDir: import.meta.dirname };

afterEach(() => vi.restoreAllMocks());

// e2e/installation.spec.ts tests the separate users under root.
test.each([
  [1000, {}, "because only root can start them as separate users"],
  [0, { dev: true }, "because a development server writes into the checkout"],
])("npm start says that it does not separate users: user %s, %j", (uid, more, why) => {
  vi.spyOn(process, "getuid").mockReturnValue(uid);
  const { users, notice } = programUsers({ ...settings, ...more });
  expect(users).toBeUndefined();
  const [, because, risk] =
    /^Web, automate and check workers share one user of this machine, (.*): (.*)$/.exec(notice ?? "") ?? [];
  expect(because).toBe(why);
  expect(risk).toBe("code that took over one of them could read the keys of the others.");
});
