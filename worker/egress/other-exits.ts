import childProcess from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import workerThreads from "node:worker_threads";
import { refusal } from "@/worker/egress/refusal";

/** Closes all exits but guarded sockets: DNS queries, child processes, threads, listening sockets and UDP. */
export function closeOtherExits(): void {
  // Not an arrow function: some of these are called with `new`.
  function refuse() {
    throw refusal();
  }
  const names = /^(lookup|resolve|reverse)/;
  for (const target of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const key of Object.getOwnPropertyNames(target).filter((name) => names.test(name)))
      Reflect.set(target, key, refuse);
  }
  for (const key of Object.keys(childProcess)) Reflect.set(childProcess, key, refuse);
  Reflect.set(dgram, "createSocket", refuse);
  Reflect.set(dgram, "Socket", refuse);
  Reflect.set(workerThreads, "Worker", refuse);
  Reflect.set(net.Server.prototype, "listen", refuse);
  syncBuiltinESMExports();
}
