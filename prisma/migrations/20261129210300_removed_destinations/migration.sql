-- AlterTable
ALTER TABLE "settled_version" ADD COLUMN     "removedAt" TIMESTAMPTZ(3);
