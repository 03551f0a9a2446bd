-- AlterTable
ALTER TABLE "connection_check" ADD COLUMN     "versions" JSONB NOT NULL DEFAULT '{}';
