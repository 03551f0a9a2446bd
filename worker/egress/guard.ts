import childProcess from "node:child_process";
import dgram from "node:dgram";
import dns, { type LookupAddress, type SrvRecord } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import tls from "node:tls";
import workerThreads from "node:worker_threads";
import type { CheckCode, CheckStep } from "@/lib/connectors/check-protocol";
import { canonicalHost, type Destination } from "@/lib/connectors/destination";
import { judge } from "@/lib/egress/judge";
import { nameFault, networkFault, tlsFault } from "@/worker/egress/socket-faults";

export type Resolver = (host: string) => Promise<LookupAddress[]>;

/** What went wrong below the driver, seen at the socket: drivers wrap such errors in words of their own. */
export type SocketFailure = {
  /** Where it is not the step under way. */
  step?: CheckStep;
  code: CheckCode;
  destination: Destination | null;
};

export type GuardOptions = {
  readonly destinations: readonly Destination[];
  readonly egressAllow: readonly string[];
  /** `connected`: a handshake of TLS or SSH comes next; `open`: the way to sign in is clear. */
  readonly onProgress: (reached: "resolved" | "connected" | "open") => void;
  readonly onFailure: (failure: SocketFailure) => void;
  /** Looks names up; another one only in tests. */
  readonly resolve?: Resolver;
  /** Looks SRV records up; another one only in tests. */
  readonly resolveSrv?: (name: string) => Promise<SrvRecord[]>;
  /** The loopback port that stands in for a place of the wide world; only in tests. */
  readonly route?: (host: string, port: number) => number | undefined;
};

/** No check needs to hear more on one socket; a hostile server could fill the memory otherwise. */
const maxReceivedBytes = 8 * 1024 * 1024;

type Dial = {
  destination: Destination;
  judged: Set<string>;
  connected: boolean;
  secured: boolean;
  guard: GuardOptions;
};

const lookUp = dns.promises.lookup;
const lookUpService = dns.promises.resolveSrv;
const systemResolver: Resolver = (host) => lookUp(host, { all: true, verbatim: true });

let isHooked = false;
/** What holds now; a socket keeps what held when it was dialled. */
let current: GuardOptions;

/**
 * Guards this whole process, before any driver is loaded and for good: a socket can be connected only to a destination
 * of its check, at an address that was looked up once and judged; every other way out is shut. Each call replaces the
 * destinations. Nor is a TLS session resumed: each handshake shows the certificate.
 *
 * It hooks `Socket.prototype.connect`, where every TCP and TLS client in Node.js comes through, and keeps the host, so
 * that the certificate is still compared with the name. This holds against what a driver does when settings or servers
 * are hostile; it is no sandbox for hostile code.
 */
export function installEgressGuard(options: GuardOptions): void {
  current = options;
  if (!isHooked) hookSockets();
  isHooked = true;
}

/**
 * The members of this check's service, by its SRV record under `name`: from now on they may be dialled too, each judged as
 * any other. As the specification of mongodb+srv demands, a member outside of the service's own domain is refused, and
 * with it the service.
 */
export async function admitMembers(name: string): Promise<[Destination, ...Destination[]]> {
  const guard = current;
  const service = guard.destinations.find(({ srv }) => srv);
  if (service === undefined) throw refusal();
  const host = canonicalHost(service.host) ?? "";
  const domain = host.split(".").slice(1).join(".");
  const records = await (guard.resolveSrv ?? lookUpService)(`${name}.${host}`);
  const [first, ...others] = records.map((record) => ({
    ...service,
    host: canonicalHost(record.name) ?? "",
    port: record.port,
  }));
  const isOwn = ({ host: member }: Destination) => member.endsWith(`.${domain}`) && net.isIP(member) === 0;
  if (!domain.includes(".") || first === undefined || ![first, ...others].every(isOwn)) {
    guard.onFailure({ step: "name", code: "address_refused", destination: service });
    throw refusal();
  }
  current = { ...guard, destinations: [...guard.destinations, first, ...others] };
  return [first, ...others];
}

function hookSockets(): void {
  const dials = new WeakMap<net.Socket, Dial>();
  const connect = net.Socket.prototype.connect;
  const emit = net.Socket.prototype.emit;
  const loopback: LookupAddress[] = [{ address: "127.0.0.1", family: 4 }];
  shutOtherExits();
  // A resumed handshake shows no certificate, and Node.js does not compare its name again. No session leaves its socket (see
  // also "session" below): clients set one in more ways than they can come by it.
  Reflect.set(tls.TLSSocket.prototype, "getSession", () => undefined);
  Reflect.set(tls.TLSSocket.prototype, "setSession", () => {});

  net.Socket.prototype.connect = function guardedConnect(this: net.Socket, ...args: unknown[]) {
    // What held when the socket was dialled holds for it to its end.
    const guard = current;
    const { target, listener } = readArguments(args);
    const destination = findDestination(guard.destinations, target);
    if (destination === null) {
      guard.onFailure({ step: "network", code: "address_refused", destination: null });
      return this.destroy(refusal());
    }
    // Checks say little at a time: none of it waits for the other side to acknowledge what went before.
    this.setNoDelay(true);
    const dial: Dial = { destination, judged: new Set(), connected: false, secured: false, guard };
    dials.set(this, dial);
    const admit = (addresses: LookupAddress[]) => {
      // One bad address among good ones refuses the name: which one gets dialled must not be left to chance.
      const isRefused = addresses.some(({ address }) => judge(address, guard.egressAllow) === "refused");
      if (isRefused || addresses.length === 0) {
        guard.onFailure({ step: "network", code: "address_refused", destination });
        return false;
      }
      for (const { address } of addresses) dial.judged.add(spelled(address));
      return true;
    };
    const host = canonicalHost(destination.host) ?? destination.host;
    const routed = guard.route?.(host, destination.port);
    const family = net.isIP(host);
    if (family !== 0) {
      guard.onProgress("resolved");
      if (!admit([{ address: host, family }])) return this.destroy(refusal());
    }
    const lookup: net.LookupFunction = (_host, { all }, done) => {
      (routed === undefined ? (guard.resolve ?? systemResolver)(host) : Promise.resolve(loopback)).then(
        (addresses) => {
          guard.onProgress("resolved");
          const [first] = addresses;
          if (!admit(addresses) || first === undefined) done(refusal(), "");
          else if (all) done(null, addresses);
          else done(null, first.address, first.family);
        },
        (error: unknown) => {
          guard.onFailure({ step: "name", code: nameFault(error), destination });
          done(refusal(), "");
        },
      );
    };
    const guarded = {
      ...target,
      host,
      ...(routed !== undefined && { port: routed }),
      lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 2500,
    };
    return Reflect.apply(connect, this, listener === undefined ? [guarded] : [guarded, listener]);
  };

  net.Socket.prototype.emit = function observedEmit(
    this: net.Socket,
    event: string | symbol,
    ...args: unknown[]
  ) {
    const dial = dials.get(this);
    if (event === "session" && this instanceof tls.TLSSocket) return false;
    if (event === "connect" && dial !== undefined) {
      if (this.remoteAddress === undefined) {
        // It hung up before its address could be asked for.
        dial.guard.onFailure({ step: "network", code: "connection_closed", destination: dial.destination });
        return this.destroy(refusal()) !== undefined;
      }
      if (!dial.judged.has(spelled(this.remoteAddress))) return this.destroy(refusal()) !== undefined;
      dial.connected = true;
      dial.guard.onProgress(isToBeSecured(this, dial.destination) ? "connected" : "open");
    } else if (event === "secureConnect") {
      const secured = { ...(dial ?? wrapped(current)), secured: true };
      dials.set(this, secured);
      secured.guard.onProgress("open");
    } else if (event === "error") {
      observeError(this, dial, args[0]);
    }
    return Reflect.apply(emit, this, [event, ...args]);
  } as typeof emit;

  const received = new WeakMap<net.Socket, number>();
  const push = net.Socket.prototype.push;
  net.Socket.prototype.push = function boundedPush(this: net.Socket, chunk: unknown, ...rest: unknown[]) {
    const dial = dials.get(this) ?? (this instanceof tls.TLSSocket ? wrapped(current) : undefined);
    const size = (received.get(this) ?? 0) + (chunk instanceof Uint8Array ? chunk.length : 0);
    received.set(this, size);
    if (dial === undefined || size <= maxReceivedBytes) return Reflect.apply(push, this, [chunk, ...rest]);
    dial.guard.onFailure({ code: "answer_too_large", destination: dial.destination });
    this.destroy(refusal());
    return false;
  } as typeof push;

  function observeError(socket: net.Socket, dial: Dial | undefined, error: unknown) {
    if (isRefusal(error) || dial?.secured) return;
    const isTls = socket instanceof tls.TLSSocket;
    if (isTls && dial?.connected !== false) {
      const { guard, destination } = dial ?? wrapped(current);
      guard.onFailure({ step: "tls", code: tlsFault(error), destination });
    } else if (dial !== undefined && !dial.connected) {
      const code = networkFault(error) ?? "unreachable";
      dial.guard.onFailure({ step: "network", code, destination: dial.destination });
    }
  }
}

/** An address in its one spelling: a mapped one comes back from the socket in another than it went in. */
function spelled(address = ""): string {
  return canonicalHost(address) ?? "";
}

/** Whether a handshake follows before anybody signs in: of TLS, or of SSH with its host key. */
function isToBeSecured(socket: net.Socket, { protocol, tls: mode }: Destination): boolean {
  if (protocol === "sftp" || socket instanceof tls.TLSSocket) return true;
  // A database driver starts TLS later on the same socket; a token endpoint without it is one on this machine.
  return protocol !== "oauth-token" && (mode ?? "disable") !== "disable";
}

/** TLS over a socket that is open already, as of a database driver; such kinds have one destination. */
function wrapped(guard: GuardOptions): Dial {
  const [destination] = guard.destinations;
  if (destination === undefined) throw new Error("A check has at least one destination.");
  return { destination, judged: new Set(), connected: true, secured: false, guard };
}

type Target = { host?: string; port?: number | string; path?: string };

/** The forms that `connect` takes: options, port and host, or what `net.connect` has normalized already. */
function readArguments(args: unknown[]): { target: Target; listener: unknown } {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const listener = (Array.isArray(args[0]) ? args[0] : args).find(
    (arg: unknown) => typeof arg === "function",
  );
  if (typeof first === "object" && first !== null) return { target: first, listener };
  if (typeof first === "string" && !/^\d+$/.test(first)) return { target: { path: first }, listener };
  const target = { port: Number(first), ...(typeof second === "string" && { host: second }) };
  return { target, listener };
}

function findDestination(destinations: readonly Destination[], target: Target): Destination | null {
  if (typeof target.path === "string") return null;
  const host = canonicalHost(target.host ?? "localhost");
  const port = Number(target.port);
  return destinations.find((one) => one.port === port && canonicalHost(one.host) === host) ?? null;
}

const refusalCode = "EGRESS_REFUSED";

function refusal(): NodeJS.ErrnoException {
  return Object.assign(new Error("Refused by the egress guard."), { code: refusalCode });
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === refusalCode;
}

/** Names leave through the one look-up above; nothing is started, listened on or sent by datagram. */
function shutOtherExits() {
  // No arrow function: some of these are called with `new`.
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
