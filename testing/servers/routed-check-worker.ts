import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { trust } from "@/testing/servers/trust";
import { serveCheck } from "@/worker/serve-check";

/** The file that says which loopback port stands in for which "host:port", written in by the bundler. */
declare const ROUTES_FILE: string;

const standIns = z.object({ routes: z.record(z.string(), z.number()), authorities: z.array(z.string()) });

/* The worker as it is shipped, in a world where some services run on this machine. */
let text = "";
let known: z.output<typeof standIns> = { routes: {}, authorities: [] };
look();
serveCheck(() => {
  look();
  return { route: (host, port) => known.routes[`${host}:${port}`] };
});

/** Whoever tests may write another world between two checks. */
function look(): void {
  const found = existsSync(ROUTES_FILE) ? readFileSync(ROUTES_FILE, "utf8") : "";
  if (found === text) return;
  text = found;
  known = standIns.parse(JSON.parse(found));
  trust(known.authorities);
}
