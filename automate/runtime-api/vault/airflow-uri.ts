import { parseJdbcUrl } from "@/lib/connectors/kinds/databricks";
import { smtpProtocol } from "@/lib/connectors/kinds/smtp";
import type { ConnectorKind } from "@/lib/connectors/registry";
import { type SubKind, secretKinds } from "@/lib/secrets/kinds/registry";

/** A connection with its secrets filled in, as a driver needs it. */
type Filled = {
  kind: string;
  properties: Record<string, unknown>;
  /** The type of secret behind each field that references one. */
  secrets: Record<string, { subKind: SubKind }>;
};

/** The parts of an Airflow connection. Its `extra` are settings that the hook of its type knows. */
type AirflowConnection = {
  type: string;
  host?: unknown;
  port?: unknown;
  login?: unknown;
  password?: unknown;
  schema?: unknown;
  extra?: Record<string, unknown>;
};

const database = (type: string) => (p: Record<string, unknown>) => ({
  type,
  host: p.server,
  port: p.port,
  login: p.username,
  password: p.password,
  schema: p.database,
});

type Shape = (p: Record<string, unknown>, filled: Filled) => AirflowConnection | undefined;

/** A shape for a hook that takes no TLS mode, and so would ignore the one of the allowed destination. */
const withoutTls =
  (shape: Shape): Shape =>
  (p, filled) =>
    p.tlsMode === "disable" ? shape(p, filled) : undefined;

/**
 * The kinds whose properties Airflow's own hook takes. Undefined where the hook would drop the TLS mode or the
 * host key: it would send the password to anyone who answers at this address.
 */
const shapes: Partial<Record<ConnectorKind, Shape>> = {
  postgres: (p) => ({ ...database("postgres")(p), extra: { sslmode: p.tlsMode ?? "verify-full" } }),
  redshift: withoutTls(database("redshift")),
  mysql: withoutTls(database("mysql")),
  mssql: withoutTls(database("mssql")),
  synapse: withoutTls(database("mssql")),
  oracle: withoutTls((p) => ({
    ...database("oracle")(p),
    schema: undefined,
    extra: { service_name: p.database },
  })),
  hana: withoutTls(({ host, port, username: login, password }) => ({
    type: "hana",
    host,
    port,
    login,
    password,
  })),
  mongodb: ({ protocol, host, username: login, password, database: schema, authSource, tlsMode }) => ({
    type: "mongo",
    host,
    login,
    password,
    schema,
    extra: {
      srv: protocol === "mongodb+srv",
      ssl: tlsMode !== "disable",
      allow_insecure: tlsMode === "require",
      authSource,
    },
  }),
  sftp: ({ host, port, username: login, password, privateKey, hostKeyFingerprint }, { secrets }) =>
    hostKeyFingerprint === undefined
      ? {
          type: "sftp",
          host,
          port,
          login,
          password,
          extra: { private_key: textOf(privateKey, secrets.privateKey) },
        }
      : undefined,
  smtp: (p) => {
    const isImplicit = smtpProtocol(Number(p.smtpPort), String(p.encryption ?? "auto")) === "smtps";
    const extra = {
      disable_ssl: !isImplicit,
      disable_tls: p.encryption === "disable",
      ssl_context: "default",
    };
    return {
      type: "smtp",
      host: p.smtpUrl,
      port: p.smtpPort,
      login: p.smtpUsername,
      password: p.smtpPassword,
      extra,
    };
  },
  snowflake: ({
    account,
    username: login,
    password,
    privateKey,
    schema,
    warehouse,
    database: name,
    role,
  }) => ({
    type: "snowflake",
    login,
    password,
    schema,
    extra: { account, warehouse, database: name, role, private_key_content: privateKey },
  }),
  databricks: ({ jdbcUrl, token }) => {
    const address = parseJdbcUrl(String(jdbcUrl));
    const extra = { http_path: address && `/sql/1.0/warehouses/${address.warehouseId}` };
    return {
      type: "databricks",
      host: address?.host,
      port: address?.port,
      login: "token",
      password: token,
      extra,
    };
  },
  s3: ({ accessKeyID: login, secretAccessKey: password, region }) => ({
    type: "aws",
    login,
    password,
    extra: { region_name: region },
  }),
};

/**
 * Returns a connection as Airflow's `conn_uri`. Where no hook takes all that protects its secrets, it has the
 * type `generic`, and all its properties as extra.
 */
export function airflowUri(filled: Filled): string {
  const shape = Object.hasOwn(shapes, filled.kind) ? shapes[filled.kind as ConnectorKind] : undefined;
  const { type, host, port, login, password, schema, extra } = shape?.(filled.properties, filled) ?? {
    type: "generic",
    extra: filled.properties,
  };
  const user = login === undefined ? "" : encoded(login);
  const account = password === undefined ? user : `${user}:${encoded(password)}`;
  const server = host === undefined ? "" : encodedHost(String(host));
  const authority = `${account === "" ? "" : `${account}@`}${server}${port === undefined ? "" : `:${port}`}`;
  const settings = JSON.stringify(extra ?? {});
  const query = settings === "{}" ? "" : `?__extra__=${encoded(settings)}`;
  return `${type}://${authority}/${schema === undefined ? "" : encoded(schema)}${query}`;
}

function encoded(value: unknown): string {
  return encodeURIComponent(String(value));
}

/** An IPv6 address in brackets, and a port that is part of the host as it is. */
function encodedHost(host: string): string {
  return /^[^:[\]]*:[\da-fA-F:.]*:[\da-fA-F:.]*$/.test(host) ? `[${host}]` : host;
}

/** A value as text: a file arrives in its encoding. */
function textOf(value: unknown, source: { subKind: SubKind } | undefined): unknown {
  const kind = source && secretKinds[source.subKind];
  return kind?.shape === "file"
    ? Buffer.from(String(value), kind.fields.value.encoding).toString("utf8")
    : value;
}
