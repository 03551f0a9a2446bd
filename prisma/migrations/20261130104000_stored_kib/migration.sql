-- AlterTable
ALTER TABLE "secret_version" ADD COLUMN     "storedKib" INTEGER NOT NULL DEFAULT 1;

-- Files are the values that can be larger than 1 KiB. A file is stored as Base64.
UPDATE "secret_version" SET "storedKib" = 1 + (facts->>'sizeBytes')::int / 768 WHERE facts ? 'sizeBytes';
