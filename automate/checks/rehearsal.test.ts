import { expect, it } from "vitest";
import { rehearseDial, rehearseHttp } from "@/automate/checks/rehearsal";
import { installEgressGuard } from "@/automate/egress-guard";

it("goes through with every exit shut, and nothing leaves", async () => {
  const failures: unknown[] = [];
  installEgressGuard({
    destinations: [],
    egressAllow: [],
    onProgress: () => {},
    onFailure: (failure) => failures.push(failure),
  });
  await rehearseHttp();
  expect(failures).toEqual([]);
  await rehearseDial();
  expect(failures).toEqual([{ step: "network", code: "address_refused", destination: null }]);
});
