-- AlterTable
-- No program has written a row yet.
ALTER TABLE "account_review" ADD COLUMN "fromEpoch" INTEGER NOT NULL;
