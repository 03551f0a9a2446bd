import { readFileSync } from "node:fs";
import { z } from "zod";
import { serveChecks } from "@/automate/serve-checks";
import { trust } from "@/e2e/fakes/trust";

/** The file that says which loopback port stands in for which "host:port", written in by the bundler. */
declare const ROUTES_FILE: string;

const world = z.object({ routes: z.record(z.string(), z.number()), authorities: z.array(z.string()) });

/* The worker as it is shipped, in a world where some services run on this machine. */
trust(read().authorities);
serveChecks(() => {
  const { routes, authorities } = read();
  trust(authorities);
  return { route: (host, port) => routes[`${host}:${port}`] };
});

function read(): z.infer<typeof world> {
  try {
    return world.parse(JSON.parse(readFileSync(ROUTES_FILE, "utf8")));
  } catch {
    return { routes: {}, authorities: [] };
  }
}
