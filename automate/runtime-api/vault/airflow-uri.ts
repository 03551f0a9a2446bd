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

/** The kinds whose properties Airflow's own hook takes. */
const shapes: Partial<
  Record<ConnectorKind, (p: Record<string, unknown>, filled: Filled) => AirflowConnection>
> = {
  postgres: (p) => ({ ...database("postgres")(p), extra: { sslmode: p.tlsMode } }),
  redshift: database("redshift"),
  mysql: database("mysql"),
  mssql: database("mssql"),
  synapse: database("mssql"),
  oracle: (p) => ({ ...database("oracle")(p), schema: undefined, extra: { service_name: p.database } }),
  hana: ({ host, port, username: login, password }) => ({ type: "hana", host, port, login, password }),
  mongodb: ({ protocol, host, username: login, password, database: schema, authSource, tlsMode }) => ({
    type: "mongo",
    host,
    login,
    password,
    schema,
    extra: { srv: protocol === "mongodb+srv", ssl: tlsMode !== "disable", authSource },
  }),
  sftp: ({ host, port, username: login, password, privateKey }, { secrets }) => ({
    type: "sftp",
    host,
    port,
    login,
    password,
    extra: { private_key: textOf(privateKey, secrets.privateKey) },
  }),
  smtp: (p) => {
    const isImplicit = smtpProtocol(Number(p.smtpPort), String(p.encryption ?? "auto")) === "smtps";
    const extra = { disable_ssl: !isImplicit, disable_tls: p.encryption === "disable" };
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
 * Returns a connection as Airflow's `conn_uri`. A kind without a hook of its own has the type `generic`, and all
 * its properties as extra.
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
