-- What was trusted until now goes on matching as it did; what is trusted from now on matches within parts of a subject.
ALTER TABLE "trusted_issuer" ADD COLUMN "spansParts" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "trusted_issuer" ALTER COLUMN "spansParts" SET DEFAULT false;
ALTER TABLE "trusted_issuer" ADD COLUMN "keys" JSONB;
