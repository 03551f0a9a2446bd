import { Client } from "@litehex/node-vault";
import HashiVault from "hashi-vault-js";
import nodeVault from "node-vault";

/** The settings with which a client of Vault signs in. */
export type PeerSettings = {
  /** The address of the dialect, without /v1. */
  address: string;
  token: string;
  fabricId: string;
  mount: string;
  jwt: string;
};

type Answers = Record<string, unknown>;

const secretIds = ["warehouse", "ca", "crm_basic", "crm_oauth"] as const;
const words: Readonly<Record<number, string>> = {
  400: "refused",
  403: "permission denied",
  404: "not found",
};

/** The word for the status of an error, as all peers report it. */
async function errorOf(work: PromiseLike<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    ({ response }: { response?: { statusCode?: number; status?: number } }) =>
      words[response?.statusCode ?? response?.status ?? 0] ?? "another error",
  );
}

/** Runs node-vault, and returns what each operation returned. */
export async function runNodeVault({ address, token, fabricId, mount, jwt }: PeerSettings): Promise<Answers> {
  const client = (as: string) => nodeVault({ endpoint: address, token: as });
  const read = async (as: string, id: string) => (await client(as).read(`${mount}/data/${id}`)).data.data;
  const signedIn = async (login: Promise<{ auth: { client_token: string } }>) =>
    read((await login).auth.client_token, "warehouse");
  const [own, anybody] = [client(token), client("")];
  const { initialized } = await anybody.initialized();
  const byJwt = { role: fabricId, jwt };
  return {
    state: { initialized, sealed: (await anybody.status()).sealed },
    leader: (await anybody.leader()).ha_enabled,
    token: await read(token, "warehouse"),
    approle: await signedIn(anybody.approleLogin({ role_id: fabricId, secret_id: token })),
    jwt: await signedIn(anybody.jwtLogin({ mount_point: "jwt", ...byJwt })),
    kubernetes: await signedIn(anybody.kubernetesLogin({ mount_point: "kubernetes", ...byJwt })),
    types: await Promise.all(secretIds.map((id) => read(token, id))),
    version: (await own.read(`${mount}/data/rotated`, { qs: { version: 2 } })).data.data,
    metadata: (await own.read(`${mount}/metadata/rotated`)).data.current_version,
    list: (await own.list(`${mount}/metadata`)).data.keys,
    folder: (await own.list(`${mount}/metadata/variables`)).data.keys,
    connection: await read(token, "connections/orders"),
    lookup: (await own.tokenLookupSelf()).data.display_name,
    mount: (await own.mounts())[`${mount}/`].options.version,
    missing: await errorOf(own.read(`${mount}/data/none`)),
    "wrong token": await errorOf(client("svp_x").read(`${mount}/data/warehouse`)),
    write: await errorOf(own.write(`${mount}/data/warehouse`, { data: { value: "x" } })),
    "new token": await errorOf(own.tokenCreate()),
  };
}

/** Runs hashi-vault-js, and returns what each operation returned. */
export async function runHashiVaultJs({
  address,
  token,
  fabricId,
  mount,
  jwt,
}: PeerSettings): Promise<Answers> {
  const client = new HashiVault({ baseUrl: `${address}/v1`, timeout: 30_000 });
  const at = (id: string, version?: number, as = token) => client.readKVSecret(as, id, version, mount);
  const read = async (id: string, version?: number, as = token) =>
    ((await at(id, version, as)) as { data: unknown }).data;
  const signedIn = async (login: unknown) =>
    read("warehouse", undefined, ((await login) as { client_token: string }).client_token);
  const of = async (work: unknown) => (await work) as Answers;
  const { initialized, sealed } = await of(client.healthCheck({}));
  const path = `${mount}/data/warehouse`;
  return {
    state: { initialized, sealed },
    token: await read("warehouse"),
    approle: await signedIn(client.loginWithAppRole(fabricId, token)),
    jwt: await signedIn(client.loginWithK8s(fabricId, jwt, "auth/jwt")),
    kubernetes: await signedIn(client.loginWithK8s(fabricId, jwt)),
    types: await Promise.all(secretIds.map((id) => read(id))),
    version: await read("rotated", 2),
    metadata: (await of(client.readKVSecretMeta(token, "rotated", mount))).current_version,
    list: (await of(client.listKVSecrets(token, "", mount))).keys,
    folder: (await of(client.listKVSecrets(token, "variables", mount))).keys,
    connection: await read("connections/orders"),
    lookup: (await of(client.lookupSelfToken(token))).display_name,
    capabilities: (await of(client.sysCapabilitiesSelf(token, [path]))).capabilities,
    missing: await errorOf(at("none")),
    "wrong token": await errorOf(at("warehouse", undefined, "svp_x")),
    write: await errorOf(client.createKVSecret(token, "warehouse", { value: "x" }, mount)),
    "new token": await errorOf(client.createToken(token, {})),
  };
}

/** Runs @litehex/node-vault, and returns what each operation returned. */
export async function runLitehex({ address, token, fabricId, mount, jwt }: PeerSettings): Promise<Answers> {
  const client = (as: string) => new Client({ endpoint: address, token: as });
  const at = (as: string, path: string, version?: number) =>
    client(as).kv2.read({ mountPath: mount, path, ...(version ? { version } : {}) });
  const read = async (as: string, path: string, version?: number) =>
    (await at(as, path, version)).data?.data.data;
  const signedIn = async (path: string, data: object) => {
    const login = await client("none").write({ path, data });
    return read((login.data as { auth: { client_token: string } }).auth.client_token, "warehouse");
  };
  const reported = ({ error }: { error?: Error }) =>
    /permission denied|not found/.exec(error?.message.toLowerCase() ?? "")?.[0] ?? `${error}`;
  const own = client(token);
  const list = async (path: string) => (await own.kv2.list({ mountPath: mount, path })).data?.data.keys;
  const byJwt = { role: fabricId, jwt };
  const written = await own.kv2.write({ mountPath: mount, path: "warehouse", data: { value: "x" } });
  return {
    state: {
      initialized: (await own.initialized()).data?.initialized,
      sealed: (await own.sealStatus()).data?.sealed,
    },
    token: await read(token, "warehouse"),
    approle: await signedIn("auth/approle/login", { role_id: fabricId, secret_id: token }),
    jwt: await signedIn("auth/jwt/login", byJwt),
    kubernetes: await signedIn("auth/kubernetes/login", byJwt),
    types: await Promise.all(secretIds.map((id) => read(token, id))),
    version: await read(token, "rotated", 2),
    metadata: (await own.kv2.readMetadata({ mountPath: mount, path: "rotated" })).data?.data.current_version,
    list: await list(""),
    folder: await list("variables"),
    connection: await read(token, "connections/orders"),
    mount: (await own.kv2.info({ mountPath: mount })).data?.data.options.version,
    missing: reported(await at(token, "none")),
    "wrong token": reported(await at("svp_x", "warehouse")),
    write: reported(written),
  };
}
