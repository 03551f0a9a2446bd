import "@/lib/protect-process";
import { programVersion } from "@/lib/program-version";
import { ownerOptions } from "@/prisma/migrate/environment";
import { migrate } from "@/prisma/migrate/migration";
import { MigrationRefused } from "@/prisma/migrate/migration-refused";

try {
  const { applied, ahead } = await migrate({ ...ownerOptions(), log: console.log });
  if (ahead)
    console.log(
      `The database was migrated by ${ahead}. This is version ${programVersion}. Nothing was changed.`,
    );
  else console.log(applied.length === 0 ? "The database is up to date." : `Applied ${applied.join(", ")}.`);
} catch (error) {
  console.error(error instanceof MigrationRefused ? error.message : error);
  process.exitCode = 1;
}
