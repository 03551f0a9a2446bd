import type { PasswordKind } from "@/lib/connectors/password-kinds";
import type { PasswordSetter } from "@/worker/passwords/define";

/** The setter of each kind that has one. Loaded on demand, as checks are. */
export const passwordSetters: Record<PasswordKind, () => Promise<PasswordSetter>> = {
  postgres: async () => (await import("@/worker/passwords/postgres")).setPostgresPassword,
  redshift: async () => (await import("@/worker/passwords/redshift")).setRedshiftPassword,
  mysql: async () => (await import("@/worker/passwords/mysql")).setMysqlPassword,
  mssql: async () => (await import("@/worker/passwords/sql-server")).setMssqlPassword,
  synapse: async () => (await import("@/worker/passwords/sql-server")).setSynapsePassword,
  oracle: async () => (await import("@/worker/passwords/oracle")).setOraclePassword,
  snowflake: async () => (await import("@/worker/passwords/snowflake")).setSnowflakeKey,
};
