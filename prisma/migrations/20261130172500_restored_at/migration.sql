-- AlterTable
ALTER TABLE "schema_info" ADD COLUMN     "restoredAt" TIMESTAMPTZ(3);
