import type { PasswordKind } from "@/lib/connectors/password-kinds";
import type { PasswordSetter } from "@/worker/passwords/define";

/** The setter of each kind that has one. Loaded on demand, as checks are. */
export const passwordSetters: Record<PasswordKind, () => Promise<PasswordSetter>> = {
  postgres: async () => (await import("@/worker/passwords/postgres")).setPostgresPassword,
  mysql: async () => (await import("@/worker/passwords/mysql")).setMysqlPassword,
};
