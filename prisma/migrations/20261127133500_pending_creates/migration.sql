-- AlterTable
ALTER TABLE "idempotent_create" ADD COLUMN "pendingUntil" TIMESTAMPTZ(3);
