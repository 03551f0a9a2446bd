import { readFileSync } from "node:fs";
import * as z from "zod";
import { trust } from "@/testing/servers/trust";
import { serveCheck } from "@/worker/serve-check";

/** The file with the loopback port for each "host:port". The bundler inserts its path. */
declare const ROUTES_FILE: string;

const standIns = z.object({ routes: z.record(z.string(), z.number()), authorities: z.array(z.string()) });

/* The production worker, with some services routed to this machine. */
let text = "";
let known: z.output<typeof standIns> = { routes: {}, authorities: [] };
look();
serveCheck(() => {
  look();
  return { route: (host, port) => known.routes[`${host}:${port}`] };
});

/** Reads the routes again, because a test may change them between two checks. */
function look(): void {
  const found = read();
  if (found === text) return;
  text = found;
  known = standIns.parse(found === "" ? { routes: {}, authorities: [] } : JSON.parse(found));
  trust(known.authorities);
}

/** The file's text. Another test may remove the file at any time. */
function read(): string {
  try {
    return readFileSync(ROUTES_FILE, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
