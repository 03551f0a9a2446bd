import { expect, it } from "vitest";
import { rehearseHttp } from "@/automate/checks/rehearsal";
import { installEgressGuard } from "@/automate/egress-guard";

it("goes through with every exit shut, and dials nothing", async () => {
  const failures: unknown[] = [];
  installEgressGuard({
    destinations: [],
    egressAllow: [],
    onProgress: () => {},
    onFailure: (failure) => failures.push(failure),
  });
  await rehearseHttp();
  expect(failures).toEqual([]);
});
