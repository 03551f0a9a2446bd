-- AlterTable
ALTER TABLE "secret_version" ADD COLUMN     "purgedAt" TIMESTAMPTZ(3);
