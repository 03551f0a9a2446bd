import dns, { type LookupAddress, type SrvRecord } from "node:dns";
import net from "node:net";
import tls from "node:tls";
import type { CheckCode, CheckStep } from "@/lib/connectors/check-protocol";
import type { Destination } from "@/lib/connectors/destination";
import { canonicalHost } from "@/lib/egress/host";
import { judge } from "@/lib/egress/judge";
import { closeOtherExits } from "@/worker/egress/other-exits";
import { isRefusal, refusal } from "@/worker/egress/refusal";
import { nameFault, networkFault, tlsFault } from "@/worker/egress/socket-faults";

export type Resolver = (host: string) => Promise<LookupAddress[]>;

/** A failure seen at the socket. Drivers wrap such errors in their own. */
export type SocketFailure = {
  /** Set when it is not the current step. */
  step?: CheckStep;
  code: CheckCode;
  destination: Destination | null;
};

export type GuardOptions = {
  readonly destinations: readonly Destination[];
  readonly egressAllow: readonly string[];
  /** `connected`: a TLS or SSH handshake follows. `open`: the sign-in follows. */
  readonly onProgress: (reached: "resolved" | "connected" | "open") => void;
  readonly onFailure: (failure: SocketFailure) => void;
  /** Resolves names. Replaced only in tests. */
  readonly resolve?: Resolver;
  /** Resolves SRV records. Replaced only in tests. */
  readonly resolveSrv?: (name: string) => Promise<SrvRecord[]>;
  /** Returns the loopback port that stands in for an Internet host. Set only in tests. */
  readonly route?: (host: string, port: number) => number | undefined;
};

/** The most bytes that a check reads from one socket. A hostile server could otherwise fill the memory. */
const maxReceivedBytes = 8 * 1024 * 1024;

type Dial = {
  destination: Destination;
  allowedAddresses: Set<string>;
  connected: boolean;
  secured: boolean;
  guard: GuardOptions;
};

const lookUp = dns.promises.lookup;
const lookUpService = dns.promises.resolveSrv;
const systemResolver: Resolver = (host) => lookUp(host, { all: true, verbatim: true });

let isHooked = false;
/** The options for new sockets. A socket keeps the options that applied when it connected. */
let current: GuardOptions;

/**
 * Guards this process permanently. Call it before any driver is loaded.
 *
 * A socket can connect only to a destination of the check, at an address that was looked up once and allowed.
 * All other exits are closed. TLS sessions are never resumed, so that each handshake shows the certificate.
 * Each call replaces the destinations.
 *
 * It hooks `Socket.prototype.connect`, which every TCP and TLS client in Node.js uses. It keeps the host
 * name, so that the certificate is still compared with it.
 *
 * It stops attacks by hostile settings or servers through a driver. It does not confine hostile code.
 */
export function installEgressGuard(options: GuardOptions): void {
  current = options;
  if (!isHooked) hookSockets();
  isHooked = true;
}

/**
 * Looks up the members of this check's service by its SRV record under `name`. Adds them to the destinations;
 * each address is checked as usual.
 *
 * A member outside the service's own domain refuses the whole service, as mongodb+srv specifies: otherwise
 * hostile DNS could send the credentials elsewhere.
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
  closeOtherExits();
  // A resumed handshake shows no certificate, and Node.js would not compare its name again. Clients can set a
  // session in many ways, so no socket hands one out (see also "session" below).
  Reflect.set(tls.TLSSocket.prototype, "getSession", () => undefined);
  Reflect.set(tls.TLSSocket.prototype, "setSession", () => {});

  net.Socket.prototype.connect = function guardedConnect(this: net.Socket, ...args: unknown[]) {
    const guard = current;
    const { target, listener } = readArguments(args);
    const destination = findDestination(guard.destinations, target);
    if (destination === null) {
      guard.onFailure({ step: "network", code: "address_refused", destination: null });
      return this.destroy(refusal());
    }
    // Checks send little data. Without this, a write could wait until the server acknowledges the previous
    // one.
    this.setNoDelay(true);
    const dial: Dial = { destination, allowedAddresses: new Set(), connected: false, secured: false, guard };
    dials.set(this, dial);
    const host = canonicalHost(destination.host) ?? destination.host;
    // Node.js compares a certificate with this name if a driver starts TLS later and gives none. It sets the
    // name itself except for an address, and would then compare with "localhost".
    Reflect.set(this, "_host", host);
    const routed = guard.route?.(host, destination.port);
    const dialledPort = routed ?? destination.port;
    const admit = (addresses: LookupAddress[]) => {
      // If one address is forbidden, the guard refuses the name. Otherwise an attacker's DNS could mix addresses
      // and hope for the forbidden one.
      const isRefused = addresses.some(
        ({ address }) => judge(address, dialledPort, guard.egressAllow) === "refused",
      );
      if (isRefused || addresses.length === 0) {
        guard.onFailure({ step: "network", code: "address_refused", destination });
        return false;
      }
      for (const { address } of addresses) dial.allowedAddresses.add(canonicalAddress(address));
      return true;
    };
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
      port: dialledPort,
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
        // The server disconnected before its address could be read.
        dial.guard.onFailure({ step: "network", code: "connection_closed", destination: dial.destination });
        return this.destroy(refusal()) !== undefined;
      }
      if (!dial.allowedAddresses.has(canonicalAddress(this.remoteAddress))) {
        dial.guard.onFailure({ step: "network", code: "address_refused", destination: dial.destination });
        return this.destroy(refusal()) !== undefined;
      }
      dial.connected = true;
      dial.guard.onProgress(needsHandshake(this, dial.destination) ? "connected" : "open");
    } else if (event === "secureConnect") {
      const secured = { ...(dial ?? dialOfWrappedTls(current)), secured: true };
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
    const dial = dials.get(this) ?? (this instanceof tls.TLSSocket ? dialOfWrappedTls(current) : undefined);
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
      const { guard, destination } = dial ?? dialOfWrappedTls(current);
      guard.onFailure({ step: "tls", code: tlsFault(error), destination });
    } else if (dial !== undefined && !dial.connected) {
      const code = networkFault(error) ?? "unreachable";
      dial.guard.onFailure({ step: "network", code, destination: dial.destination });
    }
  }
}

/**
 * Returns the canonical form of an address. A socket reports an IPv4-mapped address in another form than it
 * was given.
 */
function canonicalAddress(address = ""): string {
  return canonicalHost(address) ?? "";
}

/** True when a TLS or SSH handshake comes before the sign-in. */
function needsHandshake(socket: net.Socket, { protocol, tls: mode }: Destination): boolean {
  if (protocol === "sftp" || socket instanceof tls.TLSSocket) return true;
  // A database driver starts TLS later on the same socket. A token endpoint without TLS is on this machine.
  return protocol !== "oauth-token" && (mode ?? "disable") !== "disable";
}

/** Returns the state for TLS over an open socket, as database drivers use it. Such kinds have one destination. */
function dialOfWrappedTls(guard: GuardOptions): Dial {
  const [destination] = guard.destinations;
  if (destination === undefined) throw new Error("A check has at least one destination.");
  return { destination, allowedAddresses: new Set(), connected: true, secured: false, guard };
}

type Target = { host?: string; port?: number | string; path?: string };

/** Parses the arguments of `connect`: options, port and host, or the array that `net.connect` normalizes. */
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
